"""Kinds that need no hooks."""

from eachpod.model import resources
from eachpod.model.kind import Kind

KINDS = tuple(
    Kind(resource)
    for resource in (
        resources.REPLICATIONCONTROLLER,
        resources.LIMITRANGE,
        resources.RESOURCEQUOTA,
        resources.PODTEMPLATE,
        resources.DEPLOYMENT,
        resources.REPLICASET,
        resources.DAEMONSET,
        resources.JOB,
        resources.CRONJOB,
        resources.HORIZONTALPODAUTOSCALER,
        resources.VOLUMEATTACHMENT,
        resources.CSINODE,
        resources.CSIDRIVER,
        resources.CSISTORAGECAPACITY,
        resources.PRIORITYCLASS,
        resources.RUNTIMECLASS,
        resources.NETWORKPOLICY,
        resources.INGRESS,
        resources.INGRESSCLASS,
        resources.SERVICECIDR,
        resources.IPADDRESS,
        resources.ROLE,
        resources.ROLEBINDING,
        resources.CLUSTERROLE,
        resources.CLUSTERROLEBINDING,
        resources.TOKENREVIEW,
        resources.SELFSUBJECTREVIEW,
        resources.SUBJECTACCESSREVIEW,
        resources.LOCALSUBJECTACCESSREVIEW,
        resources.SELFSUBJECTACCESSREVIEW,
        resources.SELFSUBJECTRULESREVIEW,
    )
)
