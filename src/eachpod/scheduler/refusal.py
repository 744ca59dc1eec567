"""Why a node cannot take a pod."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """`reason` in the words that FailedScheduling events count nodes by; `may_help`: whether the node could take the
    pod if other pods left it; `plugin` names the rule, so that only changes that concern it wake the pod again."""

    reason: str
    plugin: str
    may_help: bool = False
