"""How an object is changed by a patch document: JSON, merge, strategic merge and apply."""
