"""
Which faults of connectors a test strikes for real, and what came of it: one line a fault, and n of n.

    python tests/fault_register.py [ARGUMENT OF PYTEST ...]

Runs every test that carries the marker `fault`. It fails if a fault has no test, or one that did not
pass. What a fault must come to is told in `builders/connector_faults.py`.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/builders")]

from connector_faults import FAULTS  # noqa: E402


@dataclass
class Register:
    """What became of the marked tests: a pytest plugin that reads the marks off their reports."""

    outcomes: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    connectors: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once: by its call, or by the phase that kept it from being called."""
        if report.when != "call" and report.passed:
            return
        for name, value in report.user_properties:
            if name == "fault":
                number, on = value
                self.outcomes[number][report.outcome] += 1
                self.connectors[number] |= set(on.split())

    def is_shown(self, number: int) -> bool:
        """Return whether *number* has tests, and all of those that ran passed."""
        return set(self.outcomes[number]) - {"skipped"} == {"passed"}

    def line(self, number: int) -> str:
        """Return what is known of one fault."""
        found = self.outcomes[number]
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(found.items()))
        told = f"{counts or 'no test'}  {' '.join(sorted(self.connectors[number]))}"
        mark = "ok  " if self.is_shown(number) else "-   "
        return f"{number:>2} {mark}{FAULTS[number]:<84} {told}"


def main() -> int:
    """Run the marked tests, print the register, and return 1 if one failed or a fault lacks its test."""
    register = Register()
    arguments = ["-q", "-m", "fault", "--no-header", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    code = pytest.main([*arguments, str(ROOT / "tests"), *sys.argv[1:]], plugins=[register])
    for number in FAULTS:
        print(register.line(number))
    shown = [number for number in FAULTS if register.is_shown(number)]
    print(f"{len(shown)} of {len(FAULTS)}")
    return int(code != 0 or len(shown) < len(FAULTS))


if __name__ == "__main__":
    sys.exit(main())
