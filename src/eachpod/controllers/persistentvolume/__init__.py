"""Ties claims to volumes (the persistentvolume-binder): one write a step, each step decided anew on what is there.

Keys are claims (with a namespace) and volumes (without one). The order of writes is that of the real controller: the
volume is reserved for the claim, then the claim names the volume, then the phases follow. Any of the two may be lost at
any time; a claim that has been bound is never bound to anything else.
"""

from .controller import CONTROLLER as CONTROLLER
