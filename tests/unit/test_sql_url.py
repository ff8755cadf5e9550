"""A database URL with settings that its driver cannot take: an error of the setup that tells none of them."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from connectors.contract import ExtractRequest
from connectors.errors import SetupError
from connectors.registry import connect, model_of


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:canary@127.0.0.1:1/db?no_such_setting=canary",
        "mysql://u:canary@127.0.0.1:1/db?connect_timeout=canary",
        "mysql://u:canary@127.0.0.1:1/db?ssl_ca=/nowhere/canary",
        "mysql://u:canary@127.0.0.1:1/db?read_default_file=canary.txt",
        "mysql://u:canary@canary..example/db",
        "postgresql://u:canary@127.0.0.1:1/db?no_such_setting=canary",
        "postgresql+psycopg://u:canary@127.0.0.1:1/db?sslmode=canary",
    ],
)
def test_a_setting_that_a_driver_refuses_is_a_setup_error(tmp_path: Path, url: str) -> None:
    """What PyMySQL raises of a wrong setting ended the whole run, with a part of the URL in its trace."""
    (tmp_path / "canary.txt").write_text("canary")
    url = url.replace("=canary.txt", f"={tmp_path}/canary.txt")
    connector = connect("sql", {"url": url}, base=tmp_path)
    request = ExtractRequest(dataset="d", columns={"a": "integer"}, options=model_of("sql")[1](table="t"))
    with pytest.raises(SetupError) as caught:
        list(connector.extract(request))
    trace = "".join(traceback.format_exception(caught.value))
    assert [line for line in trace.splitlines() if "canary" in line] == []
