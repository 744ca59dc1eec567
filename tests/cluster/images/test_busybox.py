"""How busybox' options are set."""

from eachpod.cluster.images.busybox import configure


def test_options_replace_whatever_was_said_about_them() -> None:
    config = "CONFIG_TC=y\nCONFIG_TCPSVD=y\n# CONFIG_WGET_T is not set\nCONFIG_A=y\n"
    changed = configure(config, {"TC": False, "WGET_T": True, "NEW": True})
    assert changed.splitlines() == [
        "CONFIG_TCPSVD=y",
        "CONFIG_A=y",
        "# CONFIG_TC is not set",
        "CONFIG_WGET_T=y",
        "CONFIG_NEW=y",
    ]
