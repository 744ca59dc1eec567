"""Pod templates inside other kinds."""

from eachpod.model.objects import Object

from .defaults import default_pod_spec


def default_template(spec: Object) -> None:
    """Defaults of `template` in the spec of a controller's object."""
    template = spec.get("template")
    if template is None:
        template = spec["template"] = {}
    if template.get("metadata") is None:
        template["metadata"] = {}
    pod = template.get("spec")
    if pod is None:
        pod = template["spec"] = {}
    default_pod_spec(pod)
