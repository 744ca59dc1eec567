"""The node agent: pods as the kubelet runs them."""
