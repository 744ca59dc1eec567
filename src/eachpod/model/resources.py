"""The built-in kinds' names, addresses and subresources, as discovery shows them.

A table of its own, apart from `model/kinds`, so that a part that only talks to the API (DNS, the node agent) does not
load defaults and validation. A constant's name is the kind in capitals.
"""

from .resource import ALL_VERBS, Resource, Subresource

_GPU = ("get", "patch", "update")
_STATUS = Subresource("status", _GPU)
_SCALE = Subresource("scale", _GPU, kind="Scale", group="autoscaling", version="v1")
_CREATE = ("create",)
_PROXY = ("create", "delete", "get", "patch", "update")


def _in(
    api_version: str,
    kind: str,
    plural: str,
    short: tuple[str, ...] = (),
    *subs: Subresource,
    namespaced: bool = True,
    categories: tuple[str, ...] = (),
    verbs: tuple[str, ...] = ALL_VERBS,
) -> Resource:
    group, _, version = api_version.rpartition("/")
    return Resource(group, version, kind, plural, namespaced, short, categories, verbs, subs)


POD = _in(
    "v1",
    "Pod",
    "pods",
    ("po",),
    _STATUS,
    Subresource("attach", ("create", "get"), kind="PodAttachOptions"),
    Subresource("binding", _CREATE, kind="Binding"),
    Subresource("ephemeralcontainers", _GPU),
    Subresource("eviction", _CREATE, kind="Eviction", group="policy", version="v1"),
    Subresource("exec", ("create", "get"), kind="PodExecOptions"),
    Subresource("log", ("get",)),
    Subresource("portforward", ("create", "get"), kind="PodPortForwardOptions"),
    Subresource("proxy", _PROXY, kind="PodProxyOptions"),
    Subresource("resize", _GPU),
    categories=("all",),
)
SERVICE = _in(
    "v1",
    "Service",
    "services",
    ("svc",),
    _STATUS,
    Subresource("proxy", _PROXY, kind="ServiceProxyOptions"),
    categories=("all",),
)
ENDPOINTS = _in("v1", "Endpoints", "endpoints", ("ep",))
NODE = _in(
    "v1",
    "Node",
    "nodes",
    ("no",),
    _STATUS,
    Subresource("proxy", _PROXY, kind="NodeProxyOptions"),
    namespaced=False,
)
NAMESPACE = _in(
    "v1",
    "Namespace",
    "namespaces",
    ("ns",),
    _STATUS,
    Subresource("finalize", ("update",)),
    namespaced=False,
    verbs=tuple(verb for verb in ALL_VERBS if verb != "deletecollection"),
)
EVENT = _in("v1", "Event", "events", ("ev",))
CONFIGMAP = _in("v1", "ConfigMap", "configmaps", ("cm",))
SECRET = _in("v1", "Secret", "secrets")
SERVICEACCOUNT = _in(
    "v1",
    "ServiceAccount",
    "serviceaccounts",
    ("sa",),
    Subresource("token", _CREATE, kind="TokenRequest", group="authentication.k8s.io", version="v1"),
)
PERSISTENTVOLUME = _in("v1", "PersistentVolume", "persistentvolumes", ("pv",), _STATUS, namespaced=False)
PERSISTENTVOLUMECLAIM = _in("v1", "PersistentVolumeClaim", "persistentvolumeclaims", ("pvc",), _STATUS)
REPLICATIONCONTROLLER = _in(
    "v1", "ReplicationController", "replicationcontrollers", ("rc",), _STATUS, _SCALE, categories=("all",)
)
LIMITRANGE = _in("v1", "LimitRange", "limitranges", ("limits",))
RESOURCEQUOTA = _in("v1", "ResourceQuota", "resourcequotas", ("quota",), _STATUS)
PODTEMPLATE = _in("v1", "PodTemplate", "podtemplates")

STATEFULSET = _in("apps/v1", "StatefulSet", "statefulsets", ("sts",), _STATUS, _SCALE, categories=("all",))
CONTROLLERREVISION = _in("apps/v1", "ControllerRevision", "controllerrevisions")
DEPLOYMENT = _in("apps/v1", "Deployment", "deployments", ("deploy",), _STATUS, _SCALE, categories=("all",))
REPLICASET = _in("apps/v1", "ReplicaSet", "replicasets", ("rs",), _STATUS, _SCALE, categories=("all",))
DAEMONSET = _in("apps/v1", "DaemonSet", "daemonsets", ("ds",), _STATUS, categories=("all",))
JOB = _in("batch/v1", "Job", "jobs", (), _STATUS, categories=("all",))
CRONJOB = _in("batch/v1", "CronJob", "cronjobs", ("cj",), _STATUS, categories=("all",))
HORIZONTALPODAUTOSCALER = _in(
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    ("hpa",),
    _STATUS,
    categories=("all",),
)

ENDPOINTSLICE = _in("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")
LEASE = _in("coordination.k8s.io/v1", "Lease", "leases")
PODDISRUPTIONBUDGET = _in("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", ("pdb",), _STATUS)
STORAGECLASS = _in("storage.k8s.io/v1", "StorageClass", "storageclasses", ("sc",), namespaced=False)
VOLUMEATTACHMENT = _in("storage.k8s.io/v1", "VolumeAttachment", "volumeattachments", (), _STATUS, namespaced=False)
CSINODE = _in("storage.k8s.io/v1", "CSINode", "csinodes", (), _STATUS, namespaced=False)
CSIDRIVER = _in("storage.k8s.io/v1", "CSIDriver", "csidrivers", namespaced=False)
CSISTORAGECAPACITY = _in("storage.k8s.io/v1", "CSIStorageCapacity", "csistoragecapacities")
VOLUMEATTRIBUTESCLASS = _in(
    "storage.k8s.io/v1", "VolumeAttributesClass", "volumeattributesclasses", ("vac",), namespaced=False
)
EVENTS_EVENT = _in("events.k8s.io/v1", "Event", "events", ("ev",))
PRIORITYCLASS = _in("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", ("pc",), namespaced=False)
RUNTIMECLASS = _in("node.k8s.io/v1", "RuntimeClass", "runtimeclasses", namespaced=False)
NETWORKPOLICY = _in("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", ("netpol",))
INGRESS = _in("networking.k8s.io/v1", "Ingress", "ingresses", ("ing",), _STATUS)
INGRESSCLASS = _in("networking.k8s.io/v1", "IngressClass", "ingressclasses", namespaced=False)
SERVICECIDR = _in("networking.k8s.io/v1", "ServiceCIDR", "servicecidrs", (), _STATUS, namespaced=False)
IPADDRESS = _in("networking.k8s.io/v1", "IPAddress", "ipaddresses", ("ip",), namespaced=False)
DEVICECLASS = _in("resource.k8s.io/v1", "DeviceClass", "deviceclasses", namespaced=False)
DEVICETAINTRULE = _in("resource.k8s.io/v1", "DeviceTaintRule", "devicetaintrules", (), _STATUS, namespaced=False)
RESOURCECLAIM = _in("resource.k8s.io/v1", "ResourceClaim", "resourceclaims", (), _STATUS)
RESOURCECLAIMTEMPLATE = _in("resource.k8s.io/v1", "ResourceClaimTemplate", "resourceclaimtemplates")
RESOURCESLICE = _in("resource.k8s.io/v1", "ResourceSlice", "resourceslices", namespaced=False)

VALIDATINGWEBHOOKCONFIGURATION = _in(
    "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    namespaced=False,
    categories=("api-extensions",),
)
MUTATINGWEBHOOKCONFIGURATION = _in(
    "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
    namespaced=False,
    categories=("api-extensions",),
)
CUSTOMRESOURCEDEFINITION = _in(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    ("crd", "crds"),
    _STATUS,
    namespaced=False,
    categories=("api-extensions",),
)
BINDING = _in("v1", "Binding", "bindings", verbs=_CREATE)

ROLE = _in("rbac.authorization.k8s.io/v1", "Role", "roles")
ROLEBINDING = _in("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
CLUSTERROLE = _in("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False)
CLUSTERROLEBINDING = _in("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False)
TOKENREVIEW = _in("authentication.k8s.io/v1", "TokenReview", "tokenreviews", namespaced=False, verbs=_CREATE)
SELFSUBJECTREVIEW = _in(
    "authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews", namespaced=False, verbs=_CREATE
)
SUBJECTACCESSREVIEW = _in(
    "authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews", namespaced=False, verbs=_CREATE
)
LOCALSUBJECTACCESSREVIEW = _in(
    "authorization.k8s.io/v1", "LocalSubjectAccessReview", "localsubjectaccessreviews", verbs=_CREATE
)
SELFSUBJECTACCESSREVIEW = _in(
    "authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False, verbs=_CREATE
)
SELFSUBJECTRULESREVIEW = _in(
    "authorization.k8s.io/v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", namespaced=False, verbs=_CREATE
)
