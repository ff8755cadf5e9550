"""
The conformance suite as a pytest plugin: what every connector does alike, whatever it reads.

    # conftest.py
    pytest_plugins = ["connectors.testing"]

    # test_mine.py
    class TestMine(ConnectorConformance):
        @pytest.fixture
        def feed(self, tmp_path): return MyFeed(tmp_path)    # a `Feed`: four members

It is no entry point of pytest: one would rewrite the asserts of this whole distribution in every test run
of whoever has it installed.
"""

from connectors.registry import GROUP, kinds
from connectors.testing.sample import COLUMNS as COLUMNS
from connectors.testing.sample import SAMPLE as SAMPLE
from connectors.testing.sample import TIED_AT as TIED_AT
from connectors.testing.sample import Feed as Feed
from connectors.testing.sample import Row as Row
from connectors.testing.sample import as_table as as_table
from connectors.testing.sample import request as request
from connectors.testing.sample import row as row
from connectors.testing.suite import ConnectorConformance as ConnectorConformance


def pytest_report_header() -> str:
    """Name the kinds that are there, so that a connector that is not installed shows at once."""
    return f"okr connectors: {', '.join(kinds())} (entry points {GROUP})"
