"""Counts and durations of requests, and how many are under way at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from eachpod.model import errors

from .requestinfo import RequestInfo

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
_LONG_RUNNING = ("watch", "proxy", "log", "exec", "attach", "portforward")
_READS = ("get", "list")
_BUCKETS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 30, 60)


@dataclass(slots=True)
class Metrics:
    """`reads` and `writes` are how many of them may be under way; more are told to come again in a second."""

    reads: int = 400
    writes: int = 200
    _registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _requests: Counter = field(init=False)
    _durations: Histogram = field(init=False)
    _inflight: Gauge = field(init=False)
    _watches: Gauge = field(init=False)
    _now: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def __post_init__(self) -> None:
        registry = self._registry
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._requests = Counter(
            "apiserver_request", "Requests answered.", ("verb", "resource", "subresource", "code"), registry=registry
        )
        self._durations = Histogram(
            "apiserver_request_duration_seconds",
            "How long answers took.",
            ("verb", "resource"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._inflight = Gauge(
            "apiserver_current_inflight_requests", "Requests under way.", ("request_kind",), registry=registry
        )
        self._watches = Gauge("apiserver_longrunning_requests", "Watches and streams open.", registry=registry)

    def seen(self, info: RequestInfo, code: int, seconds: float) -> None:
        verb = info.verb.upper()
        _counter(self._requests, verb, info.resource, info.subresource, str(code)).inc()
        _histogram(self._durations, verb, info.resource).observe(seconds)

    @contextmanager
    def under_way(self, info: RequestInfo) -> Iterator[None]:
        """TooManyRequests where too many are, already; streams are not limited."""
        if info.verb == "watch" or info.subresource in _LONG_RUNNING:
            with self._watches.track_inprogress():
                yield
            return
        reading = info.verb in _READS
        if self._now[reading] >= (self.reads if reading else self.writes):
            text = "Too many requests, please try again later."
            raise errors.TooManyRequests(text, details={"retryAfterSeconds": 1})
        self._now[reading] += 1
        try:
            yield
        finally:
            self._now[reading] -= 1

    def text(self) -> bytes:
        for reading, kind in ((True, "readOnly"), (False, "mutating")):
            self._inflight.labels(kind).set(self._now[reading])
        return generate_latest(self._registry)


@lru_cache(2048)
def _counter(counter: Counter, *labels: str) -> Counter:
    """Children are kept, since looking them up costs more than counting."""
    return counter.labels(*labels)


@lru_cache(2048)
def _histogram(histogram: Histogram, *labels: str) -> Histogram:
    return histogram.labels(*labels)
