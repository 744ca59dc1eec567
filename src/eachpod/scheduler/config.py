"""Settings of the scheduler: those of kube-scheduler that mean something here, under the same names, same defaults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchedulerConfig:
    scheduler_name: str = "default-scheduler"
    pod_initial_backoff_seconds: float = 1.0
    pod_max_backoff_seconds: float = 10.0
    # How long a pod may wait for its claims to be bound before another node is looked for.
    bind_timeout_seconds: float = 600.0
