"""A Kubernetes API client: requests, caches and informers, over HTTP or in process."""
