"""Label and field selectors of list, watch and deletecollection requests."""

from dataclasses import dataclass

from eachpod.model import objects
from eachpod.model.errors import BadRequest
from eachpod.model.kind import Kind
from eachpod.model.objects import Object

from . import fieldparser, labelparser
from .fieldparser import FieldTerm
from .labelparser import Test


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a collection a request is about. `empty` ones take everything."""

    label_tests: tuple[Test, ...] = ()
    field_terms: tuple[FieldTerm, ...] = ()
    kind: Kind | None = None

    @property
    def empty(self) -> bool:
        return not self.label_tests and not self.field_terms

    def matches(self, obj: Object) -> bool:
        labels = objects.labels(obj)
        if not all(test(labels) for test in self.label_tests):
            return False
        return not self.field_terms or self._fields_match(obj)

    def _fields_match(self, obj: Object) -> bool:
        special: dict[str, str] | None = None
        for term in self.field_terms:
            if term.field == "metadata.name":
                value = objects.name(obj)
            elif term.field == "metadata.namespace":
                value = objects.namespace(obj)
            else:
                if special is None:
                    special = self.kind.fields(obj) if self.kind else {}
                value = special.get(term.field, "")
            if (value == term.value) != term.equal:
                return False
        return True


def select(kind: Kind, labels: str, fields: str) -> Selection:
    """BadRequest for what cannot be parsed and for fields that the kind does not offer."""
    tests = labelparser.parse(labels) if labels else ()
    terms = fieldparser.parse(fields) if fields else ()
    known = {"metadata.name", *kind.field_names}
    if kind.resource.namespaced:
        known.add("metadata.namespace")
    for term in terms:
        if term.field not in known:
            if kind.field_names:
                raise BadRequest(f"field label not supported: {term.field}")
            raise BadRequest(
                f'"{term.field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
            )
    return Selection(tests, terms, kind)
