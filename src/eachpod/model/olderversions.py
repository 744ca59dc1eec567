"""Versions of kinds that the real server still reads, although it serves them no longer or under another name.

What names one of these is told that it came to the wrong version; of any other version nothing is known at all.
"""

_BETA, _BETAS, _ALPHA_BETA = ("v1beta1",), ("v1beta1", "v1beta2"), ("v1alpha1", "v1beta1")
_EXTENSIONS = "extensions/v1beta1"

# By group: kinds and their versions.
_VERSIONS: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "admissionregistration.k8s.io": ((("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"), _BETA),),
    "apps": (
        (("StatefulSet", "Deployment", "ControllerRevision"), _BETAS),
        (("DaemonSet", "ReplicaSet"), ("v1beta2",)),
    ),
    "authentication.k8s.io": ((("TokenReview",), _BETA), (("SelfSubjectReview",), _ALPHA_BETA)),
    "authorization.k8s.io": (
        (
            (
                "SubjectAccessReview",
                "SelfSubjectAccessReview",
                "LocalSubjectAccessReview",
                "SelfSubjectRulesReview",
            ),
            _BETA,
        ),
    ),
    "autoscaling": ((("HorizontalPodAutoscaler",), ("v1", "v2")),),
    "batch": ((("CronJob",), _BETA),),
    "certificates.k8s.io": ((("CertificateSigningRequest",), _BETA),),
    "coordination.k8s.io": ((("Lease",), _BETA),),
    "discovery.k8s.io": ((("EndpointSlice",), _BETA),),
    "networking.k8s.io": ((("Ingress", "IngressClass", "IPAddress", "ServiceCIDR"), _BETA),),
    "node.k8s.io": ((("RuntimeClass",), _ALPHA_BETA),),
    "policy": ((("PodDisruptionBudget", "Eviction"), _BETA),),
    "rbac.authorization.k8s.io": ((("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), _ALPHA_BETA),),
    "scheduling.k8s.io": ((("PriorityClass",), _BETA),),
    "storage.k8s.io": (
        (("StorageClass", "CSIDriver", "CSINode"), _BETA),
        (("VolumeAttachment", "CSIStorageCapacity", "VolumeAttributesClass"), _ALPHA_BETA),
    ),
}
_ELSEWHERE = {
    "DaemonSet": (_EXTENSIONS,),
    "Deployment": (_EXTENSIONS,),
    "Event": ("v1", "events.k8s.io/v1", "events.k8s.io/v1beta1"),
    "Ingress": (_EXTENSIONS,),
    "NetworkPolicy": (_EXTENSIONS,),
    "ReplicaSet": (_EXTENSIONS,),
}


def still_read(group: str, kind: str, api_version: str) -> bool:
    """Whether an object of a kind in a group may come in this version, if only to be refused."""
    if api_version in _ELSEWHERE.get(kind, ()):
        return True
    return any(
        kind in kinds and api_version in {f"{group}/{version}" for version in versions}
        for kinds, versions in _VERSIONS.get(group, ())
    )
