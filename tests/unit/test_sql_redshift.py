"""Redshift's driver and dialect disagree on percent signs: what arrives is what was written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from connectors.sql.faults import Reading
from connectors.sql.session import engine_for, parsed

core = pytest.importorskip("redshift_connector.core", reason="redshift-connector is not installed: NOT tried")


def test_a_percent_sign_in_a_text_stays_one() -> None:
    """`share = '5%'` was sent as `share = '5%%'`, and found no row without a word."""
    url = parsed("redshift://u:p@127.0.0.1:1/db")
    engine = engine_for(url, base=Path(), reading=Reading(9))
    written = "SELECT id % 2, '10%%', a\\:\\:int FROM t WHERE share = '5%' AND at >= :since"
    compiled = str(text(written).compile(dialect=engine.dialect))
    cursor = SimpleNamespace(paramstyle="format")
    for hook in engine.dispatch.before_cursor_execute:
        compiled, _ = hook(None, cursor, compiled, {}, None, False)
    sent, _ = core.convert_paramstyle(cursor.paramstyle, compiled)
    assert "SELECT id % 2, '10%%', a::int FROM t WHERE share = '5%' AND at >= $1" == sent
