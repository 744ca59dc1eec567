"""The resource model: what an API object is, independent of storage, network and time."""
