"""Services: which fields hang together, what may change, and the rules of their addresses.

Allocation of addresses and ports itself is the server's; everything here only looks at objects.
"""
