"""Cluster DNS: records built from a watch, answers ready made."""
