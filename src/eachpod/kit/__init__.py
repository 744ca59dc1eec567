"""Small value types that every part may use: back-off, work queue, identifiers. No I/O, no clock."""
