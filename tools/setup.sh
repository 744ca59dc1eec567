#!/bin/sh
# Makes the virtual environment from the hashed requirement files. As root on Debian it first installs python3-venv where
# the interpreter lacks it. Usage: setup.sh PYTHON VENV
set -eu
python=$1 venv=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "setup: $python is missing or older than 3.11; name another with: make PYTHON=/path/to/python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing python3-venv"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        echo "setup: $python cannot make virtual environments; install the package python3-venv" >&2
        exit 1
    fi
fi
echo "setup: making $venv"
"$python" -m venv "$venv"
echo "setup: installing the libraries, about a minute"
"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
echo "setup: done; $venv/bin/eachpod is ready"
