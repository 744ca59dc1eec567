"""Eachpod: a Kubernetes-compatible cluster built around headless Services."""

__version__ = "0.1.0"
