"""What stops a cluster command, as one sentence that says what to do. The command line prints it and exits with 1."""


class ClusterError(Exception):
    """`str()` is the sentence for the user. It names the flag, file or program concerned."""
