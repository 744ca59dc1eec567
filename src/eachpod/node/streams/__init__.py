"""Streams into containers: exec, attach and port-forward for every form of client."""

from .serve import serve_command, serve_port_forward
from .upgrade import Head, Streams, streams

__all__ = ["Head", "Streams", "serve_command", "serve_port_forward", "streams"]
