"""In which form an answer is wanted, from the Accept header."""

from dataclasses import dataclass

from eachpod.model.errors import BadRequest

from .requestinfo import Query, text

_FORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


@dataclass(frozen=True, slots=True)
class Form:
    """`shape` is "" for whole objects, else Table or PartialObjectMetadata; `include` is what Table rows carry."""

    shape: str = ""
    include: str = "Metadata"
    yaml: bool = False


PLAIN = Form()


def _clauses(accept: str) -> list[tuple[str, dict[str, str]]]:
    clauses = []
    for clause in accept.split(","):
        media, *parameters = (piece.strip() for piece in clause.split(";"))
        clauses.append((media, dict(p.split("=", 1) for p in parameters if "=" in p)))
    return clauses


def negotiate(accept: str, query: Query) -> Form:
    """The first clause that can be met decides; JSON where none can, since every client reads it."""
    if not accept or accept == "application/json" or ("as=" not in accept and "yaml" not in accept):
        return PLAIN
    for media, parameters in _clauses(accept):
        wanted = parameters.get("as", "")
        if media == "application/json" and wanted in _FORMS and parameters.get("g", "meta.k8s.io") == "meta.k8s.io":
            return Form(wanted.removesuffix("List"), _include(query) if wanted == "Table" else "Metadata")
        if media == "application/json" and not wanted:
            return PLAIN
        if media == "application/yaml" and not wanted:
            return Form(yaml=True)
    return PLAIN


def _include(query: Query) -> str:
    include = text(query, "includeObject") or "Metadata"
    if include not in ("None", "Metadata", "Object"):
        raise BadRequest(f'Invalid includeObject value: "{include}"')
    return include
