"""
CPU seconds of fresh processes, from the start of Python to its exit: help, show, and a check of much.

    python tests/benchmarks/startup_speed.py

Prints the best of five of each and exits with 1 if a bound is missed. `show` reads the demo company,
and a report of 1,000 key results with 66 days each; `check` reads a project of 1,000 key results on
1,000 different metrics of 50 datasets.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES, METRICS, OBJECTIVES, KEY_RESULTS = 10, 1_000, 200, 5
RUNS = 5
ROOT = Path(__file__).parents[2]
OKR = "import sys; from okr_pipeline.cli import main; main(sys.argv[1:])"


def main() -> int:
    """Measure all of them, print, and return 1 if one is over its bound."""
    with tempfile.TemporaryDirectory() as folder:
        demo, big = Path(folder) / "demo", Path(folder) / "big"
        okr("init", str(demo), "--demo")
        okr("-C", str(demo), "sync", "--as-of", "2026-10-05T09:00")
        write_project(big / "okr_config")
        write_report(big / ".okr")
        commands = [
            ("okr --help", 0.15, ["--help"], "sync"),
            ("okr show of the demo", 0.3, ["-C", str(demo), "show"], "key results"),
            ("okr show of 1,000 key results", 0.3, ["-C", str(big), "show"], "of 1000 key results"),
            ("okr check of 1,000 key results", 0.8, ["-C", str(big), "check"], "1000 key results"),
        ]
        return int(sum(missed(*command) for command in commands) > 0)


def write_report(folder: Path) -> None:
    """Write what `okr show` reads: 1,000 key results."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests/builders")]
    from report_builder import many_key_results

    from okr_pipeline.layout import LATEST
    from okr_pipeline.publish.latest import report_to_lines

    folder.mkdir()
    report = report_to_lines(many_key_results(OBJECTIVES * KEY_RESULTS))
    (folder / LATEST).write_text(report, encoding="utf-8")


def missed(what: str, bound: float, command: list[str], says: str) -> bool:
    """Print the best of five runs and return whether it is over *bound*. The output must hold *says*."""
    if says not in okr(*command):
        raise SystemExit(f"{what} did not say {says!r}")
    best = min(cpu_seconds(command) for _ in range(RUNS))
    print(f"{what:<32}{best:.2f} s CPU (bound {bound})")
    return best > bound


def okr(*arguments: str) -> str:
    """Run one command of ours in a process of its own and return what it says, however it ends."""
    command = [sys.executable, "-c", OKR, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def cpu_seconds(arguments: list[str]) -> float:
    """Return user and system time of one fresh process, from start to exit."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    okr(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def write_project(root: Path) -> None:
    """Write a project without problems under *root*: every line differs, as in a real one."""
    settings = "project: big\ntimezone: Europe/Berlin\ncycles:\n  q3: {start: 2026-08-01, end: 2026-10-31}\n"
    files = {"okr.yaml": settings}
    for source in range(SOURCES):
        files[f"sources/s{source}.yaml"] = _source(source)
    for topic in range(20):
        numbers = range(topic, METRICS, 20)
        files[f"metrics/t{topic}.yaml"] = "metrics:\n" + "".join(_metric(number) for number in numbers)
    for number in range(OBJECTIVES):
        path = f"objectives/q3/team_{number // 10}.yaml"
        files[path] = files.get(path, "cycle: q3\nobjectives:\n") + _objective(number)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def _source(number: int) -> str:
    head = "connector: files\nrefresh: hourly\ndatasets:\n"
    columns = (
        "Id: string, Amount: 'decimal(18,2)', Stage: string, CloseDate: date, IsWon: boolean, Seen: timestamp"
    )
    return head + "".join(
        f"  d{i}:\n    path: data/s{number}_d{i}.csv\n    columns: {{{columns}}}\n    key: [Id]\n"
        f"    cursor: Seen\n    overlap: 10m\n    freshness: 6h\n    checks: {{unique: [Id]}}\n"
        for i in range(5)
    )


def _metric(number: int) -> str:
    return (
        f"  m{number}:\n    dataset: s{number % SOURCES}.d{number % 5}\n    value: sum(Amount) + {number}\n"
        f"    where: IsWon IS TRUE AND Stage = 'stage {number}'\n    time: CloseDate\n    unit: USD\n"
    )


def _objective(number: int) -> str:
    above = f"    contributes_to: o{(number - 1) // 10}\n" if number else ""
    head = f"  o{number}:\n    title: Objective {number}\n    owner: o{number}@example.org\n{above}"
    first = number * KEY_RESULTS
    return head + "    key_results:\n" + "".join(_key_result(first + i) for i in range(KEY_RESULTS))


def _key_result(number: int) -> str:
    return (
        f"      k{number}:\n        title: Key result {number}\n        metric: t{number % 20}.m{number}\n"
        f"        indicator: lagging\n        from: {number}\n        to: {number + 1}.5M\n"
        f"        commit: {number + 1}k\n        weight: 2\n"
    )


if __name__ == "__main__":
    sys.exit(main())
