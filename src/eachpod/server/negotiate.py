"""In which form an answer is wanted, from the Accept header.

The real server asks twice: whether it has any of the media types at all, and then which form of it is meant. It can
also answer in protobuf; whoever reads that reads JSON as well, which is what such clients get here.
"""

from dataclasses import dataclass

from eachpod.model import errors
from eachpod.model.objects import Object

from .requestinfo import Query, text

_JSON, _YAML, _PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
_MEDIA = (_JSON, _YAML, _PROTOBUF)
_STREAMS = tuple(f"{media};stream=watch" for media in (_JSON, _PROTOBUF))
_ANY = "*/*"
_FORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
_GROUP, _VERSIONS = "meta.k8s.io", ("v1", "v1beta1")


@dataclass(frozen=True, slots=True)
class Form:
    """`shape` is "" for whole objects, else Table or PartialObjectMetadata; `include` is what Table rows carry."""

    shape: str = ""
    include: str = "Metadata"
    yaml: bool = False
    version: str = "v1"


PLAIN = Form()


class _NoSuchMedia(errors.NotAcceptable):
    def status(self) -> Object:
        return {**super().status(), "details": {}}


def check(accept: str, *, streams: bool = False) -> None:
    """NotAcceptable where none of the media types is there. `streams`: the endpoint can also be watched."""
    if accept and _JSON not in accept:
        check_media(accept, *_MEDIA, *(_STREAMS if streams else ()))


def check_media(accept: str, *served: str) -> None:
    """NotAcceptable where the header names none of the media types that an endpoint serves."""
    if accept and _ANY not in accept and not any(media in served for media, _ in _clauses(accept)):
        raise _NoSuchMedia(f"406: Not Acceptable\n\nAvailable representations: {', '.join(served)}")


def _clauses(accept: str) -> list[tuple[str, dict[str, str]]]:
    """Media types with their parameters, the most wanted first."""
    clauses = []
    for clause in accept.split(","):
        media, *parameters = (piece.strip() for piece in clause.split(";"))
        clauses.append((media, dict(p.split("=", 1) for p in parameters if "=" in p)))
    return sorted(clauses, key=lambda clause: -_quality(clause[1]))


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 1.0


def negotiate(accept: str, query: Query) -> Form:
    """The first clause that can be met decides; those for protobuf come last."""
    if not accept or accept in (_JSON, _ANY):
        return PLAIN
    clauses = _clauses(accept)
    for media, parameters in sorted(clauses, key=lambda clause: clause[0] == _PROTOBUF):
        form = _form(media, parameters, query)
        if form is not None:
            return form
    raise errors.NotAcceptable(f"only the following media types are accepted: {', '.join(_MEDIA)}")


def _form(media: str, parameters: dict[str, str], query: Query) -> Form | None:
    if media not in (*_MEDIA, _ANY):
        return None
    wanted, yaml = parameters.get("as", ""), media == _YAML
    if not wanted:
        return Form(yaml=True) if yaml else PLAIN
    version = parameters.get("v", "")
    if wanted not in _FORMS or parameters.get("g") != _GROUP or version not in _VERSIONS:
        return None
    include = _include(query) if wanted == "Table" else "Metadata"
    return Form(wanted.removesuffix("List"), include, yaml, version)


def _include(query: Query) -> str:
    include = text(query, "includeObject") or "Metadata"
    if include not in ("None", "Metadata", "Object"):
        raise errors.BadRequest(f'Invalid includeObject value: "{include}"')
    return include


def wants_yaml(accept: str) -> bool:
    """Whether an answer is to be written as YAML. What cannot be given at all is answered in JSON."""
    if _YAML not in accept:
        return False
    try:
        return negotiate(accept, {}).yaml
    except errors.NotAcceptable:
        return False
