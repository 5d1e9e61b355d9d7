"""What a page works with: the request, the person, the stores, and the commands."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from aws_lambda_powertools.event_handler import Response

from project_invoicing import bootstrap
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.workspace import flash, neighbours, render
from project_invoicing.workspace.links import link

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from project_invoicing.domain.actor import Actor
    from project_invoicing.use_cases.explain.stores import Stores
    from project_invoicing.use_cases.lists.asked import Kind, Page
    from project_invoicing.use_cases.lists.place import ListPlace
    from project_invoicing.workspace.session import Session
    from project_invoicing.workspace.upload import Upload


_SHORT_PAGES: Final = 5
"""So many short pages of a list are read for one page before the person is asked whether to go on."""


def _fields(text: str, most: int, *, keep_blank_values: bool = False) -> dict[str, list[str]]:
    """The fields of a query or a form. Raises ``Rejected`` where there are more than any page of ours has."""
    try:
        return parse_qs(text, keep_blank_values=keep_blank_values, max_num_fields=most)
    except ValueError:
        raise Rejected(RejectReason.TOO_LARGE, f"It has more than {most} fields.") from None


class Desk:
    """One request. What is read from a store is read at first use, once."""

    def __init__(self, event: APIGatewayProxyEventV2, session: Session | None) -> None:
        self.event = event
        self._session = session

    @property
    def session(self) -> Session:
        """The person's session. Only a route that needs no role is called without one."""
        if self._session is None:
            raise LookupError("nobody is signed in")
        return self._session

    @property
    def actor(self) -> Actor:
        return self.session.actor

    @cached_property
    def at(self) -> str:
        """The time of the request (ISO 8601, UTC)."""
        return utc_text(bootstrap.now())

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query of the URL without what is empty; of a name that is there twice, the last one."""
        found = _fields(self.event.raw_query_string, 100)
        return {name: values[-1].strip() for name, values in found.items() if values[-1].strip()}

    @cached_property
    def forms(self) -> Mapping[str, list[str]]:
        """The fields of the form that was sent, with every value of each."""
        if self._has_files:
            return self._parts[0]
        try:
            text = self.event.decoded_body or ""
        except ValueError:  # base64 or UTF-8 that is none
            raise Rejected(RejectReason.SCHEMA, "What was sent is no form.") from None
        return _fields(text, 5_000, keep_blank_values=True)

    @cached_property
    def files(self) -> Mapping[str, Upload]:
        """The files of the form that was sent, by the names of their fields."""
        return self._parts[1] if self._has_files else {}

    @property
    def _has_files(self) -> bool:
        return self._content_type.lower().startswith("multipart/form-data")

    @property
    def _content_type(self) -> str:
        return self.event.headers.get("content-type") or ""

    @cached_property
    def _parts(self) -> tuple[dict[str, list[str]], dict[str, Upload]]:
        from project_invoicing.workspace.upload import parts_of

        body = self.event.body or ""
        try:
            data = b64decode(body, validate=True) if self.event.is_base64_encoded else body.encode()
        except ValueError:
            raise Rejected(RejectReason.SCHEMA, "What was sent is no form.") from None
        return parts_of(self._content_type, data)

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The fields of the form that was sent, each with its last value."""
        return {name: values[-1].strip() for name, values in self.forms.items()}

    @cached_property
    def stores(self) -> Stores:
        return self.lists.stores

    @cached_property
    def lists(self) -> ListPlace:
        """What lists read, of the companies that the person may see."""
        return bootstrap.list_place(self.at, self.actor.companies)

    def listed(self, kind: Kind, query: Mapping[str, str] | None = None) -> Page[Any]:
        """The page of a list that the ``query`` asks for, filled from the short pages that the list gives.

        Without one, that of the URL. Raises ``Rejected`` for a filter that the list does not know.
        """
        from project_invoicing.use_cases.lists.asked import FILTERS, Asked, Page, bad
        from project_invoicing.use_cases.lists.show import page

        query = self.query if query is None else query
        for name in query:
            if name not in (*FILTERS[kind], "cursor", neighbours.EARLIER):
                known = ", ".join(FILTERS[kind])
                raise bad(name[:40], f"{kind} are not listed by {name[:40]}; what they are listed by: {known}")
        given: dict[str, Any] = {name: value for name, value in query.items() if name != neighbours.EARLIER}
        asked = Asked(kind, **given)
        place, limit, rows = self.lists, asked.limit, list[Any]()
        for _ in range(_SHORT_PAGES):
            found = page(place, asked)
            rows += found.rows
            if found.cursor is None or len(rows) >= limit:
                break
            asked = replace(asked, limit=limit - len(rows), cursor=found.cursor)
        return Page(rows, found.cursor)

    @property
    def company(self) -> str | None:
        """The company that the URL names. Raises ``Rejected`` for one that is not there, or not for this person."""
        company, there = self.query.get("company"), self.lists.companies
        if company is not None and company not in there:
            detail = f"there is no company {company[:40]}; there are {', '.join(there)}"
            raise Rejected(RejectReason.SCHEMA, detail, field="company")
        return company

    @property
    def list_query(self) -> str:
        """What the documents of the list on this page are opened with (``list=``)."""
        return neighbours.list_query(self)

    def here(self, **changed: str | None) -> str:
        """The address of this page with another query."""
        return link(self.event.raw_path, **{**self.query, **changed})

    def do(self, action: str, **request: Any) -> dict[str, Any]:
        """Carries out a command for the person: its answer, as ``use_cases.commands.apply`` gives it."""
        from project_invoicing.use_cases.commands.apply import apply

        return apply({action: request}, bootstrap.workplace(self.at, self.actor))

    def page(self, template: str, status: int = 200, **values: Any) -> Response[str]:
        """A page, with what was done by the request before it."""
        said = flash.read(self.event)
        text = render.page(template, desk=self, session=self._session, said=said, **values)
        return Response(status, "text/html; charset=utf-8", text, cookies=[flash.ended(self.event)] if said else None)

    def go(self, path: str, said: str = "", *, refused: bool = False, **query: str | None) -> Response[str]:
        """Sends the browser to ``path``, where it shows what was done, or why not."""
        cookies = [flash.cookie(self.event, said, refused=refused)] if said else None
        return Response(303, "text/plain", "", {"Location": link(path, **query)}, cookies)
