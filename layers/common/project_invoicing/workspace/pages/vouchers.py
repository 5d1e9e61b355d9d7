"""Vouchers in the ledger: the list, and one of them."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing.use_cases.documents.voucher_keys import document_with
from project_invoicing.use_cases.lists.asked import FILTERS, Kind
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import kept, vouchers_of
from project_invoicing.workspace.neighbours import neighbours


def listed(desk: Desk) -> Response[Any]:
    """The vouchers that the filters in the address let through."""
    kind = Kind.VOUCHERS
    choices = {"company": desk.lists.companies}
    return desk.page("vouchers.html", title="Vouchers", page=desk.listed(kind), fields=FILTERS[kind], choices=choices)


def show(desk: Desk) -> Response[Any]:
    """A voucher with debit and credit. One that is drawn and not posted yet leads to its journal."""
    company, number = (desk.query.get(name, "") for name in ("company", "number"))
    stores, setup = desk.stores, desk.lists.setup
    known = number and company in desk.lists.companies
    found = document_with(stores.journals, stores.proposals, setup, company, number) if known else None
    if found is None:
        raise NotFoundError
    source, document = found
    vouchers = (one for one in stores.ledger.vouchers(source, company, document) if one.voucher == number)
    return desk.page(
        "voucher.html",
        title=f"Voucher {number}",
        number=number,
        company=company,
        source=source,
        document=document,
        vouchers=vouchers_of(vouchers, setup),
        beside=neighbours(desk, Kind.VOUCHERS, lambda row: (row.company, row.voucher) == (company, number)),
        kept=kept(desk),
    )
