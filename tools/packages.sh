#!/bin/sh
# The system packages that real containers need. As root on Debian they are installed where missing; elsewhere it is said
# what is missing, and the tests that need them skip.
set -eu
PATH=$PATH:/usr/sbin:/sbin
missing=""
command -v containerd >/dev/null || missing="$missing containerd"
command -v runc >/dev/null || missing="$missing runc"
command -v nft >/dev/null || missing="$missing nftables"
command -v ip >/dev/null || missing="$missing iproute2"
command -v slirp4netns >/dev/null || missing="$missing slirp4netns"
command -v newuidmap >/dev/null || missing="$missing uidmap"
[ -e /usr/lib/cni/bridge ] || [ -e /opt/cni/bin/bridge ] || missing="$missing containernetworking-plugins"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "packages: missing$missing; containers need them (apt-get install$missing)"
    exit 0
fi
echo "packages: installing$missing"
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
