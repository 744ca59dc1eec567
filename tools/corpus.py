"""Plays recordings of the real Kubernetes against Eachpod, prints a table by area, and lets nothing be lost again.

Usage: corpus.py CORPUS_DIR [--record] [--areas A,B] [--slow]

CORPUS_DIR holds `api` (HTTP exchanges, played against `eachpod server`) and `workloads` (stories of controllers, played
against `eachpod up --runtime simulated --nodes 0`); `--areas` are those of the stories, all without it. What passes is
listed in tests/conformance/passed.txt; a case in it that fails, also when it is played once more by itself, makes the
run fail. `--record` adds what passes now to the list and writes the table into docs/conformance.md.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PASSED = ROOT / "tests" / "conformance" / "passed.txt"
DOCUMENT = ROOT / "docs" / "conformance.md"
EACHPOD = str(Path(sys.executable).parent / "eachpod")
BEGIN, END = "<!-- table: made by `make corpus` -->", "<!-- end of table -->"
TOKENS = 'admintoken,admin,admin-uid,"system:masters"\nusertoken,jane,jane-uid,"devs"\n'
UP = [
    "--runtime", "simulated", "--nodes", "0", "--service-cidr", "10.247.0.0/16,fd00:10:247::/108",
    "--pod-cidr", "10.0.0.0/16,fd00:10::/56", "--node-monitor-grace-period", "20s", "-o", "json",
]  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One case: `level` is "pass", "core" or "FAIL"."""

    corpus: str
    area: str
    case: str
    level: str

    @property
    def key(self) -> str:
        return f"{self.corpus} {self.area}/{self.case}"


def play_api(corpus: Path, work: Path, cases: Iterable[str] = ()) -> list[Result]:
    tokens = work / "tokens.csv"
    tokens.write_text(TOKENS)
    command = [EACHPOD, "server", "--api-port", "0", "--data-dir", str(work / "api"), "--token-auth-file", str(tokens)]
    with (work / "server.log").open("w") as log:
        server = subprocess.Popen([*command, "--anonymous-auth"], stdout=log, stderr=log)
    try:
        url = _served(work / "server.log")
        only = [part for case in cases for part in ("--case", case)]
        player = [sys.executable, str(corpus / "api" / "replay.py"), "--server", url, "-o", "json", *only]
        said = subprocess.run(player, capture_output=True, text=True, timeout=900, check=False).stdout
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    return [Result("api", case["area"], case["name"], "pass" if case["ok"] else "FAIL") for case in _api_cases(said)]


def _api_cases(said: str) -> list[dict[str, object]]:
    found = json.loads(said)
    return found["cases"] if isinstance(found, dict) else found


def _served(log: Path) -> str:
    for _ in range(200):
        text = log.read_text()
        if "https://" in text:
            return "https://" + text.split("https://")[1].split()[0]
        time.sleep(0.1)
    sys.exit(f"the API server did not start: {log.read_text()}")


def story_areas(corpus: Path, asked: str) -> list[str]:
    """The areas of stories asked for, all if none; ends with a sentence where one is not there."""
    there = sorted(path.name for path in (corpus / "workloads" / "open").iterdir() if path.is_dir())
    unknown = sorted(set(filter(None, asked.split(","))) - set(there))
    if unknown:
        sys.exit(f"--areas: {', '.join(unknown)} not there; there are {', '.join(there)}")
    return asked.split(",") if asked else there


def play_workloads(corpus: Path, work: Path, areas: Iterable[str], only: Iterable[str], slow: bool) -> list[Result]:
    data = work / "cluster"
    kubeconfig = work / "kubeconfig"
    name = f"corpus-{os.getpid()}"
    place = ["--data-dir", str(data)]
    up = [EACHPOD, "up", name, *place, "--kubeconfig", str(kubeconfig), *UP]
    settings = json.loads(subprocess.run(up, capture_output=True, text=True, timeout=120, check=True).stdout)
    try:
        result = work / "workloads.json"
        open_ = corpus / "workloads" / "open"
        chosen = [str(open_ / area) for area in areas]
        player = [sys.executable, "-m", "wl", "replay", *chosen, "--kubeconfig", str(kubeconfig)]
        player += ["--dns", f"127.0.0.1:{settings['dns_port']}", "--json", str(result), "--max-diffs", "3"]
        player += [part for case in only for part in ("--only", case)] + ([] if slow else ["--skip-slow"])
        subprocess.run(player, cwd=corpus / "workloads" / "tool", timeout=2400, check=False, stdout=sys.stderr)
        found = json.loads(result.read_text())
    finally:
        subprocess.run([EACHPOD, "down", name, *place], capture_output=True, timeout=120, check=False)
    return [Result("workloads", one["area"], one["id"], _level(one)) for one in found]


def _level(one: dict[str, object]) -> str:
    return "pass" if one["full"] else "core" if one["core"] else "FAIL"


def table(results: list[Result]) -> str:
    lines = ["| corpus | area | cases | pass | core |", "|---|---|---|---|---|"]
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in sorted(results, key=lambda each: (each.corpus, each.area)):
        groups.setdefault((result.corpus, result.area), []).append(result)
    for (corpus, area), group in groups.items():
        passed = sum(each.level == "pass" for each in group)
        core = sum(each.level in ("pass", "core") for each in group)
        lines.append(f"| {corpus} | {area} | {len(group)} | {passed} | {core if corpus == 'workloads' else ''} |")
    passed = sum(each.level == "pass" for each in results)
    lines.append(f"| all | | {len(results)} | {passed} | |")
    return "\n".join(lines)


def regressions(results: list[Result], before: dict[str, str]) -> list[Result]:
    """What once passed, or was core, and is no longer."""
    rank = {"FAIL": 0, "core": 1, "pass": 2}
    return [each for each in results if rank[each.level] < rank.get(before.get(each.key, "FAIL"), 0)]


def read_passed() -> dict[str, str]:
    if not PASSED.exists():
        return {}
    return dict(line.rsplit(" ", 1) for line in PASSED.read_text().splitlines() if line)  # type: ignore[misc]


def record(results: list[Result], before: dict[str, str]) -> None:
    now = before | {each.key: each.level for each in results if each.level != "FAIL"}
    PASSED.parent.mkdir(parents=True, exist_ok=True)
    PASSED.write_text("".join(f"{key} {level}\n" for key, level in sorted(now.items())))
    text = DOCUMENT.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    DOCUMENT.write_text(f"{head}{BEGIN}\n{table(results)}\n{END}{tail}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--areas", default="")
    parser.add_argument("--slow", action="store_true")
    given = parser.parse_args()
    corpus = given.corpus.resolve()
    areas = story_areas(corpus, given.areas)
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        work = Path(folder)
        results = play_api(corpus, work) + play_workloads(corpus, work, areas, (), given.slow)
        before = read_passed()
        lost = regressions(results, before)
        if lost and not given.record:
            print(f"once more, by themselves: {', '.join(each.key for each in lost)}", file=sys.stderr)
            again: list[Result] = []
            if any(each.corpus == "api" for each in lost):
                again += play_api(corpus, work, [each.case for each in lost if each.corpus == "api"])
            stories = [each for each in lost if each.corpus == "workloads"]
            if stories:
                their = sorted({each.area for each in stories})
                again += play_workloads(corpus, work, their, [each.case for each in stories], given.slow)
            keys = {each.key for each in lost}
            lost = regressions([each for each in again if each.key in keys], before)
    print(table(results))
    if given.record:
        record(results, before)
    passed = sum(each.level == "pass" for each in results)
    print(f"corpus: {passed} of {len(results)} pass, {len(lost)} lost against {PASSED.relative_to(ROOT)}")
    for each in lost:
        print(f"lost: {each.key}")
    sys.exit(1 if lost and not given.record else 0)


if __name__ == "__main__":
    main()
