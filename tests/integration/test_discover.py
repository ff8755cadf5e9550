"""`okr discover` and `okr add dataset`: from a system that nobody has described to a dataset that reads."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from click.testing import CliRunner, Result
from project_builder import ProjectFolder, day

from connectors.contract import Table
from connectors.errors import ConnectorError
from connectors.registry import connect
from connectors.suggest import cursors_of, declared_as, guessed_from, mark_of_deletion
from okr_pipeline.add_dataset import CannotInsert, inserted
from okr_pipeline.cli import main
from okr_pipeline.config.yaml import parse
from okr_pipeline.discovery import Declaration, declaration, id_from

ORDERS = """
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, "Net total" NUMERIC(18,2), placed_on TEXT, updated_at TEXT,
  is_deleted BOOLEAN, "no" TEXT, code TEXT);
INSERT INTO orders VALUES (1, 9.5, '2026-08-02', '2026-08-02T10:00:00Z', 0, 'x', '007'),
                          (2, 1, '2026-08-03', '2026-08-03T10:00:00Z', 1, NULL, '008');
"""
SOURCE = """\
# the shop, kept by hand
connector: sql
connection: {url: "sqlite:///shop.db"}   # read only
datasets:
  # what was there before
  firsts:
    query: >-
      SELECT id
      FROM orders
    columns: {id: integer}
    # its last line
# after the datasets
refresh: hourly   # stays behind
"""


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    """A project with a shop in SQLite whose file a person has written, comments and all."""
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.executescript(ORDERS)
    made = ProjectFolder(tmp_path).write()
    (tmp_path / "okr_config/sources/shop.yaml").write_text(SOURCE, encoding="utf-8")
    return made


def okr(project: ProjectFolder, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(project.root), *words])


def test_a_source_lists_what_it_offers(project: ProjectFolder) -> None:
    """Tables come by name with the number of their fields; nothing is written."""
    found = okr(project, "discover", "shop")
    assert (0, "orders  7 fields\n") == (found.exit_code, found.stdout)
    assert "crm/deals.csv" in okr(project, "discover", "crm").stdout


def test_fields_come_with_the_types_to_declare(project: ProjectFolder) -> None:
    """Each field has its type there and ours, and what it may serve as."""
    lines = [line.split("  ") for line in okr(project, "discover", "shop", "orders").stdout.splitlines()]
    told = {cells[0]: [cell.strip() for cell in cells[1:] if cell.strip()] for cells in lines}
    assert {
        "id": ["INTEGER", "integer", "key"],
        "Net total": ["NUMERIC(18, 2)", "decimal(18,2)"],
        "placed_on": ["TEXT", "date", "cursor"],
        "updated_at": ["TEXT", "timestamp", "cursor"],
        "is_deleted": ["BOOLEAN", "boolean", "deleted"],
        "no": ["TEXT", "string"],
        "code": ["TEXT", "string"],
    } == told


def test_json_says_the_same(project: ProjectFolder) -> None:
    """`--json` is versioned and holds every field."""
    found = json.loads(okr(project, "discover", "shop", "orders", "--json").stdout)
    assert (1, "shop", "orders") == (found["version"], found["source"], found["tables"][0]["name"])
    assert {
        "name": "updated_at",
        "type": "TEXT",
        "declared": "timestamp",
        "cursor": True,
        "calculated": False,
        "key": False,
        "deleted": False,
    } == found["tables"][0]["fields"][3]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("discover", "shopp"), "did you mean `shop`"),
        (("discover", "shop", "order"), "did you mean orders?"),
        (("discover", "shop", "zzz"), "`okr discover shop` lists"),
        (("add", "dataset", "shop", "order"), "did you mean orders?"),
    ],
)
def test_a_slip_names_the_likeliest(project: ProjectFolder, words: tuple[str, ...], said: str) -> None:
    """A source or table that is not there fails with the one that was probably meant."""
    found = okr(project, *words)
    assert found.exit_code in (2, 3)
    assert said in found.stderr.replace("did you mean shop", "did you mean `shop`").replace("``", "`")


def test_an_added_dataset_reads(project: ProjectFolder) -> None:
    """The dataset that is added loads, passes doctor and syncs, its deleted row left out."""
    added = okr(project, "add", "dataset", "shop", "orders")
    assert 0 == added.exit_code, added.output
    assert "  ok  shop.orders: one row read, 7 columns fit" in okr(project, "doctor").stdout
    project.metrics["shop"] = {"net": {"dataset": "shop.orders", "value": 'sum("Net total")'}}
    project.key_results = {"net": {"title": "n", "metric": "shop.net", "from": 0, "to": 100}}
    kept = (project.root / "okr_config/sources/shop.yaml").read_text(encoding="utf-8")
    assert [9.5] == [float(o.value or 0) for o in project.sync_at(day(3)).snapshot.key_results]
    assert kept == (project.root / "okr_config/sources/shop.yaml").read_text(encoding="utf-8")


def test_the_rest_of_the_file_stays(project: ProjectFolder) -> None:
    """Comments, order and blanks around the new lines are what they were, to the byte."""
    okr(project, "add", "dataset", "shop", "orders", "--name", "sold")
    after = (project.root / "okr_config/sources/shop.yaml").read_text(encoding="utf-8")
    before, rest = SOURCE.split("# after the datasets")
    assert after.startswith(before)
    assert after.endswith("# after the datasets" + rest)
    new = after[len(before) : -len("# after the datasets" + rest)]
    assert (
        """\
  sold:
    table: orders
    columns:
      id: integer
      Net total: decimal(18,2)
      placed_on: date
      updated_at: timestamp
      is_deleted: boolean
      "no": string
      code: string
    key: [id]
    cursor: updated_at
    overlap: 10m
    full_read: weekly
    freshness: 1d
    deleted: is_deleted
    # zone: UTC    # where times are meant that carry no zone
"""
        == new
    )


def test_nothing_is_overwritten(project: ProjectFolder) -> None:
    """A name that is taken, or that is no id, leaves the file as it was."""
    path = project.root / "okr_config/sources/shop.yaml"
    for name, said in (("firsts", "choose another name"), ("No Id", "would not load")):
        found = okr(project, "add", "dataset", "shop", "orders", "--name", name)
        assert 1 == found.exit_code
        assert said in found.stderr
        assert SOURCE == path.read_text(encoding="utf-8")


TINY = Declaration(name="x", options={"table": "x"}, columns={"id": "integer"}, settings={"key": ["id"]})
LINES = ["x:", "  table: x", "  columns:", "    id: integer", "  key: [id]"]


HERE = "{}\n"
LAYOUTS = [
    ("connector: sql\ndatasets: {}\n", f"connector: sql\ndatasets:\n{HERE}"),
    ("datasets: {}   # none\nrefresh: daily", f"datasets:  # none\n{HERE}refresh: daily\n"),
    ("connector: sql", f"connector: sql\ndatasets:\n{HERE}"),
    ("datasets:\n    a: {table: a}\n", f"datasets:\n    a: {{table: a}}\n{HERE}"),
    ("datasets:\n  a:\n    table: a\n\n\n", f"datasets:\n  a:\n    table: a\n{HERE}\n\n"),
    ("datasets:\n  a:\n    query: |\n      S\n\n", f"datasets:\n  a:\n    query: |\n      S\n{HERE}\n"),
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "after"), LAYOUTS)
def test_every_layout_takes_a_dataset(before: str, after: str, newline: str) -> None:
    """Empty, missing, deeper indented, with block text, with any line ends: it lands where it belongs."""
    indent = " " * (4 if "    a:" in before else 2)
    expected = after.replace(HERE, "".join(f"{indent}{line}\n" for line in LINES))
    made = inserted(before.replace("\n", newline), TINY)[0]
    assert expected == made.replace(newline, "\n")
    assert ("\r" in before.replace("\n", newline)) == ("\r" in made)


@pytest.mark.parametrize(
    "before", ["datasets: {a: {table: a}}\n", "datasets: {\n  a: {table: a}}\n", "datasets: [", "- 1\n"]
)
def test_a_layout_that_takes_none_is_refused(before: str) -> None:
    """A file in one line, or one that cannot be read, is left to a person."""
    with pytest.raises(CannotInsert):
        inserted(before, TINY)


def test_odd_names_stay_what_they_are() -> None:
    """Whatever a column is called, the YAML that is written reads back as that name."""
    names = [
        "no",
        "12",
        "a: b",
        "# c",
        "ä ö",
        "- d",
        '"q"',
        "e\\f",
        "null",
        "Account.Name",
        "x y",
        "*",
        "~",
        "'",
    ]
    odd = Declaration(name="x", options={"table": "t: #"}, columns=dict.fromkeys(names, "string"))
    data: Any = parse(inserted("connector: sql\n", odd)[0])[0]
    assert (names, "t: #") == (list(data["datasets"]["x"]["columns"]), data["datasets"]["x"]["table"])


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("app.OrderItems", "order_items"),
        ("Opportunity", "opportunity"),
        ("Invoice_Line__c", "invoice_line"),
        ("exports/2026 deals.csv", "t_2026_deals"),
        ("a/b.xlsx!Plan B", "plan_b"),
    ],
)
def test_ids_are_made_of_names(name: str, id: str) -> None:
    """A table's name gives an id that the configuration takes."""
    assert id == id_from(name)


FOUND_IN_FILES = [
    ("a.csv", "Nr;Betrag\n1;2,50\n", {"Nr": "integer", "Betrag": "string"}),
    ("a.csv", "id\n1\n", {"id": "integer"}),
    ("a.csv", '"a|b"\n"1|2"\n', {"a|b": "string"}),
    ("a.jsonl", '{"n": 1.5, "x": null}\n{"n": 2, "x": {}}\n{}\n', {"n": "decimal(38,9)", "x": "json"}),
    ("a.jsonl", '{"n": 1}\n{"n": null}\n', {"n": "integer"}),
    ("a.jsonl", '{"n": 1, "x": "2026-08-02"}\n{"n": "1"}\n', {"n": "string", "x": "date"}),
]


@pytest.mark.parametrize(("name", "text", "declared"), FOUND_IN_FILES)
def test_a_file_is_declared_by_all_of_its_rows(
    tmp_path: Path, name: str, text: str, declared: dict[str, str]
) -> None:
    """Semicolons are noticed, and neither a null nor a whole number at the end hides what a column holds."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = connect("files", {"root": "."}, base=tmp_path).describe(name)
    assert declared == dict(found.declared)
    assert (";" in text) == ("delimiter" in found.options)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A file that is there but broken is not called missing."""
    (tmp_path / "a.jsonl").write_text("no json\n", encoding="utf-8")
    with pytest.raises(ConnectorError, match=r"a\.jsonl:1"):
        connect("files", {"root": "."}, base=tmp_path).describe("a.jsonl")


@pytest.mark.parametrize(
    ("source_type", "declared"),
    [
        ("NUMERIC(18, 2)", "decimal(18,2)"),
        ("DECIMAL(65, 30)", "decimal(38,30)"),
        ("decimal128(10, 4)", "decimal(10,4)"),
        ("NUMERIC", "decimal(38,9)"),
        ("DOUBLE PRECISION", "decimal(38,9)"),
        ("currency", "decimal(38,9)"),
        ("BIGINT", "integer"),
        ("BIGINT UNSIGNED", "decimal(20,0)"),
        ("INTERVAL", "string"),
        ("int64", "integer"),
        ("TINYINT(1)", "boolean"),
        ("checkbox", "boolean"),
        ("DATE", "date"),
        ("date32[day]", "date"),
        ("DATETIME", "timestamp"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp"),
        ("timestamp[us, tz=UTC]", "timestamp"),
        ("JSONB", "json"),
        ("VARCHAR(40)", "string"),
        ("picklist", "string"),
        ("UUID", "string"),
    ],
)
def test_types_are_told_by_name(source_type: str, declared: str) -> None:
    """What a source calls a type says which of ours holds it; what is not known is text."""
    assert declared == declared_as(source_type)


@pytest.mark.parametrize(
    ("cells", "declared"),
    [
        (["1", "2", None], "integer"),
        (["1.50", "2"], "decimal(18,2)"),
        (["1.505", "2"], "decimal(38,9)"),
        (["007", "12"], "string"),
        (["true", "False"], "boolean"),
        (["2026-08-01", ""], "date"),
        (["2026-08-01T10:00:00Z"], "timestamp"),
        (["2026-08-01", "soon"], "string"),
        ([None, ""], "string"),
    ],
)
def test_types_of_text_are_guessed_by_all_cells(cells: list[str | None], declared: str) -> None:
    """A suggestion fits every cell that was looked at; codes with zeros in front stay text."""
    assert declared == guessed_from(cells)


def test_columns_that_tell() -> None:
    """What is stamped with each change comes first; a mark of deletion is one by name and type."""
    columns = {"made_at": "timestamp", "due": "date", "last_modified": "timestamp", "deleted": "string"}
    assert ("last_modified", "made_at", "due") == cursors_of(columns)
    assert None is mark_of_deletion(columns)
    assert "DeletedAt" == mark_of_deletion({**columns, "DeletedAt": "timestamp"})


def test_calculated_columns_say_so() -> None:
    """A formula field carries its comment, and a table without a key says what that means."""
    table = Table(
        name="Deal",
        columns={"Id": "id", "Age__c": "double"},
        calculated=("Age__c",),
        options={"object": "Deal"},
    )
    _, lines = inserted("connector: sql\n", declaration(table))
    assert "      Age__c: decimal(38,9)    # calculated: changes without a stamp" in lines.splitlines()
    assert "# key: [...]" in lines


@pytest.mark.postgres
def test_postgres_tells_keys_zones_and_schemas(postgres_url: str) -> None:
    """Primary keys, times with and without a zone, views and other schemas are told from the catalogue."""
    engine = sqlalchemy.create_engine(postgres_url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA app")
        connection.exec_driver_sql(
            "CREATE TABLE app.orders (shop int, no int, total numeric(18,2), at timestamp, "
            "updated_at timestamptz, deleted_at timestamptz, doc jsonb, PRIMARY KEY (shop, no))"
        )
        connection.exec_driver_sql("CREATE VIEW recent AS SELECT total, updated_at FROM app.orders")
    connector = connect("sql", {"url": postgres_url}, base=Path())
    found = {table.name: table for table in connector.discover()}
    assert {"app.orders", "recent"} == set(found)
    orders = connector.describe("app.orders")  # type: ignore[attr-defined]
    assert found["app.orders"] == orders
    assert (("shop", "no"), "deleted_at", "updated_at") == (orders.key, orders.deleted, orders.cursors[0])
    assert ["TIMESTAMP", "TIMESTAMP WITH TIME ZONE"] == [orders.columns[n] for n in ("at", "updated_at")]
    assert None is connector.describe("app.order")  # type: ignore[attr-defined]


@pytest.mark.mysql
def test_mysql_tells_flags_and_signs(mysql_url: str) -> None:
    """TINYINT(1) is a flag, and an unsigned 64-bit number has a type that holds it."""
    engine = sqlalchemy.create_engine(mysql_url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE t (id bigint unsigned PRIMARY KEY, won tinyint(1), n tinyint, at datetime(6))"
        )
    [table] = connect("sql", {"url": mysql_url}, base=Path()).discover()
    assert {"id": "decimal(20,0)", "won": "boolean", "n": "integer", "at": "timestamp"} == table.declared
