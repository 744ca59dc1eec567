"""What the server adds to or refuses in a request after decoding, one plugin per file."""
