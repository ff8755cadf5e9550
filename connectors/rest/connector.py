"""The connector for JSON APIs: one transport, one way of reading, whatever the vendor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlsplit

from connectors.contract import Check, Extract, ExtractRequest, Table
from connectors.errors import SetupError
from connectors.probe import one_row
from connectors.rest.auth_options import ClientCredentials, RefreshToken
from connectors.rest.options import RestConnection, RestDataset
from connectors.window import within

if TYPE_CHECKING:
    from pydantic import BaseModel

    from connectors.rest.source import Source
    from connectors.transport.client import Transport
    from connectors.transport.policy import Policy, Timing


_SECRET_NAME = re.compile("auth|key|token|secret|cookie|session", re.IGNORECASE)


class RestConnector:
    """Any API that answers with JSON."""

    kind: ClassVar[str] = "rest"
    Connection: ClassVar[type[BaseModel]] = RestConnection
    Dataset: ClassVar[type[BaseModel]] = RestDataset

    def __init__(
        self,
        connection: RestConnection,
        *,
        base: Path,
        policy: Policy | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._connection = connection
        self._base = base
        self._limits = {"policy": policy, "timing": timing}

    def extract(self, request: ExtractRequest) -> Extract:
        """
        Read one dataset page by page; the window is applied to what came as well.

        Up to 16 MiB are held back until all of it is there and proved, and read again if it is not.
        """
        return self._extract(request, hold=True)

    def check(self, requests: tuple[ExtractRequest, ...]) -> list[Check]:
        """Say of every dataset whether it gives a row."""
        found = [check for request in requests for check in self._checked(request)]
        skewed = self._source.transport.tally().warnings() if requests else ()
        mend = "let this machine's clock be set by the network"
        return [
            *found,
            *(Check(subject="clock", passed=False, seen=s, mend=mend, advice=True) for s in skewed),
        ]

    def _checked(self, request: ExtractRequest) -> list[Check]:
        """Say whether *request* gives a row, and whether its first page leads on or shows that it is all."""
        warnings: list[str] = []
        found = one_row(partial(self._extract, hold=False, warnings=warnings), request)
        mend = "look at a whole answer, and at what the source's documentation says about pages"
        return [
            found,
            *(Check(subject=request.dataset, passed=False, seen=w, mend=mend, advice=True) for w in warnings),
        ]

    def discover(self) -> list[Table]:
        """Return the lists that the API's OpenAPI description names; SetupError if none is declared."""
        from connectors.rest import openapi

        if self._connection.openapi is None:
            raise SetupError(
                "an API without a description cannot be looked through",
                mend="name its OpenAPI description under `openapi`, or see its documentation",
            )
        return openapi.tables(self._source.document(self._connection.openapi))

    def close(self) -> None:
        """Close the connections that are kept between calls."""
        if "_source" in self.__dict__:
            self._source.transport.close()

    @cached_property
    def _source(self) -> Source:
        from connectors.rest.source import Source

        return Source(self._connection, _transport(self._connection, self._base, self._limits))

    def _extract(self, request: ExtractRequest, *, hold: bool, warnings: list[str] | None = None) -> Extract:
        """Return the rows of *request*; what is odd about them goes to *warnings* as it is noticed."""
        from connectors.rest.reading import Reading
        from connectors.transport.redaction import remember

        options = cast("RestDataset", request.options)
        source = self._source
        remember(_called_secret({**options.headers, **options.params}))
        reading = Reading(request, options, source, warnings=warnings)
        before = source.transport.begin()

        def facts() -> Mapping[str, Any]:
            tally = source.transport.tally() - before
            return {
                "complete": reading.passed.complete(),
                "origin": f"{options.method.upper()} {_host(self._connection.base_url)} {options.path}",
                "declared_total": reading.passed.total,
                "source_schema": reading.passed.columns.source_schema,
                "warnings": (*reading.warnings, *tally.warnings()),
                "libraries": {name: version(name) for name in ("requests", "pyarrow")},
                **tally.facts(),
                # What changes on pages that were read lies after this, and is read again next time.
                "server_time_at": reading.passed.started_at,
                **reading.passed.rows.facts(),
            }

        schema = reading.passed.rows.schema
        return Extract(request, schema, within(reading.batches(hold=hold), request), facts)


def _transport(connection: RestConnection, base: Path, limits: Mapping[str, Any]) -> Transport:
    from connectors.transport.bucket import Rate, shared_bucket
    from connectors.transport.client import Transport

    auth = connection.auth
    secrets = [*(auth.secrets() if auth else ()), *_called_secret(connection.headers)]
    hosts = {_host(connection.base_url), *connection.hosts}
    if isinstance(auth, (ClientCredentials, RefreshToken)):
        hosts.add(_host(auth.token_url))
    credential = "\n".join([_host(connection.base_url), *secrets])
    bucket = shared_bucket(credential, Rate.parse(connection.rate)) if connection.rate else None
    return Transport(network=connection, base=base, hosts=hosts, bucket=bucket, secrets=secrets, **limits)


def _called_secret(values: Mapping[str, object]) -> list[str]:
    """Return the texts among *values* (of headers or parameters) whose names are those of secrets."""
    return [text for name, text in values.items() if isinstance(text, str) and _SECRET_NAME.search(name)]


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
