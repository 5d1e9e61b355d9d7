"""The root of the requests. They are plain dataclasses: some of their functions load no models of the set-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Self

from project_invoicing.domain.actor import DOORS
from project_invoicing.events.details import Detail, Says
from project_invoicing.use_cases.documents.given import ACTOR, given_actor
from project_invoicing.use_cases.documents.requests import named

ActorName = Annotated[str | None, Says("the name of who asks, if that is known")]
Door = Annotated[
    str | None, Says("the door through which it was asked for; the command line if nothing is said", values=DOORS)
]
SIGNATURE: Final = frozenset({"actor", "actor_name", "how"})
"""What says who asks. Whoever signs in has no need of it, and no right to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Detail):
    """A person's request to ``FUNCTION``: the detail of the event, or what stands ``UNDER`` a name in it."""

    FUNCTION: ClassVar[str]
    UNDER: ClassVar[str | None] = None

    @classmethod
    def of(cls, request: object) -> Self:
        """Reads the request. Unknown fields are ignored. Raises ``Rejected`` (``schema``)."""
        return cls.of_detail(request, "the request")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest(Request):
    """A request for a change, which may say who asks.

    ``actor`` is the id of who asks, optional where nobody signs in. It is logged, and returned in the answer.
    """

    actor: Annotated[
        str | None, Says("the id of who asks, without blanks; logged, and given back in the answer", ACTOR)
    ] = None

    @classmethod
    def of(cls, request: object) -> Self:
        """Reads the request, ids in any notation. Unknown fields are ignored. Raises ``Rejected`` (``schema``)."""
        if isinstance(request, Mapping):
            request = named(request)
            given_actor(request.get("actor"))
        return cls.of_detail(request, "the request")

    @property
    def signed(self) -> dict[str, str]:
        """What the answer says of who asked."""
        return {"actor": self.actor} if self.actor else {}
