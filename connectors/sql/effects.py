"""What a SELECT may call and still do more than read: read-only sessions and rollbacks let these through."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from sqlglot.tokenizer_core import Token, TokenType

# PostgreSQL and Redshift, except where another is named. What their sessions refuse (nextval, lo_import)
# or what ends with the session and harms nobody (pg_sleep, pg_notify) is left to them.
_CALLS = {
    "ends the work of others": r"pg_(cancel|terminate)_backend|system\$(abort|cancel)\w*",  # and Snowflake
    "steers the server": r"pg_(reload_conf|rotate_logfile|promote|wal_replay_(pause|resume)|log_\w+)",
    "writes what no rollback undoes": r"pg_(switch_wal|switch_xlog|start_backup|stop_backup|backup_\w+"
    r"|(create|drop|copy|sync|replication|logical)_\w+|stat_(statements_)?reset\w*|file_\w+)|lo_export"
    r"|query_export_to_s3",  # and Amazon's
    "takes a lock": r"pg_(try_)?advisory_\w+|get_lock",  # and MySQL
    "lifts the limits of the read": r"set_config",
    "reads files of the server": r"pg_(read_(binary_)?file|stat_file|ls_\w+)|load_file",  # and MySQL
    "runs a text as SQL": r"dblink\w*|query_to_xml\w*|ts_stat|ts_rewrite|crosstab\w*|connectby"
    r"|open(rowset|query|datasource)",  # and SQL Server
    "is called by an escaped name": r".*\\.*",  # U&"pg\005freload_conf"()
}
_EFFECTS = {effect: re.compile(names, re.IGNORECASE) for effect, names in _CALLS.items()}
_LIFTING_HINT = re.compile(r"\b(set_var|max_execution_time)\s*\(", re.IGNORECASE)  # of MySQL


def effect_of(tokens: Sequence[Token]) -> str | None:
    """Return which call, hint or INTO a file does more than read, and what it does; None if none does."""
    for first, second in pairwise(tokens):
        if first.token_type is TokenType.INTO and second.text.upper() in ("OUTFILE", "DUMPFILE"):
            return f"INTO {second.text.upper()}"
        if first.token_type is TokenType.HINT and (hint := _LIFTING_HINT.search(first.text)):
            return f"{hint[1]} lifts the limits of the read"
        if second.token_type is not TokenType.L_PAREN:
            continue
        for effect, names in _EFFECTS.items():
            if names.fullmatch(first.text):
                return f"{first.text} {effect}"
    return None
