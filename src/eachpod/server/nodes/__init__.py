"""Requests that a node answers: logs, streams into containers, HTTP to pods and Services. Passed on, not understood."""
