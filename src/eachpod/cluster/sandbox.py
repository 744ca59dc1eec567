"""The image of the container that holds a pod's namespaces, by the name that containerd asks for.

In a file of its own: the holder must know it, and shall stay as small as it is.
"""

SANDBOX_IMAGE = "registry.k8s.io/pause:3.9"
