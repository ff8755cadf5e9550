"""The one table of the ledger, the rules that its database enforces, and its version."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    inspect,
    select,
)

from okr_pipeline.ledger.errors import LedgerCorrupt, LedgerNewer

VERSION = 1

# Byte order, as in SQLite: a database's language must not decide what sorts before what.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()

entry = Table(
    "entry",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("recorded_at", _TEXT, nullable=False),
    Column("run", _TEXT, nullable=False),
    Column("kind", _TEXT, nullable=False),
    Column("subject", _TEXT, nullable=False),
    Column("valid_at", _TEXT),
    Column("body", _TEXT, nullable=False),
    Column("body_hash", _TEXT, nullable=False),
    Column("previous", _TEXT, nullable=False),
    Column("hash", _TEXT, nullable=False),
    Index("entry_by_valid_at", "kind", "subject", "valid_at", "seq"),
    Index("entry_by_kind", "kind", "seq"),
)

version = Table("ledger_version", metadata, Column("version", Integer, nullable=False))

# REPLACE and a hand-written INSERT would get past a rule on UPDATE and DELETE alone: an entry
# must also follow the newest one.
_SQLITE_RULES = (
    """
    CREATE TRIGGER entry_is_not_updated BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: no entry is ever updated'); END
    """,
    """
    CREATE TRIGGER entry_is_not_deleted BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: no entry is ever deleted'); END
    """,
    """
    CREATE TRIGGER entry_follows BEFORE INSERT ON entry
    WHEN NOT coalesce(
        (SELECT NEW.seq = seq + 1 AND NEW.previous = hash FROM entry ORDER BY seq DESC LIMIT 1), NEW.seq = 1)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry follows the newest one'); END
    """,
)

_POSTGRESQL_RULES = (
    """
    CREATE FUNCTION entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the ledger is append-only: no entry is ever updated or deleted'; END $$
    """,
    """
    CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION entry_is_append_only()
    """,
    """
    CREATE FUNCTION entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT coalesce(
            (SELECT NEW.seq = seq + 1 AND NEW.previous = hash FROM entry ORDER BY seq DESC LIMIT 1),
            NEW.seq = 1)
        THEN RAISE EXCEPTION 'the ledger is append-only: an entry follows the newest one'; END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER entry_follows BEFORE INSERT ON entry
    FOR EACH ROW EXECUTE FUNCTION entry_follows()
    """,
)

_RULES = {"sqlite": _SQLITE_RULES, "postgresql": _POSTGRESQL_RULES}


def is_current(connection: Connection) -> bool:
    """
    Say whether the tables are there, in this version; False means that they are to be created.

    Raises:
        LedgerNewer: If a later version of this program made them.
        LedgerCorrupt: If there is a table `entry` that no version of this program made.
    """
    names = inspect(connection).get_table_names()
    if version.name not in names:
        if entry.name in names:
            raise LedgerCorrupt(
                "the database has a table `entry` but no ledger version",
                mend="give the ledger a database, or a schema, of its own",
            )
        return False
    found = connection.scalar(select(version.c.version))
    if found is None or found > VERSION:
        raise LedgerNewer(
            f"the ledger has version {found}, this program knows version {VERSION}",
            mend="upgrade okr-pipeline",
        )
    return True


def create(connection: Connection) -> None:
    """Create the tables and their rules, in the transaction of *connection*."""
    metadata.create_all(connection, checkfirst=False)
    for rule in _RULES[connection.dialect.name]:
        connection.exec_driver_sql(rule)
    connection.execute(version.insert().values(version=VERSION))
