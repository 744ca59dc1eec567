"""Bytes on the wire: envelopes, frames and stubs. Pure encoding and decoding."""
