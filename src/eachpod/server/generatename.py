"""The name that an object gets from its generateName. It is the same wherever it is asked for within one request."""

from eachpod.kit.ids import suffix

from .context import Context

_BASE = 58  # what remains of 63 characters beside the random suffix


def generated_name(prefix: str, context: Context) -> str:
    return prefix[:_BASE] + suffix(context.entropy[16:])
