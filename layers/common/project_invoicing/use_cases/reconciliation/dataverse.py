"""Everything that Dataverse has, held against what was received. No age limit: every row, read page by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID

from project_invoicing.chunks import chunks
from project_invoicing.dataverse.api import DataverseApi, FoundRow
from project_invoicing.dataverse.found_rows import STATUS, columns_of, inbound_maps, row_event_of
from project_invoicing.dataverse.mapping import invoice_write_back, to_actual, to_connection, to_proforma
from project_invoicing.dataverse.maps import ACTUAL, CONNECTION, INVOICE_STATUSES, PROFORMA, table_maps
from project_invoicing.domain.actual import Actual, Connection, Proforma, Reference
from project_invoicing.domain.codes import (
    BillingType,
    ProposalStatus,
    RowState,
    StagingState,
    TransactionType,
    WriteBackState,
)
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.reconciliation import Check, Difference, Repair, Tally, digest_of, figure
from project_invoicing.domain.text import decimal
from project_invoicing.errors import Rejected
from project_invoicing.rules.figures import Figures
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.store.staged_rows import links_of
from project_invoicing.use_cases.reconciliation.books import Books, Watch, id_bytes, is_chargeable, link_key

T = TypeVar("T", Actual, Proforma)

_FROM_CONFIRMED_ON: Final = frozenset({"confirmed", "invoice_paid", "posted"})
CHUNK: Final = 500
"""Rows that are read again at a time."""


def changed_fields(stored: T, found: T) -> dict[str, tuple[Any, Any]]:
    """What differs between two versions of a row, by field; the names that look-ups may carry do not count."""

    def bare(value: Any) -> Any:
        return (value.entity, value.id) if isinstance(value, Reference) else value

    pairs = ((f.name, getattr(stored, f.name), getattr(found, f.name)) for f in fields(stored) if f.name != "version")
    return {name: (before, now) for name, before, now in pairs if bare(before) != bare(now)}


class _Names:
    """What the maps call the columns that are compared."""

    def __init__(self) -> None:
        self.actual = {column.field: column.column for column in table_maps()["actuals"].columns}
        self.told = {column.field: column.column for column in table_maps()["actuals_write_back"].columns}
        self.invoice = {column.field: column.column for column in table_maps()["invoices"].columns}
        states = (column for column in table_maps()["invoices"].columns if column.field == "state")
        self.invoice_states = dict(next(states).codes or {})
        codes = table_maps()["actuals"].columns
        self.codes = {column.field: dict(column.codes or {}) for column in codes}

    def of_actuals(self) -> list[str]:
        wanted = ("skip_sync", "transaction_type", "billing_type", "amount", "invoice", "currency")
        return [*(self.actual[name] for name in wanted), *self.told.values()]

    def of_invoices(self) -> list[str]:
        told = [column.column for column in table_maps()["invoices_write_back"].columns]
        wanted = ("number", "total", "currency", "state")
        return list(dict.fromkeys([*(self.invoice[name] for name in wanted), STATUS, *told]))


@dataclass(slots=True)
class AgainstDataverse:
    """The checks of ``domain.reconciliation.AGAINST_DATAVERSE``. ``books`` were read before."""

    api: DataverseApi
    books: Books
    checks: Mapping[str, Check]
    watch: Watch
    at: str
    names: _Names = field(default_factory=_Names)
    _theirs: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    _held_back: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    _kept: dict[str, set[str]] = field(default_factory=dict)
    _missing: list[str] = field(default_factory=list)
    _newer: list[str] = field(default_factory=list)
    _untold: list[str] = field(default_factory=list)

    def read(self) -> None:
        """Raises ``OutOfTime``, and what the port raises."""
        unseen = {id for id, known in self.books.known.items() if known.counts}
        for found in self.watch.over("actuals of Dataverse", self.api.every(ACTUAL, self.names.of_actuals())):
            self._looked_at(found, lambda one: self._seen(one, unseen))
        for chunk in chunks(self._missing, CHUNK):
            self._confirm_missing(chunk)
        for chunk in chunks(self._newer, CHUNK):
            self._confirm_newer(chunk)
        for chunk in chunks(self._untold, CHUNK):
            self._confirm_told(chunk)
        self._gone(unseen)
        for found in self.watch.over("connections of Dataverse", self.api.every(CONNECTION, columns_of(CONNECTION))):
            self._looked_at(found, self._connection)
        for found in self.watch.over("invoices of Dataverse", self.api.every(PROFORMA, self.names.of_invoices())):
            self._looked_at(found, self._invoice)

    def _looked_at(self, found: FoundRow, look: Callable[[FoundRow], None]) -> None:
        """Looks at a row of Dataverse. One that cannot be compared is a difference, and stops no other."""
        made = guarded(found.entity, found.id, look, found)
        if isinstance(made, Defect):
            detail = f"cannot be compared ({made.name})"
            self.checks["not_received"].differs(Difference(found.entity, found.id, detail))

    def _seen(self, found: FoundRow, unseen: set[bytes]) -> None:
        unseen.discard(id_bytes(found.id))
        self._actual(found)

    def _invoice(self, found: FoundRow) -> None:
        if INVOICE_STATUSES.get(found.row.get(STATUS, 0)) in _FROM_CONFIRMED_ON or self._is_canceled(found):
            self._proforma(found)

    # Actuals

    def _actual(self, found: FoundRow) -> None:
        check, row = self.checks["not_received"], found.row
        known = self.books.known.get(id_bytes(found.id))
        if row.get(self.names.actual["skip_sync"]) not in (None, False, 0):
            check.count("actuals with Skip Sync")
            if known and known.counts:
                self._newer.append(found.id)
            return
        check.count("actuals of Dataverse")
        self._tally(found, self._theirs)
        if known is None:
            if (ACTUAL, found.id) in self.books.rejected:
                check.count("actuals rejected")
            elif self._waits_for_map(ACTUAL, found.id):
                self._tally(found, self._held_back)
            else:
                self._missing.append(found.id)
            return
        check.count("actuals staged")
        newer = found.version is not None and (known.version is None or found.version > known.version)
        if newer and not self._waits_for_map(ACTUAL, found.id):
            self._newer.append(found.id)
        if known.written is not None and known.written != self._written(row):
            self._untold.append(found.id)

    def _waits_for_map(self, entity: str, id: str) -> bool:
        """Whether it has come, and is kept until its table map is resumed. What is kept is read at the first miss."""
        if entity not in self._kept:
            name = inbound_maps()[entity].name
            self._kept[entity] = {str(event.detail["id"]) for _, event in self.books.stores.maps.kept(name)}
        waits = id in self._kept[entity]
        if waits:
            self.checks["not_received"].count(f"rows of {entity} that wait for a paused table map")
        return waits

    def _tally(self, found: FoundRow, tallies: dict[str, Tally]) -> None:
        row, names = found.row, self.names
        kind = names.codes["transaction_type"].get(row.get(names.actual["transaction_type"], 0))
        invoice = row.get(names.actual["invoice"])
        if kind == TransactionType.BILLED_SALES and invoice:
            code = row.get(names.actual["billing_type"])
            billing = names.codes["billing_type"].get(code or 0, BillingType.NOT_SPECIFIED)
            amount = _decimal(row.get(names.actual["amount"])) or Decimal(0)
            id = invoice["id"] if isinstance(invoice, Mapping) else str(invoice)
            tallies[id].add(found.id, amount, chargeable=is_chargeable(billing))

    def _written(self, row: Mapping[str, Any]) -> bytes:
        told = self.names.told
        amounts = ("accounting_amount", "exchange_rate", "sales_tax_amount")
        voucher = row.get(told["voucher"])
        return digest_of(voucher, *(_decimal(row.get(told[name])) for name in amounts))

    def _confirm_missing(self, ids: list[str]) -> None:
        """Those that have not come meanwhile, with what they are worth."""
        self._kept.pop(ACTUAL, None)
        left = [id for id in ids if not self._waits_for_map(ACTUAL, id)]
        staging = self.books.stores.staging
        arrived = staging.readable(left)
        left = [id for id in left if id not in arrived and not any(staging.rejections(ACTUAL, id))]
        for found in self.api.rows(ACTUAL, left, columns_of(ACTUAL)):
            kind = self.names.codes["transaction_type"].get(found.row.get(self.names.actual["transaction_type"], 0))
            amount, currency = self._money(found)
            detail = f"{str(kind or 'actual').replace('_', ' ')} that was never received"
            self._differs("not_received", ACTUAL, found.id, detail, amount, currency)

    def _money(self, found: FoundRow) -> tuple[Decimal | None, str | None]:
        reference = found.row.get(self.names.actual["currency"])
        id = reference["id"] if isinstance(reference, Mapping) else reference
        currency = self.books.setup.resolve("transactioncurrency", str(id)) if id else None
        return _decimal(found.row.get(self.names.actual["amount"])), currency

    def _confirm_newer(self, ids: list[str]) -> None:
        """Those with another value in a column that is read: a write-back makes a version that says nothing new."""
        check, stored = self.checks["differs_from_dataverse"], self.books.stores.staging.readable(ids)
        for found in self.api.rows(ACTUAL, ids, columns_of(ACTUAL)):
            try:
                actual = to_actual(row_event_of(found, self.at))
            except Rejected as rejected:
                if not any(self.books.stores.staging.rejections(ACTUAL, found.id)):
                    self._differs("differs_from_dataverse", ACTUAL, found.id, f"would be rejected: {rejected.detail}")
                continue
            row = stored.get(found.id)
            changed = changed_fields(row.actual, actual) if row else {}
            if row is None or not changed:
                check.count("newer versions that say the same")
                continue
            texts = (f"{name} {_text(before)} -> {_text(now)}" for name, (before, now) in changed.items())
            off = actual.amount - row.actual.amount
            detail = f"{', '.join(texts)}; staging has version {row.actual.version.number}, Dataverse {found.version}"
            _, currency = self._money(found)
            self._differs("differs_from_dataverse", ACTUAL, found.id, detail, off, currency, row.company)

    def _confirm_told(self, ids: list[str]) -> None:
        check, told = self.checks["write_back_differs"], self.names.told
        stored = self.books.stores.staging.readable(ids)
        for found in self.api.rows(ACTUAL, ids, list(told.values())):
            row = stored.get(found.id)
            if row is None:
                continue
            ours = {name: getattr(row, name) for name in ("accounting_amount", "exchange_rate", "sales_tax_amount")}
            theirs = {name: _decimal(found.row.get(told[name])) for name in ours}
            texts = [
                f"{name} {figure(ours[name])}, not {figure(theirs[name]) or 'empty'}"
                for name in ours
                if figure(ours[name]) != figure(theirs[name])
            ]
            if found.row.get(told["voucher"]) != row.voucher:
                texts.append(f"voucher {row.voucher}, not {found.row.get(told['voucher']) or 'empty'}")
            if texts:
                off = (theirs["accounting_amount"] or Decimal(0)) - (row.accounting_amount or Decimal(0))
                company = self.books.setup.company(row.company) if row.company else None
                currency = company.accounting_currency if company else None
                detail = f"Dataverse should have {'; '.join(texts)}"
                check.differs(Difference(ACTUAL, found.id, detail, row.company, off, currency, Repair.WRITE_BACK))

    def _gone(self, unseen: set[bytes]) -> None:
        """Staged actuals that Dataverse does not list, asked for once more by their ids."""
        staging = self.books.stores.staging
        for chunk in chunks((str(UUID(bytes=id)) for id in unseen), CHUNK):
            there = {found.id for found in self.api.rows(ACTUAL, chunk, [self.names.actual["amount"]])}
            for row in staging.readable(id for id in chunk if id not in there).values():
                if row.state not in (StagingState.INVALID, StagingState.SKIPPED):
                    currency = row.actual.currency
                    code = self.books.setup.resolve(currency.entity, currency.id) if currency else None
                    detail = f"is {row.state} here; nobody can be billed for what Dataverse does not have"
                    self.checks["not_in_dataverse"].differs(
                        Difference(ACTUAL, row.id, detail, row.company, row.actual.amount, code)
                    )

    # Connections and proformas

    def _connection(self, found: FoundRow) -> None:
        check = self.checks["not_received"]
        try:
            connection = to_connection(row_event_of(found, self.at))
        except Rejected as rejected:
            if (CONNECTION, found.id) in self.books.rejected:
                check.count("connections rejected")
            else:
                self._differs("not_received", CONNECTION, found.id, f"would be rejected: {rejected.detail}")
            return
        if connection is None:
            return
        check.count("connections of Dataverse")
        if link_key(connection.actual_id, connection.role, connection.linked_id) in self.books.links:
            check.count("connections known")
        elif not self._waits_for_map(CONNECTION, found.id) and not self._linked_by_now(connection):
            detail = f"{connection.actual_id} has no link '{connection.role}' to {connection.linked_id}"
            self._differs("not_received", CONNECTION, found.id, detail)

    def _linked_by_now(self, connection: Connection) -> bool:
        """Linked as it is read again; or by a newer connection of the same role, which outdoes this one."""
        item = self.books.stores.staging.item(connection.actual_id) or {}
        return f"l_{connection.role}_{connection.id[:8]}" in item or (
            links_of(item).get(connection.role) == connection.linked_id
        )

    def _proforma(self, found: FoundRow) -> None:
        check = self.checks["not_received"]
        header = self.books.proposals.get(found.id) or self.books.stores.proposals.get(found.id)
        canceled = self._is_canceled(found)
        if canceled and (header is None or header.status is ProposalStatus.CANCELED):
            check.count("proformas of Dataverse that are canceled")
            return
        check.count("proformas of Dataverse")
        currency = self._currency_of(found)
        total = _decimal(found.row.get(self.names.invoice["total"]))
        if header is None:
            if (PROFORMA, found.id) in self.books.rejected:
                check.count("proformas rejected")
            elif not self._waits_for_map(PROFORMA, found.id):
                number = found.row.get(self.names.invoice["number"])
                self._differs(
                    "not_received", PROFORMA, found.id, f"proforma {number} that was never received", total, currency
                )
            return
        check.count("proformas known")
        newer = found.version is not None and found.version > (header.proforma.version.number or 0)
        if header.status is ProposalStatus.WAITING and newer and not self._waits_for_map(PROFORMA, found.id):
            self._newer_header(found.id, header)
        elif canceled != header.proforma.canceled and newer and not self._waits_for_map(PROFORMA, found.id):
            now = "canceled" if canceled else "no longer canceled"
            detail = f"{header.number} is {now} in Dataverse, and {header.status} here"
            self._differs("differs_from_dataverse", PROFORMA, found.id, detail, company=header.company)
        self._compare(found, header, total, currency)
        invoice = self.books.invoices.get(found.id)
        if invoice and invoice.posted:
            self._told_of_invoice(found, invoice)

    def _is_canceled(self, found: FoundRow) -> bool:
        return self.names.invoice_states.get(found.row.get(self.names.invoice["state"], 0)) == RowState.CANCELED

    def _newer_header(self, id: str, header: Proposal) -> None:
        """A header that waits still takes what Dataverse says; a complete one keeps what its lines were built from."""
        for found in self.api.rows(PROFORMA, [id], columns_of(PROFORMA)):
            try:
                changed = changed_fields(header.proforma, to_proforma(row_event_of(found, self.at)))
            except Rejected as rejected:
                if (PROFORMA, id) not in self.books.rejected:
                    detail = f"{header.number} would be rejected: {rejected.detail}"
                    self._differs("differs_from_dataverse", PROFORMA, id, detail, company=header.company)
                return
            texts = (f"{name} {_text(before)} -> {_text(now)}" for name, (before, now) in changed.items())
            if changed:
                detail = f"{header.number}: {', '.join(texts)}"
                self._differs("differs_from_dataverse", PROFORMA, id, detail, company=header.company)

    def _currency_of(self, found: FoundRow) -> str | None:
        reference = found.row.get(self.names.invoice["currency"])
        id = reference["id"] if isinstance(reference, Mapping) else reference
        return self.books.setup.resolve("transactioncurrency", str(id)) if id else None

    def _compare(self, found: FoundRow, header: Proposal, total: Decimal | None, currency: str | None) -> None:
        """Its billed sales here and there, and what its lines come to against its total (INV-05, INV-06)."""
        check = self.checks["proformas"]
        check.count("proformas compared")
        money = Figures(self.books.setup).money
        ours, theirs = self.books.tallies[found.id] + self._held_back[found.id], self._theirs[found.id]
        rounded, billed = self.books.rounded[found.id], theirs.amount - ours.discount
        if (ours.rows, ours.amount, ours.checksum) != (theirs.rows, theirs.amount, theirs.checksum):
            detail = f"{header.number}: Dataverse has {theirs.text}, staging {ours.text}"
            off = theirs.amount - ours.amount
            self._differs("proformas", PROFORMA, found.id, detail, off, currency, header.company)
        elif total is not None and header.subtotal is not None and header.subtotal not in (total, total + rounded):
            made, said = (money(amount, currency) for amount in (header.subtotal, total))
            detail = f"{header.number}: its lines come to {made}, Dataverse's total is {said}"
            off = total - header.subtotal
            self._differs("proformas", PROFORMA, found.id, detail, off, currency, header.company)
        elif total is not None and header.subtotal is None and total not in (billed, billed + rounded):
            less = f" less discounts of {money(ours.discount, currency)}" if ours.discount else ""
            said = money(total, currency)
            detail = f"{header.number}: Dataverse's total is {said}, its billed sales {theirs.text}{less}"
            off = total - billed
            self._differs("proformas", PROFORMA, found.id, detail, off, currency, header.company)

    def _told_of_invoice(self, found: FoundRow, invoice: Invoice) -> None:
        """Number, date, status and tax of the invoice in Dataverse (WB-07)."""
        state, answer = self.books.stores.told(invoice.company, invoice.invoice_number)
        if state is not WriteBackState.DONE:
            failed = state is WriteBackState.FAILED
            name = "write_back_failed" if failed else "write_back_unfinished"
            detail = f"invoice {invoice.invoice_number}: " + (f"Dataverse says: {answer}" if failed else "not told yet")
            self._differs(name, PROFORMA, found.id, detail, None, None, invoice.company, Repair.WRITE_BACK)
            return
        ours = invoice_write_back(
            invoice_number=invoice.invoice_number,
            invoice_date=invoice.invoice_date.isoformat(),
            sales_tax_amount=invoice.sales_tax,
        )
        wrong = [
            f"{name} {_text(value)}, not {found.row.get(name)}"
            for name, value in ours.items()
            if not _same(value, found.row.get(name))
        ]
        if wrong:
            detail = f"invoice {invoice.invoice_number}: Dataverse should have {'; '.join(wrong)}"
            self._differs(
                "write_back_differs", PROFORMA, found.id, detail, None, None, invoice.company, Repair.WRITE_BACK
            )

    def _differs(
        self,
        check: str,
        entity: str,
        id: str,
        detail: str,
        amount: Decimal | None = None,
        currency: str | None = None,
        company: str | None = None,
        repair: Repair = Repair.FETCH,
    ) -> None:
        self.checks[check].differs(Difference(entity, id, detail, company, amount, currency, repair))


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else decimal(str(value))


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, Decimal):
        return figure(ours) == figure(_decimal(theirs))
    if isinstance(ours, str) and isinstance(theirs, str):
        return theirs.startswith(ours)  # a date may come back as an instant
    return bool(ours == theirs)


def _text(value: Any) -> str:
    if isinstance(value, Reference):
        return value.id
    return figure(value) if isinstance(value, Decimal) else str(value)
