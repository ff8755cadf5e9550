"""Hostile and broken YAML: rows A1 to A13 and A41 of the fault list."""

from __future__ import annotations

import tempfile
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.config import render_github, render_json, render_text
from tests.builders.config_project import (
    COMPANY,
    FILES,
    OBJECTIVES,
    SETTINGS,
    SOURCE,
    checked,
    key_result,
    only,
    replaced,
)


def test_a1_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    """A1: a billion laughs end at the first anchor, in well under a second."""
    bomb = "a: &a [x, x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    before = time.process_time()
    found = only(tmp_path, {"metrics/bomb.yaml": bomb})
    assert ("OKR008", 1, True) == (found.code, found.line, time.process_time() - before < 1)


def test_a2_deep_nesting_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A2: fifty thousand brackets end at the 65th."""
    before = time.process_time()
    found = only(tmp_path, {"metrics/deep.yaml": "metrics: " + "[" * 50_000})
    assert "OKR010" == found.code
    assert time.process_time() - before < 0.5


def test_a3_a_file_above_one_megabyte_is_not_read(tmp_path: Path) -> None:
    """A3: 5 MB of configuration are refused by size."""
    assert "OKR003" == only(tmp_path, {"metrics/big.yaml": "# " + "x" * 5_000_000}).code


def test_a4_a_doubled_key_names_both_lines(tmp_path: Path) -> None:
    """A4: of two `to`, none wins silently."""
    found = only(tmp_path, {COMPANY: OBJECTIVES + "        to: 5M\n"})
    assert ("OKR007", 12) == (found.code, found.line)
    assert "`to` is written twice: on line 11 and on line 12" == found.message


def test_a5_python_tags_are_refused(tmp_path: Path) -> None:
    """A5: a tag that would call Python is an error with its line, and nothing is called."""
    found = only(tmp_path, replaced("title: New revenue", "title: !!python/object/apply:os.system ['true']"))
    assert ("OKR009", 7) == (found.code, found.line)


@pytest.mark.parametrize(
    "word", ["010", "1:30", "no", "on", "12:30:45", "2026-08-01", "0x1F", "0o10", "1_000", "+5"]
)
def test_a6_what_yaml_1_1_would_convert_stays_text(tmp_path: Path, word: str) -> None:
    """A6: octal, sexagesimal, yes/no words and dates are the text that stands there."""
    project = checked(tmp_path, replaced("title: New revenue", f"title: {word}")).project
    assert project is not None
    assert word == project.key_result("mid_market.pipeline").title


@pytest.mark.parametrize("word", ["010", "1:30", "no", "on", "12:30:45"])
def test_a6_such_a_word_is_no_target(tmp_path: Path, word: str) -> None:
    """A6: `to: 010` is never the number 8, and `to: no` never False."""
    result = checked(tmp_path, replaced("to: 4M", f"to: {word}"))
    if result.project is None:
        assert ["OKR113"] == [d.code for d in result.diagnostics]
    else:
        assert Decimal(10) == result.project.key_result("mid_market.pipeline").goal.target  # 010


@pytest.mark.parametrize(("written", "code"), [(".inf", "OKR011"), ("-.inf", "OKR011"), (".nan", "OKR011")])
def test_a7_infinity_and_nan_are_no_targets(tmp_path: Path, written: str, code: str) -> None:
    """A7: a number that is none is refused once, at its place."""
    found = only(tmp_path, replaced("to: 4M", f"to: {written}"))
    assert (code, 11) == (found.code, found.line)


def test_a7_an_exponent_is_a_number(tmp_path: Path) -> None:
    """A7: 1e7 is ten million, exactly."""
    project = checked(tmp_path, replaced("to: 4M", "to: 1e7")).project
    assert project is not None
    assert "10000000" == str(project.key_result("mid_market.pipeline").goal.target)


@pytest.mark.parametrize("written", ["1e9999", "1e99", "9" * 39, "0.0000000001"])
def test_a7_numbers_beyond_a_decimal_are_refused(tmp_path: Path, written: str) -> None:
    """A7: what does not fit 29 digits and 9 places is refused, not rounded."""
    assert only(tmp_path, replaced("to: 4M", f"to: {written}")).code in ("OKR012", "OKR113")


def test_a8_a_day_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """A8: 30 February is an error at its line."""
    found = only(tmp_path, replaced("start: 2026-02-01", "start: 2026-02-30", file="okr.yaml"))
    assert ("OKR107", 5, "`2026-02-30` is no day of the calendar") == (found.code, found.line, found.message)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"metrics: {}\n\x00", "OKR004"),
        (b"metrics:\n  a:\n\t\tsql: x\n", "OKR006"),
        ("metrics: {}\n".encode("utf-16"), "OKR004"),
        (b"metrics: {}\n# caf\xe9\n", "OKR004"),
        (b"metrics: {}\n\x1b[31m", "OKR004"),
        (b"metrics: {}\n\xef\xbb\xbf", "OKR004"),
    ],
)
def test_a9_strange_bytes_are_one_clear_error(tmp_path: Path, content: bytes, code: str) -> None:
    """A9: NUL, tabs, UTF-16, Latin-1, escape sequences and a stray mark are named, once each."""
    assert code == only(tmp_path, {"metrics/odd.yaml": content}).code


def test_a9_byte_order_mark_and_windows_lines_are_accepted(tmp_path: Path) -> None:
    """A9: a file saved by a Windows editor reads like any other, with the same places."""
    content = b"\xef\xbb\xbf" + OBJECTIVES.replace("\n", "\r\n").encode()
    project = checked(tmp_path, {COMPANY: content}).project
    assert project is not None
    assert f"{COMPANY}:6" == project.key_result("mid_market.pipeline").at


def test_a9_the_line_is_right_after_windows_lines(tmp_path: Path) -> None:
    """A9: a control character is counted by lines, whatever ends them."""
    assert 3 == only(tmp_path, {"metrics/odd.yaml": b"metrics:\r\n  {}\r\n\x01"}).line


def test_a10_merge_keys_are_refused(tmp_path: Path) -> None:
    """A10: `<<` is refused like the alias it needs."""
    assert "OKR008" == only(tmp_path, {"metrics/m.yaml": "metrics:\n  <<: {a: 1}\n"}).code


def test_a11_an_unknown_key_gets_a_suggestion(tmp_path: Path) -> None:
    """A11: a slip in a key is refused, and the likely word named."""
    found = only(tmp_path, replaced("indicator: lagging", "indicater: lagging"))
    assert ("OKR101", 9, 9, 9) == (found.code, found.line, found.column, found.length)
    assert "did you mean `indicator`?" == found.mend


def test_a12_one_objective_in_two_files_names_both(tmp_path: Path) -> None:
    """A12: the same id in two files is refused, with both places."""
    found = only(tmp_path, {"objectives/fy26_q3/team.yaml": OBJECTIVES})
    assert ("OKR209", "objectives/fy26_q3/team.yaml", 3) == (found.code, found.file, found.line)
    assert f"`mid_market` is declared twice: here and at {COMPANY}:3" == found.message


@pytest.mark.parametrize("id", ["Pipeline", "PIPELINE", "ｐipeline"])
def test_a12_ids_that_differ_in_case_name_both(tmp_path: Path, id: str) -> None:
    """A12: `Pipeline` or a full-width letter beside `pipeline` is refused, and both are named."""
    added = f'      {id}: {{title: Other, keep: "> 1"}}\n'
    found = only(tmp_path, {COMPANY: OBJECTIVES + added})
    assert ("OKR105", f"`{id}` is no id, and `pipeline` differs from it in case or letter form only") == (
        found.code,
        found.message,
    )


@pytest.mark.parametrize(
    "id", ["../../etc/cron.d/x", "CON", "x" * 300, "/abs", "a-b", "ä", "ﬁ", "1a", "a.b", " ", "a b"]
)
def test_a13_ids_that_are_no_ids_are_refused(tmp_path: Path, id: str) -> None:
    """A13: nothing but a-z, 0-9 and _ ever becomes a name of a file or table."""
    assert "OKR105" == only(tmp_path, replaced("      pipeline:", f"      '{id}':")).code


def test_a13_a_file_name_is_an_id_too(tmp_path: Path) -> None:
    """A13: the name of a source file becomes a table name, and is held to the same pattern."""
    found = only(tmp_path, {"sources/Shop Floor.yaml": SOURCE})
    assert "OKR105" == found.code
    assert found.mend.startswith("did you mean `shop_floor`?")


SECRETS = {
    "password by name": "password: hunter2-correct-horse",
    "number as password": "password: 83264921",
    "token in a mapping": "auth: {type: bearer, api_token: hunter2-correct-horse}",
    "url with a password": "url: postgresql://okr:hunter2-correct-horse@db.internal/x",
    "url without a user": "url: redis://:hunter2-correct-horse@cache/0",
    "key material": "cert: |\n    -----BEGIN RSA PRIVATE KEY-----\n    hunter2-correct-horse\n    -----END",
    "known token": "pat: ghp_hunter2hunter2hunter2hunter2hunter2",
    "query parameter": "url: https://api.example/x?api_key=hunter2-correct-horse",
    "block text": "client_secret: >\n    hunter2-correct\n    -horse",
}


@pytest.mark.parametrize("written", SECRETS.values(), ids=SECRETS.keys())
def test_a41_a_secret_in_plain_is_refused_without_echo(tmp_path: Path, written: str) -> None:
    """A41: the error names the key; no rendering of it holds the secret."""
    found = checked(
        tmp_path, {"sources/shop.yaml": f"connector: files\nconnection:\n  {written}\ndatasets: {{}}\n"}
    )
    assert "OKR501" in [d.code for d in found.diagnostics]
    shown = render_text(found.diagnostics) + render_json(found.diagnostics) + render_github(found.diagnostics)
    for part in ("hunter2", "horse", "83264921"):
        assert part not in shown


@pytest.mark.parametrize(
    "lines",
    [
        "  password: 'hunter2\n  user: x\n",
        "  password: {hunter2\n",
        "  client_secret: |\n      hunter2 one\n   hunter2 two\n  x\n",
        "  url: postgresql://a:hunter2@db/x: y\n",
        '  {"token":"hunter2", [\n',
        "  password:\n      hunter2: [\n",
    ],
)
def test_a41_a_file_that_cannot_be_parsed_echoes_no_secret_either(tmp_path: Path, lines: str) -> None:
    """A41: the shown line of a syntax error is masked by its text alone."""
    found = checked(tmp_path, {"sources/shop.yaml": f"connector: files\nconnection:\n{lines}"})
    assert found.project is None
    assert "hunter2" not in render_text(found.diagnostics)


def test_a41_another_error_on_the_same_line_echoes_no_secret(tmp_path: Path) -> None:
    """A41: an unknown key beside a password shows neither."""
    line = "connection: {rooot: x, password: hunter2}\n"
    found = checked(tmp_path, {"sources/shop.yaml": f"connector: files\n{line}datasets: {{}}\n"})
    assert {"OKR101", "OKR501"} == {d.code for d in found.diagnostics}
    assert "hunter2" not in render_text(found.diagnostics)


@pytest.mark.parametrize(
    "written", ["token_url: https://a.example/token", "page_token_field: next", "key: [Id]"]
)
def test_a41_names_that_only_sound_secret_are_none(tmp_path: Path, written: str) -> None:
    """A41: `token_url` holds an address, not a token."""
    text = f"connector: files\nconnection:\n  {written}\ndatasets: {{}}\n"
    assert ["OKR101"] == [d.code for d in checked(tmp_path, {"sources/shop.yaml": text}).diagnostics]


def test_a41_references_are_no_secrets(tmp_path: Path) -> None:
    """A41: env:NAME is what should stand there; only the option itself is unknown to this connector."""
    text = "connector: files\nconnection: {root: 'env:DATA_ROOT'}\ndatasets: {}\n"
    assert () == checked(tmp_path, {"sources/shop.yaml": text}).diagnostics


def test_a41_the_ledger_url_is_held_to_the_same(tmp_path: Path) -> None:
    """A41: a password in the store's URL is refused as well."""
    settings = SETTINGS + "store: {ledger: 'postgresql://okr:hunter2@db/okr'}\n"
    found = only(tmp_path, {"okr.yaml": settings})
    assert "OKR501" == found.code
    assert "hunter2" not in render_text([found])


def test_an_unreadable_file_does_not_accuse_those_that_refer_to_it(tmp_path: Path) -> None:
    """One cause gives one diagnostic: a broken metrics file makes no metric unknown."""
    found = only(tmp_path, {"metrics/crm.yaml": "metrics:\n  new_arr: {value: [\n"})
    assert ("OKR005", "metrics/crm.yaml") == (found.code, found.file)


def test_keep_without_quotes_says_that_quotes_are_missing(tmp_path: Path) -> None:
    """`keep: >= 99%` is a block scalar to YAML; the message says how to write it."""
    found = only(tmp_path, key_result("title: Up\nkeep: >= 99%"))
    assert ("OKR005", 'put the value in quotes: keep: ">= 99%"') == (found.code, found.mend)


PIECES = [
    "null",
    "[]",
    "{a: b}",
    "''",
    "-1",
    "~",
    "x",
    "38%",
    "[[a]]",
    "[null]",
    "env:X",
    ".inf",
    "|\n  x",
    ">= 3",
    "{[a]: b}",
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.integers(0, 14), st.sampled_from(PIECES), st.integers(0, 2))
def test_any_slip_is_diagnosed_or_harmless(file: str, line: int, piece: str, how: int) -> None:
    """Whatever a line turns into, checking ends in a project or in diagnostics, never in a crash."""
    lines = FILES[file].split("\n")
    number = line % len(lines)
    key, colon, _ = lines[number].rpartition(": ")
    lines[number : number + 1] = [[f"{key}{colon}{piece}"], [], [lines[number], lines[number]]][how]
    with tempfile.TemporaryDirectory() as folder:
        found = checked(Path(folder), {file: "\n".join(lines)})
    assert (found.project is None) == any(not d.warning for d in found.diagnostics)
