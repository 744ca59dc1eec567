"""What tests need more than once: clusters on this machine, upstream programs, what they go through, a simulation."""
