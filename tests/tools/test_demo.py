"""However the demo ends, its last line says how, in words."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from eachpod.testing.scene import SceneError

TOOL = Path(__file__).parents[2] / "tools" / "demo.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo_tool", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SceneError("expected two nodes"), 1, "demo: FAILED: expected two nodes"),
        (FileNotFoundError(2, "No such file", "kubectl"), 1, "demo: FAILED: FileNotFoundError: [Errno 2] No such file"),
        (KeyError("podIP"), 1, "demo: FAILED: KeyError: 'podIP'"),
        (KeyboardInterrupt(), 130, "demo: interrupted; its cluster is down again"),
    ],
)
def test_what_went_wrong_is_one_line(
    tool: ModuleType, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, line: str
) -> None:
    def work() -> str:
        raise error

    assert tool.told(work) == code
    assert capsys.readouterr().out.splitlines()[-1].startswith(line)


def test_what_went_well_is_told_too(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.told(lambda: "real containers") == 0
    assert capsys.readouterr().out.rstrip().endswith("with real containers; nothing is left behind")
