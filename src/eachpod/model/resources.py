"""The built-in kinds' names, addresses and subresources, as discovery shows them.

A table of its own, apart from `model/kinds`, so that a part that only talks to the API (DNS, the node agent) does not
load defaults and validation. A constant's name is the kind in capitals.
"""

from .resource import ALL_VERBS, Resource, Subresource

_GPU = ("get", "patch", "update")
_STATUS = Subresource("status", _GPU)
_SCALE = Subresource("scale", _GPU, kind="Scale", group="autoscaling", version="v1")
_CREATE = ("create",)
_PROXY = Subresource("proxy", ("create", "delete", "get", "patch", "update"))


def _core(
    kind: str,
    plural: str,
    short: tuple[str, ...] = (),
    *subs: Subresource,
    namespaced: bool = True,
    categories: tuple[str, ...] = (),
    verbs: tuple[str, ...] = ALL_VERBS,
) -> Resource:
    return Resource("", "v1", kind, plural, namespaced, short, categories, verbs, subs)


def _in(
    group: str,
    kind: str,
    plural: str,
    short: tuple[str, ...] = (),
    *subs: Subresource,
    namespaced: bool = True,
    categories: tuple[str, ...] = (),
    verbs: tuple[str, ...] = ALL_VERBS,
    version: str = "v1",
) -> Resource:
    return Resource(group, version, kind, plural, namespaced, short, categories, verbs, subs)


POD = _core(
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
    Subresource("proxy", _PROXY.verbs, kind="PodProxyOptions"),
    Subresource("resize", _GPU),
    categories=("all",),
)
SERVICE = _core(
    "Service",
    "services",
    ("svc",),
    _STATUS,
    Subresource("proxy", _PROXY.verbs, kind="ServiceProxyOptions"),
    categories=("all",),
)
ENDPOINTS = _core("Endpoints", "endpoints", ("ep",))
NODE = _core(
    "Node", "nodes", ("no",), _STATUS, Subresource("proxy", _PROXY.verbs, kind="NodeProxyOptions"), namespaced=False
)
NAMESPACE = _core(
    "Namespace",
    "namespaces",
    ("ns",),
    _STATUS,
    Subresource("finalize", ("update",)),
    namespaced=False,
    verbs=tuple(verb for verb in ALL_VERBS if verb != "deletecollection"),
)
EVENT = _core("Event", "events", ("ev",))
CONFIGMAP = _core("ConfigMap", "configmaps", ("cm",))
SECRET = _core("Secret", "secrets")
SERVICEACCOUNT = _core(
    "ServiceAccount",
    "serviceaccounts",
    ("sa",),
    Subresource("token", _CREATE, kind="TokenRequest", group="authentication.k8s.io", version="v1"),
)
PERSISTENTVOLUME = _core("PersistentVolume", "persistentvolumes", ("pv",), _STATUS, namespaced=False)
PERSISTENTVOLUMECLAIM = _core("PersistentVolumeClaim", "persistentvolumeclaims", ("pvc",), _STATUS)
REPLICATIONCONTROLLER = _core(
    "ReplicationController", "replicationcontrollers", ("rc",), _STATUS, _SCALE, categories=("all",)
)
LIMITRANGE = _core("LimitRange", "limitranges", ("limits",))
RESOURCEQUOTA = _core("ResourceQuota", "resourcequotas", ("quota",), _STATUS)
PODTEMPLATE = _core("PodTemplate", "podtemplates")

STATEFULSET = _in("apps", "StatefulSet", "statefulsets", ("sts",), _STATUS, _SCALE, categories=("all",))
CONTROLLERREVISION = _in("apps", "ControllerRevision", "controllerrevisions")
DEPLOYMENT = _in("apps", "Deployment", "deployments", ("deploy",), _STATUS, _SCALE, categories=("all",))
REPLICASET = _in("apps", "ReplicaSet", "replicasets", ("rs",), _STATUS, _SCALE, categories=("all",))
DAEMONSET = _in("apps", "DaemonSet", "daemonsets", ("ds",), _STATUS, categories=("all",))
JOB = _in("batch", "Job", "jobs", (), _STATUS, categories=("all",))
CRONJOB = _in("batch", "CronJob", "cronjobs", ("cj",), _STATUS, categories=("all",))
HORIZONTALPODAUTOSCALER = _in(
    "autoscaling",
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    ("hpa",),
    _STATUS,
    version="v2",
    categories=("all",),
)

ENDPOINTSLICE = _in("discovery.k8s.io", "EndpointSlice", "endpointslices")
LEASE = _in("coordination.k8s.io", "Lease", "leases")
PODDISRUPTIONBUDGET = _in("policy", "PodDisruptionBudget", "poddisruptionbudgets", ("pdb",), _STATUS)
STORAGECLASS = _in("storage.k8s.io", "StorageClass", "storageclasses", ("sc",), namespaced=False)
VOLUMEATTACHMENT = _in("storage.k8s.io", "VolumeAttachment", "volumeattachments", (), _STATUS, namespaced=False)
CSINODE = _in("storage.k8s.io", "CSINode", "csinodes", namespaced=False)
CSIDRIVER = _in("storage.k8s.io", "CSIDriver", "csidrivers", namespaced=False)
CSISTORAGECAPACITY = _in("storage.k8s.io", "CSIStorageCapacity", "csistoragecapacities")
VOLUMEATTRIBUTESCLASS = _in(
    "storage.k8s.io", "VolumeAttributesClass", "volumeattributesclasses", ("vac",), namespaced=False
)
EVENTS_EVENT = _in("events.k8s.io", "Event", "events", ("ev",))
PRIORITYCLASS = _in("scheduling.k8s.io", "PriorityClass", "priorityclasses", ("pc",), namespaced=False)
RUNTIMECLASS = _in("node.k8s.io", "RuntimeClass", "runtimeclasses", namespaced=False)
NETWORKPOLICY = _in("networking.k8s.io", "NetworkPolicy", "networkpolicies", ("netpol",))
INGRESS = _in("networking.k8s.io", "Ingress", "ingresses", ("ing",), _STATUS)
INGRESSCLASS = _in("networking.k8s.io", "IngressClass", "ingressclasses", namespaced=False)
SERVICECIDR = _in("networking.k8s.io", "ServiceCIDR", "servicecidrs", (), _STATUS, namespaced=False)
IPADDRESS = _in("networking.k8s.io", "IPAddress", "ipaddresses", ("ip",), namespaced=False)
DEVICECLASS = _in("resource.k8s.io", "DeviceClass", "deviceclasses", namespaced=False)
DEVICETAINTRULE = _in("resource.k8s.io", "DeviceTaintRule", "devicetaintrules", (), _STATUS, namespaced=False)
RESOURCECLAIM = _in("resource.k8s.io", "ResourceClaim", "resourceclaims", (), _STATUS)
RESOURCECLAIMTEMPLATE = _in("resource.k8s.io", "ResourceClaimTemplate", "resourceclaimtemplates")
RESOURCESLICE = _in("resource.k8s.io", "ResourceSlice", "resourceslices", namespaced=False)

VALIDATINGWEBHOOKCONFIGURATION = _in(
    "admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    namespaced=False,
    categories=("api-extensions",),
)
MUTATINGWEBHOOKCONFIGURATION = _in(
    "admissionregistration.k8s.io",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
    namespaced=False,
    categories=("api-extensions",),
)
CUSTOMRESOURCEDEFINITION = _in(
    "apiextensions.k8s.io",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    ("crd", "crds"),
    _STATUS,
    namespaced=False,
    categories=("api-extensions",),
)
BINDING = _core("Binding", "bindings", verbs=_CREATE)

ROLE = _in("rbac.authorization.k8s.io", "Role", "roles")
ROLEBINDING = _in("rbac.authorization.k8s.io", "RoleBinding", "rolebindings")
CLUSTERROLE = _in("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", namespaced=False)
CLUSTERROLEBINDING = _in("rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", namespaced=False)
TOKENREVIEW = _in("authentication.k8s.io", "TokenReview", "tokenreviews", namespaced=False, verbs=_CREATE)
SELFSUBJECTREVIEW = _in(
    "authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews", namespaced=False, verbs=_CREATE
)
SUBJECTACCESSREVIEW = _in(
    "authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews", namespaced=False, verbs=_CREATE
)
LOCALSUBJECTACCESSREVIEW = _in(
    "authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", verbs=_CREATE
)
SELFSUBJECTACCESSREVIEW = _in(
    "authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False, verbs=_CREATE
)
SELFSUBJECTRULESREVIEW = _in(
    "authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews", namespaced=False, verbs=_CREATE
)
