"""Customers, contracts, projects and what belongs to them, by the company that owns them and their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import BillingMethod
from project_invoicing.domain.master_data import GLOBAL, NAMED, SPLIT_RULE, ChildrenKey, Key, NameKey, Part, RowKey
from project_invoicing.domain.master_row import name_blocker
from project_invoicing.setup.effective import (
    NO_DOCUMENT,
    Columns,
    Contract,
    ContractLine,
    Customer,
    CustomerDocument,
    Found,
    Layer,
    Missing,
    Named,
    Product,
    Project,
    Sourced,
    Worker,
)
from project_invoicing.setup.indexes.references import ReferenceLookups, look_up
from project_invoicing.setup.models import master_data as entries
from project_invoicing.setup.models.dimensions import Worker as WorkerEntry
from project_invoicing.setup.models.row import SetupRow

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_ENTRIES: Final[Mapping[Part, type[SetupRow]]] = {
    Part.CUSTOMERS: entries.Customer,
    Part.CONTRACTS: entries.Contract,
    Part.CONTRACT_LINES: entries.ContractLine,
    Part.PROJECTS: entries.Project,
    Part.PRODUCTS: entries.Product,
    Part.WORKERS: WorkerEntry,
    Part.ON_ACCOUNT_TRANSACTIONS: entries.OnAccountTransaction,
}
"""How finance's own columns are written: as an entry of the document."""

_OF_DOCUMENTS: Final = tuple(one.name for one in fields(CustomerDocument))


class _Entry:
    """Everything known under one name: the columns by layer, the row that has the name, and what was made of it."""

    __slots__ = ("columns", "made", "row")

    def __init__(self, columns: Columns, row: Reference | None) -> None:
        self.columns = columns
        self.row = row
        self.made: Any = None

    def __getitem__(self, column: str) -> Any:
        found = self.columns.get(column)
        return found.value if found else None


class MasterDataLookups(ReferenceLookups):
    """Each column from the first layer that gives it: finance, row, document, default (D-093)."""

    def project(self, company: str | None, name: str | None) -> Project | None:
        found = self._known(Part.PROJECTS, company, name)
        if found and found.made is None:
            found.made = Project(
                company=str(company),
                contract=found["contract"],
                group=found["group"],
                sales_tax_group=found["sales_tax_group"],
                open=found["open"] is not False,
                dimensions=found["dimensions"] or _NOTHING,
                row=found.row,
                investment=bool(found["investment"]),
            )
        return found.made if found else None

    def contract(self, company: str | None, name: str | None) -> Contract | None:
        found = self._known(Part.CONTRACTS, company, name)
        if found and found.made is None:
            found.made = Contract(
                company=str(company),
                customer=found["customer"],
                currency=found["currency"],
                sales_tax_group=found["sales_tax_group"],
                fixed_exchange_rate=found["fixed_exchange_rate"],
                terms_of_payment=found["terms_of_payment"],
                row=found.row,
            )
        return found.made if found else None

    def contract_line(self, company: str | None, name: str | None) -> ContractLine | None:
        found = self._known(Part.CONTRACT_LINES, company, name)
        if found and found.made is None:
            method = BillingMethod(found["billing_method"] or BillingMethod.TIME_AND_MATERIAL)
            found.made = ContractLine(found["contract"], method, found["dimensions"] or _NOTHING)
        return found.made if found else None

    def customer(self, company: str | None, name: str | None) -> Customer | None:
        found = self._known(Part.CUSTOMERS, company, name)
        if found and found.made is None:
            found.made = Customer(
                name=found["name"] or "",
                group=found["group"],
                sales_tax_group=found["sales_tax_group"],
                terms_of_payment=found["terms_of_payment"],
                on_hold=bool(found["on_hold"]),
                dimensions=found["dimensions"] or _NOTHING,
                row=found.row,
                document=_document_of(found),
            )
        return found.made if found else None

    def product(self, name: str | None) -> Product | None:
        found = self._known(Part.PRODUCTS, "", name)
        return Product(found["item_sales_tax_group"]) if found else None

    def worker(self, company: str, name: str | None) -> Worker | None:
        found = self._known(Part.WORKERS, company, name)
        return Worker(found["dimensions"] or _NOTHING) if found else None

    def on_account_transaction(self, company: str, milestone: Reference) -> entries.OnAccountTransaction | None:
        """What finance has set for a milestone; ``None`` for one that has not arrived, or was deleted (OAT-04)."""
        part = Part.ON_ACCOUNT_TRANSACTIONS
        seen = self.view.name(part, company, milestone.id)
        if seen is None or seen.id is None or seen.deleted:
            return None
        return entries.OnAccountTransaction.read(seen.finance)

    def source_of(self, part: Part, company: str, number: str) -> Columns:
        """Every column known of one name with the layer that gave it; empty where nothing is known."""
        found = self._known(part, company, number)
        if found is None:
            return {}
        if part is Part.PROJECTS and found.row and self.view.has(ChildrenKey(found.row.id)):
            of_lines = self._contracts_of_lines(found.row)
            if len(of_lines) == 1 and not _is_own(found.columns.get("contract")):
                return {**found.columns, "contract": Sourced(of_lines[0], Layer.ROW)}
        return found.columns

    def keys_of(self, part: Part, company: str, number: str) -> tuple[Key, ...]:
        """What the view is asked for a name: to be read before the rules run.

        The rows by id are asked only where no row has the name, for those that the document's ``references`` name.
        """
        ids = self.ids_of(part, number) if part in NAMED else ()
        return (_name_key(part, company, number), *(RowKey(one.entity, one.id) for one in ids))

    def passed_on(self, part: Part, company: str | None, name: str | None) -> tuple[Reference, ...]:
        """The rows that have or had a name, if some row has left it: work on drafts may be that of any of them.

        None where the name has been one row's alone, or nobody's.
        """
        if not name or company is None:
            return ()
        key = _name_key(part, company, name)
        seen = self.view.name(key.part, key.company, key.number)
        if seen is None or not seen.former:
            return ()
        holder = [Reference(seen.entity, seen.id)] if seen.entity and seen.id else []
        return (*holder, *(Reference(entity, id) for entity, id in seen.former))

    def names_of(self, part: Part, company: str, name: str | None) -> tuple[str, ...]:
        """The numbers by which the policy may name something: its own, then those that its row had before (D-156).

        What is no work of the ``company`` is that of a company which it lends to.
        """
        if not name:
            return ()
        lent = (terms.borrower for terms in self.document.intercompany if terms.lender == company)
        for of_company in (company, *lent):
            key = _name_key(part, of_company, name)
            seen = self.view.name(key.part, key.company, key.number) if self.view.has(key) else None
            if seen and seen.id:
                return (name, *seen.earlier)
        return (name,)

    def is_row(self, part: Part, company: str, name: str) -> bool:
        """Whether a row has the name."""
        found = self._known(part, company, name)
        return found is not None and found.row is not None

    def lead(
        self, named: Named | None, company: str | None = None, *, deleted_too: bool = False
    ) -> Found | Missing | None:
        """What other master data a column names: by its row, or by the name that finance gave it."""
        if named is None:
            return None
        if isinstance(named, str):
            return Found(named, company)
        return self.find(named.entity, named.id, deleted_too=deleted_too)

    def contract_of_project(self, company: str, name: str) -> Found | Missing | None:
        """The contract of a project: finance's, the row's own, else the one that all its contract lines name.

        The document's comes last. Lines of several contracts name none: then the actual must.
        """
        found = self._known(Part.PROJECTS, company, name)
        if found is None:
            return None
        if found.row and not _is_own(found.columns.get("contract")):
            of_lines = self._contracts_of_lines(found.row)
            if of_lines:
                return self.lead(of_lines[0]) if len(of_lines) == 1 else None
        if isinstance(found["contract"], str):
            return self._contract_named(company, found["contract"], name)
        return self.lead(found["contract"])

    def _contract_named(self, company: str, name: str, project: str) -> Found | Missing:
        """A contract by the name that finance gave it: it must be there, and whole."""
        contract, entry = self.contract(company, name), self.document.contracts.get(name)
        what, blocker = f"contract {name} of project {project}", name_blocker(NameKey(Part.CONTRACTS, company, name))
        if contract is None:
            of_another = entry.company if entry else None
            return Found(name, of_another) if of_another else Missing(what, f"is not known in {company}", blocker)
        if contract.row is None and entry and entry.lacking:
            lacking = f"has not arrived, and its entry in contracts lacks {' and '.join(entry.lacking)}"
            return Missing(what, lacking, blocker)
        return Found(name, company)

    def _contracts_of_lines(self, project: Reference) -> list[Reference]:
        children = self.view.children(project.id)
        rows = children.rows.items() if children else ()
        contracts = (look_up(columns.get("contract")) for (entity, _), columns in rows if entity != SPLIT_RULE)
        return list({one.id: one for one in contracts if one}.values())

    def customer_of_contract(
        self, company: str | None, name: str | None, *, deleted_too: bool = False
    ) -> Found | Missing | None:
        contract = self.contract(company, name)
        return self.lead(contract.customer, company, deleted_too=deleted_too) if contract else None

    def currency_of_contract(
        self, company: str | None, name: str | None, *, deleted_too: bool = False
    ) -> Found | Missing | None:
        contract = self.contract(company, name)
        return self.lead(contract.currency, deleted_too=deleted_too) if contract else None

    def project_group(self, company: str | None, project: str | None, method: BillingMethod) -> str | None:
        """The group of a project, else the default of its company for the billing method of the work."""
        found = self.project(company, project)
        if found is None:
            return None
        return found.group or self.document.defaults.project_groups.get(found.company, {}).get(method)

    def _known(self, part: Part, company: str | None, name: str | None) -> _Entry | None:
        if not name or company is None:
            return None
        asked = (part, company, name)
        if asked not in self._entries:
            merged = self._merged(part, company, name)
            if not self._is_read(part, company, name):
                return merged
            self._entries[asked] = merged
        return self._entries[asked]

    def _is_read(self, part: Part, company: str, name: str) -> bool:
        """Whether the view had all that was asked of it; one that only notes what is asked has not."""
        key = _name_key(part, company, name)
        if not self.view.has(key):
            return False
        seen = self.view.name(key.part, key.company, key.number)
        return bool(seen and seen.id) or all(self.view.has(one) for one in self.keys_of(part, company, name))

    @cached_property
    def _entries(self) -> dict[tuple[Part, str, str], _Entry | None]:
        """Answers already given to this view: thousands of lines name the same few projects."""
        return {}

    def _merged(self, part: Part, company: str, name: str) -> _Entry | None:
        key = _name_key(part, company, name)
        seen = self.view.name(key.part, key.company, key.number)
        row, of_row = self._row_of(part, company, name)
        names = (name, *(seen.earlier if seen else ()))
        entry = next((entry for one in names if (entry := self._entry_of(part, company, one))), None)
        finance = self._of_finance(part, seen.finance if seen else _NOTHING)
        if entry is None and row is None and not finance:
            return None
        merged: dict[str, Sourced] = {}
        layers = ((Layer.FINANCE, finance), (Layer.ROW, self._of_row(of_row)), (Layer.DOCUMENT, _given(entry)))
        for layer, columns in layers:
            for column, value in columns.items():
                if value is not None:
                    merged.setdefault(column, Sourced(value, layer))
        for column, value in self._defaults(part, company, merged):
            if value is not None:
                merged.setdefault(column, Sourced(value, Layer.DEFAULT))
        return _Entry(merged, row)

    def _row_of(self, part: Part, company: str, name: str) -> tuple[Reference | None, Mapping[str, Any]]:
        """The row that has a name, else one that the document gives this name to."""
        key = _name_key(part, company, name)
        seen = self.view.name(key.part, key.company, key.number)
        if seen and seen.entity and seen.id:
            return Reference(seen.entity, seen.id), seen.columns
        for one in self.ids_of(part, name):
            row = self._row(one.entity, one.id)
            if row and row.company in (None, key.company):
                return one, row.columns
        return None, _NOTHING

    def _entry_of(self, part: Part, company: str, name: str) -> SetupRow | None:
        """The document's entry, where it is one of the company: its own company is that, or is not given."""
        document = self.document
        match part:
            case Part.CUSTOMERS:
                return document.customers.get(company, {}).get(name)
            case Part.WORKERS:
                return document.workers.get(company, {}).get(name)
            case _:
                entry: SetupRow | None = self._entry(part, name)
                return entry if self._company_written(part, name) in (None, company) else None

    def _of_finance(self, part: Part, columns: Mapping[str, Any]) -> Mapping[str, Any]:
        """Finance's own columns, as an entry of the document would have them."""
        model = _ENTRIES[part]
        known = {column: value for column, value in columns.items() if model.has(column)}
        return _given(model.read(known)) if known else _NOTHING

    def _of_row(self, columns: Mapping[str, Any]) -> Mapping[str, Any]:
        return {column: self._value(column, value) for column, value in columns.items()}

    def _value(self, column: str, value: Any) -> Any:
        """A column of a row as the rules take it: look-ups as references, groups and terms by their names."""
        reference = look_up(value)
        if column in ("group", "terms_of_payment"):
            value = reference.name if reference else value
            return self.terms_known(value) if column == "terms_of_payment" else value
        return reference or value

    def terms_known(self, value: object) -> str | None:
        """The terms of payment that a value of Dataverse stands for; ``None`` if the policy has none such (D-096)."""
        name = self.document.defaults.terms.get(str(value), str(value))
        return name if name in self.document.terms_of_payment else None

    def _defaults(self, part: Part, company: str, merged: Columns) -> Iterator[tuple[str, Any]]:
        defaults = self.document.defaults
        if part is Part.CUSTOMERS and (group := merged.get("group")):
            of_group = defaults.customer_groups.get(company, {}).get(group.value)
            yield from _given(of_group).items()
        elif part is Part.PRODUCTS:
            yield "item_sales_tax_group", defaults.products.item_sales_tax_group


def _document_of(customer: _Entry) -> CustomerDocument:
    if customer.columns.keys().isdisjoint(_OF_DOCUMENTS):
        return NO_DOCUMENT
    return CustomerDocument(**{name: customer[name] for name in _OF_DOCUMENTS})


def _is_own(contract: Sourced | None) -> bool:
    """Whether finance or the project's own row names the contract: then its contract lines are not asked."""
    return contract is not None and contract.layer is not Layer.DOCUMENT


def _given(entry: SetupRow | None) -> Mapping[str, Any]:
    """The values that an entry gives, without those that it leaves to the model."""
    return {name: getattr(entry, name) for name in entry.given} if entry else _NOTHING


def _name_key(part: Part, company: str, number: str) -> NameKey:
    return NameKey(part, "" if part in GLOBAL else company, number)
