"""Deployments: a ReplicaSet for each template, and the passage from one to the next.

`replicasets` finds and makes them and keeps their annotations, `rollout` decides sizes, `status` counts and tells of
progress, `controller` puts it together.
"""

from .controller import CONTROLLER as CONTROLLER
