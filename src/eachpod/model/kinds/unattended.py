"""Kinds that are kept but that nothing in a cluster of ours acts on, and what to say when one is created.

A row goes when its controller comes. The server alone does not say these things, since somebody else's controllers may
be attached to it.
"""

UNATTENDED = {
    "horizontalpodautoscalers.autoscaling": "no controller scales workloads here yet",
    "ingresses.networking.k8s.io": "no ingress controller is part of this cluster; install one",
    "networkpolicies.networking.k8s.io": "network policies are stored here but not enforced",
    "validatingwebhookconfigurations.admissionregistration.k8s.io": "webhooks are stored here but not called yet",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": "webhooks are stored here but not called yet",
    "volumeattachments.storage.k8s.io": "no attach controller is part of this cluster",
    "resourceclaims.resource.k8s.io": "device claims are stored here but nothing allocates devices",
    "resourceclaimtemplates.resource.k8s.io": "device claims are stored here but nothing allocates devices",
    "daemonsets.apps": "no controller makes pods of DaemonSets here yet",
    "jobs.batch": "no controller makes pods of Jobs here yet",
    "cronjobs.batch": "no controller makes jobs of CronJobs here yet",
    "replicationcontrollers": "no controller makes pods of ReplicationControllers here yet",
}
