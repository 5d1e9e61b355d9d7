"""Explains whatever an id or number turns out to be: an actual or a document (D-029)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ParamSpec

from project_invoicing.dataverse.maps import CONNECTION
from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.domain.proposal import UNRESOLVED
from project_invoicing.domain.text import guid, whole
from project_invoicing.rules.explaining.explanation import Entry, Explanation
from project_invoicing.rules.explaining.not_taken import say_not_taken
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.use_cases.documents.voucher_keys import document_with
from project_invoicing.use_cases.explain.actuals import explain_actual
from project_invoicing.use_cases.explain.blockers import not_taken
from project_invoicing.use_cases.explain.documents import (
    explain_invoice,
    explain_journal,
    explain_proposal,
    explain_voucher,
)
from project_invoicing.use_cases.explain.master_data import explain_name, explain_rows, names_of
from project_invoicing.use_cases.explain.stores import Stores

P = ParamSpec("P")


@dataclass(slots=True)
class _Search:
    """One question, and where its answer was looked for."""

    stores: Stores
    asked: str
    companies: list[str]
    looked: list[str] = field(default_factory=list)

    def by_id(self, id: str) -> Iterator[Explanation | None]:
        self.looked += ["staging", "the rejected events", "what waits for paused table maps", "the proposals"]
        yield _readable("actual", id, explain_actual, self.stores, id)
        yield _readable("proposal", id, explain_proposal, self.stores, id)
        self.looked.append("the master data")
        yield from explain_rows(self.stores, id)
        found = not_taken(self.stores, CONNECTION, id)
        if found.outcome:
            made = Explanation("connection", id, None, f"Transaction connection that {found.outcome}")
            say_not_taken(made, found)
            yield made

    def by_number(self) -> Iterator[Explanation | None]:
        stores, number = self.stores, self.asked
        self.looked += [f"the {kind} of {', '.join(self.companies)}" for kind in ("proposals", "invoices", "journals")]
        for proforma_id in stores.proposals.by_number(self.companies, number).values():
            yield _readable("proposal", proforma_id, explain_proposal, stores, proforma_id)
        for header in stores.proposals.open(UNRESOLVED):
            if header.number == number:
                yield explain_proposal(stores, header.id)
        self.looked.append("the master data")
        for key in names_of(stores, self.companies, number):
            yield _readable(str(key.part), number, explain_name, stores, key)
        for company in self.companies:
            yield _readable("invoice", number, explain_invoice, stores, company, number)
            yield _readable("journal", number, explain_journal, stores, company, number)
            yield from self._vendor_invoices(company)

    def _vendor_invoices(self, company: str) -> Iterator[Explanation | None]:
        """What lenders have billed to a company, where it has any."""
        if not self.stores.setup.lenders(company):
            return
        from project_invoicing.use_cases.explain.vendor_invoices import explain_vendor_invoices  # noqa: PLC0415 - few

        yield from explain_vendor_invoices(self.stores, company, self.asked)

    def by_voucher(self) -> Iterator[Explanation | None]:
        """By key. What an earlier version stored is searched for until ``fill-lists`` has run: seconds per gigabyte.

        Only where some company's voucher numbers have this form.
        """
        stores, voucher = self.stores, self.asked
        if not any(self._numbers(company) for company in self.companies):
            return
        self.looked += ["the ledger", "the lines of the journals"]
        keys = {
            company: document_with(stores.journals, stores.proposals, stores.setup, company, voucher)
            for company in self.companies
        }
        for company, of in keys.items():
            if of:
                yield explain_voucher(stores, of[0], company, of[1], voucher)
        if any(keys.values()) or stores.lists.complete():
            return
        found = [one for one in stores.ledger.documents_with(voucher) if one[1] in self.companies]
        for source, company, document in found:
            yield explain_voucher(stores, source, company, document, voucher)
        posted = {(company, document) for _, company, document in found}
        for company, journal in stores.journals.with_voucher(voucher):
            if company in self.companies and (company, journal) not in posted:
                yield explain_voucher(stores, JOURNAL, company, journal, voucher)

    def by_correction(self) -> Iterator[Explanation | None]:
        from project_invoicing.use_cases.explain.corrections import explain_correction_journal  # noqa: PLC0415 - rare

        self.looked.append("the correction journals")
        for company in self.companies:
            yield _readable(
                "correction journal", self.asked, explain_correction_journal, self.stores, company, self.asked
            )

    def _numbers(self, company: str) -> bool:
        """Whether ``asked`` has the form of one of the company's voucher numbers."""
        formats = self.stores.setup.number_sequences(company).vouchers().values()
        forms = (re.escape(format_number(one, 0, company)).replace("0", "[0-9]") for one in formats)
        return any(re.fullmatch(form.replace("[0-9]", "[0-9]+", 1), self.asked) for form in forms)


def _readable(
    kind: str, id: str, look: Callable[P, Explanation | None], *args: P.args, **kwargs: P.kwargs
) -> Explanation | None:
    """``look()``; for something that cannot be read, the explanation that it exists, and what to do."""
    found = guarded(kind, id, look, *args, **kwargs)
    if not isinstance(found, Defect):
        return found
    made = Explanation(kind, id, None, f"{kind.capitalize()} that is there and cannot be read ({found.name})")
    made.happened(f"was set aside: {found}")
    made.advise_on(WaitReason.DEFECT)
    return made


def explain(stores: Stores, asked: str, company: str | None = None, only: frozenset[str] | None = None) -> Entry:
    """Everything known about what has this id or number, in ``company`` or in all of them.

    With ``only``, nothing but what is of these companies: the same answer as for what is not there.

        {"id", "found": [explanation, …], "looked_in": [text, …], "next": [text, …]}

    with explanations as ``Explanation.row`` returns them. ``asked`` is the GUID of an actual, a proforma or a
    connection or a row of master data, or the number of a document, a customer, a contract, a project …; every hit is
    explained. Without a hit, ``looked_in`` says where it was looked for and ``next`` what that can mean.
    """
    asked = str(whole(asked.strip()))
    companies = [company] if company else list(stores.setup.document.companies)
    search = _Search(stores, asked, [one for one in companies if only is None or one in only])
    id = guid(asked)
    hits = [made for made in (search.by_id(id) if id else search.by_number()) if made]
    if not hits and not id:
        hits = [made for made in search.by_voucher() if made] or [made for made in search.by_correction() if made]
    if company:
        hits = [made for made in hits if made.company in (company, None)]
    if only is not None:
        hits = [made for made in hits if made.company in only]
    return {
        "id": asked,
        "found": [made.row() for made in hits],
        "looked_in": search.looked,
        "next": [] if hits else _not_found(asked, is_id=bool(id)),
    }


def _not_found(asked: str, *, is_id: bool) -> list[str]:
    if not is_id:
        return [
            "check the number, and the company if one was named",
            "a row of master data that cannot be used has no number: see `invoicing master list --problems`",
            "a proforma becomes a proposal when it is confirmed, under the number that it has in Dataverse",
            "a proforma that was rejected is kept under its id: explain that",
            "an invoice and its voucher get their numbers when they are posted: explain the proposal",
        ]
    return [
        "it was never received: neither accepted nor rejected",
        "see in Dataverse whether it exists and has Skip Sync: what finance creates itself is not sent, or is skipped",
        "a transaction connection that was accepted stands on its actual: explain that",
        "see whether the change-tracking sweep has run since it was made",
        f"fetch it: `invoicing reconcile --repair {asked}`",
    ]
