"""Turns a runtime's gRPC failures into the contract's faults, in the words that people know from the kubelet."""

from eachpod.node.runtime import NotFoundFault, RuntimeFault

_REASONS = {
    "RunPodSandbox": "CreatePodSandboxError",
    "CreateContainer": "CreateContainerError",
    "StartContainer": "RunContainerError",
    "PullImage": "ErrImagePull",
}
# The two whose message goes into events and status without the outer form of a gRPC error.
_BARE = ("CreateContainer", "StartContainer")
# Reasons that a runtime may put in front of its message (k8s.io/cri-api/pkg/errors).
_PREFIXES = ("RegistryUnavailable", "SignatureValidationFailed")

UNAVAILABLE = "Unavailable"


def code_name(number: int) -> str:
    """A gRPC status code as Go prints it."""
    names = (
        "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists",
        "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented",
        "Internal", "Unavailable", "DataLoss", "Unauthenticated",
    )  # fmt: skip
    return names[number] if 0 <= number < len(names) else f"Code({number})"


def fault(method: str, code: str, details: str) -> RuntimeFault:
    """The fault for a failed call of `method`; `code` as Go names it."""
    reason = _REASONS.get(method, "")
    if method == "PullImage":
        reason = next((prefix for prefix in _PREFIXES if details.startswith(prefix)), reason)
    message = details if method in _BARE else f"rpc error: code = {code} desc = {details}"
    # A missing image or sandbox is what a pull or a start tells about, not that its own object is gone.
    kind = NotFoundFault if code == "NotFound" and not reason else RuntimeFault
    return kind(message, reason)
