"""A node's network: namespaces and links, and Service addresses by nftables."""
