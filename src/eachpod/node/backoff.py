"""How long a container waits before it starts again, and an image before it is pulled again (the kubelet's figures)."""

INITIAL_SECONDS, LIMIT_SECONDS = 10.0, 300.0


def restart_delay(backoff: float, decided_at: float, finished_at: float) -> tuple[float, float]:
    """(when it may start, the delay that counts for the time after that). The first restart is immediate; a container
    that ran for twice the longest delay begins anew."""
    if not backoff or finished_at - decided_at > 2 * LIMIT_SECONDS:
        return 0.0, INITIAL_SECONDS
    return finished_at + backoff, min(backoff * 2, LIMIT_SECONDS)


def pull_delay(backoff: float) -> float:
    """The wait after a failed pull, given the one before."""
    return min(backoff * 2, LIMIT_SECONDS) if backoff else INITIAL_SECONDS


def retry_delay(failures: int) -> float:
    """After volumes or the sandbox failed: quickly at first, then every ten seconds."""
    return float(min(10.0, 0.5 * 2 ** min(failures - 1, 10))) if failures else 0.0
