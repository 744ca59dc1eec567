"""Small value types that every part may use: back-off, work queue, ring buffer, identifiers. No I/O, no clock."""
