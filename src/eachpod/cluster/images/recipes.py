"""The images that Eachpod can make by itself, as data: which packages, files and settings go into each.

They stand in for public images where no image registry can be reached, under the public names. What differs from the
originals: glibc instead of musl, and Debian's or Ubuntu's versions of the programs.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eachpod.cluster.sandbox import SANDBOX_IMAGE

from .oci import encode

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# What a container has no use for: documentation, boot scripts, headers, character sets.
UNWANTED_PATHS = re.compile(
    r"usr/share/(doc|man|locale|info|lintian|bash-completion|bug|i18n|apport|debconf)/"
    r"|usr/(lib/systemd|lib/[^/]+/(gconv|krb5)|lib/udev|include)/|etc/(init|init\.d|ufw|logrotate\.d)/"
)
# Packages that others depend on for installing and booting only.
UNWANTED_PACKAGES = frozenset(
    (
        "adduser", "base-files", "coreutils", "debconf", "debianutils", "dpkg", "gcc-12-base", "gcc-13-base",
        "gcc-14-base", "init-system-helpers", "iproute2", "libpam-modules", "libpam-modules-bin", "libpam-runtime",
        "lsb-base", "mawk", "passwd", "perl-base", "sysvinit-utils", "tar", "util-linux-extra",
    )
)  # fmt: skip

_PASSWD = """root:x:0:0:root:/root:/bin/sh
nginx:x:101:101:nginx:/var/cache/nginx:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
"""
_GROUP = """root:x:0:
nginx:x:101:
nogroup:x:65534:
"""

_NGINX_CONF = """user nginx;
worker_processes 1;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;
events {
    worker_connections 1024;
}
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                    '$status $body_bytes_sent "$http_referer" "$http_user_agent"';
    access_log /var/log/nginx/access.log main;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
"""
_NGINX_SITE = """server {
    listen 80;
    listen [::]:80;
    server_name localhost;
    location / {
        root /usr/share/nginx/html;
        index index.html index.htm;
    }
    error_page 500 502 503 504 /50x.html;
    location = /50x.html {
        root /usr/share/nginx/html;
    }
}
"""
# In a namespace with one user, as those without root may be, the server cannot become another.
_NGINX_ENTRYPOINT = """#!/bin/sh
read -r _ _ users < /proc/self/uid_map
if [ "$users" = 1 ]; then
    sed -i 's/^user .*/user root;/' /etc/nginx/nginx.conf
fi
exec "$@"
"""
_PAGE = """<!DOCTYPE html>
<html>
<head>
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<p>{text}</p>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image. `programs` are single files out of packages: (package, path in it, path in the image). A `system` has
    users, busybox with links for all its applets, and whole `packages` with all that they need. `scripts` are programs
    written out."""

    system: bool = True
    packages: tuple[str, ...] = ()
    programs: tuple[tuple[str, str, str], ...] = ()
    folders: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """Changes with everything that this file and the builder put into the image, package versions excepted."""
        parts = {name: getattr(self, name) for name in self.__slots__}
        parts |= {name: dict(parts[name]) for name in ("files", "scripts", "links", "config")}
        return hashlib.sha256(encode({**parts, "common": [BUSYBOX_OPTIONS, BASE_FILES, 1]})).hexdigest()[:16]


BASE_FILES = {
    "etc/passwd": _PASSWD,
    "etc/group": _GROUP,
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
BASE_FOLDERS = (
    "dev", "etc", "home", "mnt", "proc", "root", "run", "sys", "usr/bin", "usr/lib64", "usr/local/bin", "usr/sbin",
    "var",
)  # fmt: skip

# Debian's options for a static busybox, and what is changed so that it behaves as the public busybox:1.28 does:
# nslookup in the short form with the names of the addresses, wget -T (which crashes as Debian sets it), a shell that
# runs the programs of the PATH before its own and that keeps variables whose names it cannot use. tc needs kernel
# headers that are gone.
BUSYBOX_OPTIONS = {
    "FEATURE_NSLOOKUP_BIG": False,
    "FEATURE_WGET_TIMEOUT": True,
    "FEATURE_SH_STANDALONE": False,
    "FEATURE_PREFER_APPLETS": False,
    "FEATURE_DI_ENV_HACK": True,
    "TC": False,
}

_PAUSE = Recipe(
    system=False,
    programs=(("catatonit", "usr/bin/catatonit", "pause"),),
    folders=("dev", "proc", "sys"),
    config={"Entrypoint": ["/pause", "-P"]},
)
_BUSYBOX = Recipe(config={"Cmd": ["sh"]})
_NGINX = Recipe(
    packages=("nginx", "curl", "libc-bin"),
    folders=(
        *(f"var/lib/nginx/{part}" for part in ("body", "proxy", "fastcgi", "uwsgi", "scgi")),
        "var/cache/nginx",
        "etc/nginx/conf.d",
    ),
    files={
        "etc/nginx/nginx.conf": _NGINX_CONF,
        "etc/nginx/conf.d/default.conf": _NGINX_SITE,
        "usr/share/nginx/html/index.html": _PAGE.format(
            title="Welcome to nginx!", text="The web server works; its pages are in /usr/share/nginx/html."
        ),
        "usr/share/nginx/html/50x.html": _PAGE.format(title="Error", text="The page is not available just now."),
    },
    links={"var/log/nginx/access.log": "/dev/stdout", "var/log/nginx/error.log": "/dev/stderr"},
    scripts={"docker-entrypoint.sh": _NGINX_ENTRYPOINT},
    config={
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["nginx", "-g", "daemon off;"],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
    },
)

RECIPES: Mapping[str, Recipe] = {
    SANDBOX_IMAGE: _PAUSE,
    "busybox:1.28": _BUSYBOX,
    "busybox:latest": _BUSYBOX,
    "nginx:alpine": _NGINX,
    "nginx:latest": _NGINX,
}
DEFAULT_NAMES = tuple(RECIPES)
