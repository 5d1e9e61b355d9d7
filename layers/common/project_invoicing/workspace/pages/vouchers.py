"""Vouchers in the ledger: the list, and one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing.domain.history import Done
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.documents.voucher_keys import document_with
from project_invoicing.use_cases.lists.asked import FILTERS, Kind
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import (
    NOTHING,
    Entry,
    dimensions_of,
    history_of,
    kept,
    refusal_of,
    reopened,
    vouchers_of,
)
from project_invoicing.workspace.neighbours import neighbours


def listed(desk: Desk) -> Response[Any]:
    """The vouchers that the filters in the address let through."""
    kind = Kind.VOUCHERS
    choices = {"company": desk.lists.companies}
    return desk.page("vouchers.html", title="Vouchers", page=desk.listed(kind), fields=FILTERS[kind], choices=choices)


def show(desk: Desk) -> Response[Any]:
    """A voucher with debit and credit. One that is drawn and not posted yet leads to its journal."""
    return _shown(desk)


def correct_tags(desk: Desk) -> Response[Any]:
    """Gives a line of a posted voucher other financial tags, or none."""
    company, number = (desk.query.get(name, "") for name in ("company", "number"))
    line = desk.form.get("line", "")
    try:
        tags = dimensions_of(desk.form.get("tags", ""), "tags")
    except Rejected as wrong:
        return _shown(desk, desk.form, wrong.detail)
    asked: dict[str, Any] = {"line": int(line) if line.isascii() and line.isdecimal() else line, "tags": tags}
    if desk.form.get("reason"):
        asked["reason"] = desk.form["reason"]
    answer = desk.do("correct_tags", company=company, voucher=number, **asked)
    if why := refusal_of(answer):
        return _shown(desk, desk.form, why)
    said = NOTHING if answer["outcome"] == "unchanged" else f"Line {line} has other tags. The ledger stays as it is."
    here: dict[str, str | None] = {"company": company, "number": number, **kept(desk)}
    return reopened(desk, "/voucher", said, refused=False, **here)


def _shown(desk: Desk, typed: Mapping[str, str] | None = None, error: str = "") -> Response[Any]:
    company, number = (desk.query.get(name, "") for name in ("company", "number"))
    stores, setup = desk.stores, desk.lists.setup
    known = number and company in desk.lists.companies
    found = document_with(stores.journals, stores.proposals, setup, company, number) if known else None
    if found is None:
        raise NotFoundError
    source, document = found
    vouchers = [one for one in stores.vouchers(source, company, document) if one.voucher == number]
    labels = setup.active_tags(company)
    return desk.page(
        "voucher.html",
        422 if error else 200,
        title=f"Voucher {number}",
        number=number,
        company=company,
        source=source,
        document=document,
        vouchers=vouchers_of(vouchers, setup),
        tag_labels=labels,
        history=_tagged(desk, source, company, document, number) if labels else [],
        typed=typed or {},
        error=error,
        beside=neighbours(desk, Kind.VOUCHERS, lambda row: (row.company, row.voucher) == (company, number)),
        kept=kept(desk),
    )


def _tagged(desk: Desk, source: str, company: str, document: str, number: str) -> list[Entry]:
    """Who gave lines of the voucher other tags."""
    from project_invoicing.use_cases.documents.voucher_tags import VoucherTags  # noqa: PLC0415 - of few companies

    made = VoucherTags(desk.stores.journals, desk.stores.proposals).history(source, company, document)
    return history_of(one for one in made if one.what is Done.TAGS_CORRECTED and one.after["voucher"] == number)
