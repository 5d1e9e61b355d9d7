"""The names in a request, whoever makes it: ids as Dataverse writes them, document numbers as they are (D-072)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.text import guid
from project_invoicing.errors import Rejected

if TYPE_CHECKING:
    from project_invoicing.domain.proposal import Proposal
    from project_invoicing.store.proposals import Proposals

_IDS: Final = ("actual_id", "invoice_id")
_NUMBERS: Final = ("company", "borrower", "proposal_id", "journal_id", "original_journal", "invoice_number")


def named(request: Mapping[str, Any]) -> dict[str, Any]:
    """``request`` with its ids in lower case and without braces, its numbers without surrounding blanks.

    Raises ``Rejected`` (``schema``) for an id that is not a GUID.
    """
    given = dict(request)
    for name in _NUMBERS:
        if isinstance(given.get(name), str):
            given[name] = given[name].strip()
    for name in _IDS:
        if given.get(name) is not None:
            given[name] = row_id(given[name], name)
    return given


def row_id(given: object, name: str = "id") -> str:
    """The GUID of a Dataverse row in its canonical form. Raises ``Rejected`` if it is not a GUID."""
    id = guid(given)
    if id is None:
        detail = f"{name} {given!r} is no GUID; write it as 0f1f1a5a-df82-43a1-861c-db7cfc3aac4e, braces or not"
        raise Rejected("schema", detail, field=name)
    return id


def proposals_named(proposals: Proposals, companies: Iterable[str], asked: str) -> list[Proposal]:
    """The proposals of these companies with this number, or the one whose proforma has this id."""
    asked, among = asked.strip(), list(companies)
    id = guid(asked)
    found = [id] if id else proposals.by_number(among, asked).values()
    headers = [header for id in found if (header := proposals.get(id))]
    return [header for header in headers if header.company in among]
