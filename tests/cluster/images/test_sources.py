"""Archives of packages, out of both forms of apt's source files."""

import pytest

from eachpod.cluster.images.sources import Archive, archives, codename

DEB822 = """Types: deb deb-src
# a comment
URIs: http://one.test/debian http://two.test/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: /usr/share/keyrings/k.gpg

Types: deb
URIs: http://three.test/
Suites: nodistro
Components: main

Types: deb
Enabled: no
URIs: http://off.test/
Suites: bookworm
Components: main
"""


def test_deb822_files() -> None:
    found = archives([DEB822], "bookworm")
    assert [(a.uri, a.suite) for a in found] == [
        (f"http://{host}.test/debian", suite) for host in ("one", "two") for suite in ("bookworm", "bookworm-updates")
    ]
    assert found[0].components == ("main",)
    assert found[0].lines()[1] == ("deb-src [signed-by=/usr/share/keyrings/k.gpg] http://one.test/debian bookworm main")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "deb http://a.test/ubuntu noble main restricted universe",
            Archive("http://a.test/ubuntu", "noble", ("main", "universe")),
        ),
        (
            "deb [arch=amd64 signed-by=/k.gpg] http://a.test/ noble main # x",
            Archive("http://a.test/", "noble", ("main",), "/k.gpg"),
        ),
        ("deb http://a.test/ noble multiverse", None),
        ("deb http://a.test/ jammy main", None),
        ("deb-src http://a.test/ noble main", None),
        ("# deb http://a.test/ noble main", None),
        ("", None),
    ],
)
def test_one_line_files(line: str, expected: Archive | None) -> None:
    assert archives([line], "noble") == ((expected,) if expected else ())


def test_an_archive_named_twice_counts_once() -> None:
    assert len(archives(["deb http://a.test noble main"] * 2, "noble")) == 1


def test_codename() -> None:
    assert codename("ID=debian\nVERSION_CODENAME=bookworm\n") == "bookworm"
    assert codename('VERSION_CODENAME="noble"') == "noble"
    assert codename("ID=arch") == ""
