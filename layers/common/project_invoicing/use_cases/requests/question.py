"""What ``explain`` is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.events.details import Says
from project_invoicing.use_cases.requests.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Request):
    """Asks for everything known about an actual or a document. It changes nothing, so nobody has to say who asks."""

    FUNCTION: ClassVar[str] = "explain"

    id: Annotated[str, Says("an id of Dataverse, or the number of a proposal, an invoice, a journal or a voucher")]
    company: Annotated[str | None, Says("the code of the only company to look in")] = None

    @classmethod
    def of(cls, request: object) -> Self:
        """A question without an id is answered, too. Raises ``Rejected`` for a company that is not a text."""
        given = request if isinstance(request, Mapping) else {}
        company = given.get("company")
        if not isinstance(company, str | None):
            problem = f"company is the code of a company, not {company!r}"
            raise Rejected(RejectReason.SCHEMA, problem, field="company")
        return cls(id=str(given.get("id") or ""), company=company)
