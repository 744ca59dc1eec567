"""What goes wrong between a client and the server, and how often.

Not every schedule has every fault: where all of them happen all the time nothing gets far enough for the rare ones
(swarm testing). So each seed draws which faults it has, and how many.
"""

from dataclasses import dataclass, fields
from enum import Enum
from random import Random


@dataclass(frozen=True, slots=True)
class Weather:
    """Probabilities, of one request or of one event of a watch. All zero is fair weather."""

    # The request never arrives, and the client waits until it gives up.
    lost: float = 0.0
    # It took effect, but the answer never comes: the connection breaks, or the client has given up.
    unanswered: float = 0.0
    # Refused before it took effect: too many requests, an error inside.
    refused: float = 0.0
    # An error inside after it took effect.
    failed: float = 0.0
    # Somebody else wrote first.
    conflict: float = 0.0
    # A request that is on its way for seconds.
    late: float = 0.0
    # An event that comes seconds late, and so do all behind it: the cache is stale.
    stalled: float = 0.0
    # An event that comes twice.
    repeated: float = 0.0
    # A watch that begins again with events that were seen before.
    further_back: float = 0.0
    # The watch breaks in front of an event.
    cut: float = 0.0


FAIR = Weather()
_MOST = Weather(
    lost=0.06,
    unanswered=0.15,
    refused=0.15,
    failed=0.1,
    conflict=0.15,
    late=0.1,
    stalled=0.15,
    repeated=0.2,
    further_back=0.8,
    cut=0.1,
)


def draw(chance: Random) -> Weather:
    return Weather(
        **{
            one.name: chance.random() * getattr(_MOST, one.name) if chance.random() < 0.6 else 0.0
            for one in fields(Weather)
        }
    )


class Fate(Enum):
    DONE = "done"
    LOST = "the request was lost"
    UNANSWERED = "the answer was lost"
    REFUSED = "refused"
    FAILED = "failed after it took effect"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Trip:
    """One request: how it ends, and the seconds that it takes there and back."""

    fate: Fate
    there: float
    back: float


def trip(chance: Random, weather: Weather, method: str) -> Trip:
    there, back = chance.expovariate(500.0), chance.expovariate(500.0)
    if weather is FAIR:
        return Trip(Fate.DONE, there, back)
    if chance.random() < weather.late:
        there += chance.uniform(0.0, 10.0)
    return Trip(_fate(chance, weather, method), there, back)


def _fate(chance: Random, weather: Weather, method: str) -> Fate:
    drawn = chance.random()
    for fate, share in (
        (Fate.LOST, weather.lost),
        (Fate.UNANSWERED, weather.unanswered),
        (Fate.REFUSED, weather.refused),
        (Fate.FAILED, weather.failed),
        (Fate.CONFLICT, weather.conflict if method == "PUT" else 0.0),
    ):
        if drawn < share:
            return fate
        drawn -= share
    return Fate.DONE


def lag(chance: Random, weather: Weather) -> float:
    """The seconds by which an event of a watch is late."""
    if chance.random() < weather.stalled:
        return chance.uniform(0.0, 8.0)
    return chance.expovariate(200.0)


class Sky:
    """The weather as it is now; the storm of a schedule is drawn once."""

    def __init__(self, chance: Random) -> None:
        self.storm = draw(chance)
        self.weather = FAIR
