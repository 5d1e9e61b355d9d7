"""What people ask of documents through the workspace: it has the functions that make and mail them do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from project_invoicing.errors import Rejected
from project_invoicing.use_cases.people import must_be_allowed

if TYPE_CHECKING:
    from project_invoicing.domain.actor import Actor
    from project_invoicing.use_cases.requests.relayed import RelayedRequest

_REFUSED: Final = "refused: "


class Function(Protocol):
    """A function of the stack that answers."""

    def ask(self, detail: Mapping[str, Any], at: str) -> dict[str, Any]:
        """Raises ``Unavailable``."""


@dataclass(frozen=True, slots=True)
class DocumentRequests:
    """``functions`` by their names; one that the stack does not have is not among them."""

    functions: Mapping[str, Function]
    at: str
    actor: Actor

    def may_ask(self, request: type[RelayedRequest]) -> bool:
        """Whether the stack has what does it."""
        return request.FUNCTION in self.functions

    def ask(self, request: RelayedRequest) -> dict[str, Any]:
        """The answer of the function, to the person who asks.

        Raises ``Refused`` without the role, ``Rejected`` for what the function refuses, ``Unavailable``.
        """
        must_be_allowed(self.actor, request)
        function = self.functions.get(request.FUNCTION)
        if function is None:
            raise Rejected("schema", "nothing is mailed by this stack: whoever deploys it sets `MailSender`")
        who = self.actor
        signed = replace(request, actor=who.id or None, actor_name=who.name or None, how=who.how)
        answer = function.ask({str(request.UNDER): signed.as_detail()}, self.at)
        outcome = str(answer["outcome"])
        if outcome.startswith(_REFUSED):
            raise Rejected(answer["refused"][0]["reason"], outcome.removeprefix(_REFUSED))
        return answer
