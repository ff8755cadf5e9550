"""
Prints the CPU seconds that a fresh process takes to check a project of 1,000 key results.

Run as `python tests/benchmarks/check_speed.py [LIMIT]`; exits with 1 when the best of five runs takes
more than LIMIT seconds.
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
CHECK = (
    "import sys; from pathlib import Path; from okr_pipeline.config import check;"
    "checked = check(Path(sys.argv[1])); print(len(list(checked.project.key_results())))"
)


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


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        write_project(Path(folder))
        seconds = min(cpu_seconds(folder) for _ in range(RUNS))
    print(f"check of {OBJECTIVES * KEY_RESULTS} key results: {seconds:.2f} s CPU (best of {RUNS})")
    limit = float(sys.argv[1]) if len(sys.argv) > 1 else None
    return int(limit is not None and seconds > limit)


def cpu_seconds(folder: str) -> float:
    """Return user and system time of one fresh process, from start to exit."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", CHECK, folder]
    counted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if counted.stdout.strip() != str(OBJECTIVES * KEY_RESULTS):
        raise SystemExit("not all key results were checked")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
