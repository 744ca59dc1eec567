"""Kinds that need no hooks."""

from eachpod.model import resources
from eachpod.model.kind import Kind

KINDS = tuple(
    Kind(resource)
    for resource in (
        resources.TOKENREVIEW,
        resources.SELFSUBJECTREVIEW,
        resources.SUBJECTACCESSREVIEW,
        resources.LOCALSUBJECTACCESSREVIEW,
        resources.SELFSUBJECTACCESSREVIEW,
        resources.SELFSUBJECTRULESREVIEW,
    )
)
