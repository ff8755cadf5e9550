"""One API through one transport: a call of a dataset in, a page out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.errors import SetupError
from connectors.rest import page as pages
from connectors.rest.auth import SignIn
from connectors.rest.call import Call
from connectors.transport import retry_after
from connectors.transport.answer import Answer, refused
from connectors.transport.fault import Disturbed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.rest.options import Action, RestConnection, RestDataset
    from connectors.rest.page import Page
    from connectors.transport.client import Transport

_ANY_STATUS = range(300, 600)


class Source:
    """Sends calls with their credential, and does what `responses` say about some answers."""

    def __init__(self, connection: RestConnection, transport: Transport) -> None:
        self.transport = transport
        self.base_url = connection.base_url.rstrip("/")
        self._headers = connection.headers
        self._sign_in = SignIn(connection.auth, transport)

    def page(self, call: Call, options: RestDataset, *, number: int, before: int) -> Page:
        """Return the page that *call* gives; *before* counts the rows of those that came earlier."""
        answer = self._answered(call, options.responses)
        ignored = _action(answer, options.responses) == "ignore"
        if answer.status == 401 and not ignored and self._sign_in.renewed():
            answer = self._answered(call, options.responses)
            ignored = _action(answer, options.responses) == "ignore"
        if answer.status >= 300 and not ignored:
            raise refused(answer)
        return pages.read(answer, options, number=number, before=before, ignored=ignored)

    def document(self, below: str) -> Any:
        """Return the JSON document at the path *below* the base address."""
        call = Call(method="get", url=f"{self.base_url}/{below.lstrip('/')}")
        answer = self._answered(call, ())
        if answer.status >= 300:
            raise refused(answer)
        return answer.value

    def _answered(self, call: Call, actions: Sequence[Action]) -> Answer:
        def judge(answer: Answer) -> None:
            action = _action(answer, actions)
            if action == "retry":
                after_s = retry_after.seconds(answer.headers, now=self.transport.now())
                raise Disturbed(f"status {answer.status}, to be tried again by `responses`", after_s=after_s)
            if action == "fail":
                raise SetupError(
                    f"{answer.named()}: status {answer.status}, a failure by `responses`",
                    mend="see what the source's documentation says about it",
                )

        params = {name: _written(value) for name, value in call.params.items()}
        headers = {"Accept": "application/json", **self._headers, **call.headers}
        return self.transport.request(
            call.method,
            call.url,
            params=params | self._sign_in.params(call.url),
            headers=headers | self._sign_in.headers(),
            json=call.body,
            auth=self._sign_in.basic(),
            repeatable=True,
            accept=_ANY_STATUS,
            judge=judge,
        )


def _written(value: object) -> object:
    """Return a parameter as JSON writes it, not as Python does."""
    return str(value).lower() if isinstance(value, bool) else value


def _action(answer: Answer, actions: Sequence[Action]) -> str | None:
    """Return what the first action that fits *answer* says, None if none does."""
    for action in actions:
        if action.status is not None and action.status != answer.status:
            continue
        if action.text is None or action.text.encode() in answer.body:
            return action.do
    return None
