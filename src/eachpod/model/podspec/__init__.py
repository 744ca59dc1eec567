"""Pod specs wherever they occur: defaults, validation and what may change later.

Split by idea, because the same rules hold for Pods, for templates and for ephemeral containers.
"""
