"""Labels, annotations, taints and finalizers that several parts have to agree on: their names, each once.

Those of one part alone stand where they are used. The first group is Eachpod's own; the others are Kubernetes'.
"""

# On a Node: where the API server reaches its agent. It has no route into the nodes' network.
AGENT_ENDPOINT = "eachpod.dev/agent-endpoint"
# On a Node whose pods have no containers. Without an endpoint of its agent nothing can be asked of it.
SIMULATED = "eachpod.dev/simulated"
# On a volume: its directory, below this root of the node, is still to be removed.
LOCAL_VOLUME = "eachpod.dev/local-volume"
LOCAL_ROOT = "/var/lib/eachpod/"

# On an EndpointSlice: the Service that it is of.
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"

# On a Node: where it is, and why it should get no pods.
HOSTNAME = "kubernetes.io/hostname"
ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

# On a Pod that a node made by itself.
MIRROR_POD = "kubernetes.io/config.mirror"

# On volumes and claims that are in use, and on the class for claims that name none.
VOLUME_PROTECTION, CLAIM_PROTECTION = "kubernetes.io/pv-protection", "kubernetes.io/pvc-protection"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
BETA_DEFAULT_CLASS = "storageclass.beta.kubernetes.io/is-default-class"
# On a claim, in the place of spec.storageClassName, from before that was there.
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"

# On the bookmark that ends the first state of a watch (KEP-3157).
INITIAL_EVENTS_END = "k8s.io/initial-events-end"
# On what kubectl applied before the server kept count of owners.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
