"""The roles and bindings of a new cluster, which `defaultroles.py` reads."""
