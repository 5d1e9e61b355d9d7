"""The short form of scenario lines: what a project manager does, made into rows by the stand-in for Dataverse.

    {"at": …, "approve": {"project": "PRJ-1", "hours": 8, "price": 200, "cost": 100}}
    {"at": …, "confirm": "INV-0001"}

The stand-in records actuals, connections and the proforma as it does in ``invoicing demo``; what its webhook would send
are the lines that run. Master data stays what the scenario says: names lead to the ids that ``references`` or earlier
rows of Dataverse give them. Ids, and so the books, are the same in every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from dataverse_standin import HttpHeader, Post, Rows, Step, Webhooks
from dataverse_standin.business import BillingMethod, Business, Engagement, Refused, TransactionClass, TransactionType
from dataverse_standin.business import contracts as standin_contracts
from dataverse_standin.business import master_data as standin_master
from dataverse_standin.business.actuals import is_open_sale
from dataverse_standin.business.milestones import ready_of
from dataverse_standin.rows import Lookup
from local.scenario_lines import Approve, ApproveLine, Confirm, ConfirmLine, DataverseLine, ShortLine
from operate.documents import exact_json
from operate.invalid_input import InvalidInput, unknown
from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.maps import ACTUAL, CONNECTION, PROFORMA
from project_invoicing.domain.text import guid
from project_invoicing.errors import Rejected

Json = dict[str, Any]

_STEPS: Final = (
    Step(ACTUAL, "Create"),
    Step(ACTUAL, "Update"),
    Step(CONNECTION, "Create"),
    Step(PROFORMA, "Create"),
    Step(PROFORMA, "Update"),
)
_PROJECT, _RESOURCE, _CATEGORY, _PRODUCT = "msdyn_project", "bookableresource", "msdyn_transactioncategory", "product"
_CONTRACT, _LINE = standin_contracts.CONTRACT, standin_contracts.CONTRACT_LINE
_NAMED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    _PROJECT: ("msdyn_projectnumber", "msdyn_subject"),
    _CONTRACT: ("ordernumber", "name"),
    _LINE: ("salesorderdetailname", "productdescription"),
    "account": ("accountnumber", "name"),
    _RESOURCE: ("name",),
    _CATEGORY: ("msdyn_name",),
    _PRODUCT: ("productnumber", "name"),
    "transactioncurrency": ("isocurrencycode",),
    "cdm_company": ("cdm_companycode",),
}
"""The columns by which a person calls a row of each table."""
_WORDS: Final = {
    _PROJECT: "project",
    _CONTRACT: "contract",
    _LINE: "contract line",
    "account": "customer",
    _RESOURCE: "resource",
    _CATEGORY: "category",
    _PRODUCT: "product",
    "transactioncurrency": "currency",
}
_CLASSES: Final = {
    "time": TransactionClass.TIME,
    "expense": TransactionClass.EXPENSE,
    "material": TransactionClass.MATERIAL,
}
_METHODS: Final = {
    "time_and_material": BillingMethod.TIME_AND_MATERIAL,
    "fixed_price": BillingMethod.FIXED_PRICE,
}


class _Clock:
    """Advances by a millisecond each time it is read, so that what it dates has an order."""

    def __init__(self) -> None:
        self.now = datetime(2000, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


class ShortForm:
    """The organization behind the short lines of one scenario."""

    def __init__(self) -> None:
        self._clock = _Clock()
        self._rows = Rows(self._clock, seed="scenario")
        self._posts: list[Post] = []
        self._webhooks = Webhooks(self._rows, self._take, _STEPS, HttpHeader({}))
        self._brought: dict[str, dict[str, Json]] = {}
        """Rows of master data that lines of the scenario brought: table -> id -> columns."""

    def arrived(self, line: DataverseLine) -> None:
        """A row that the scenario itself brings; one that cannot be read is rejected when its turn comes."""
        if line.dataverse.get("PrimaryEntityName") not in _NAMED_BY:
            return
        try:
            for event in row_events(line.dataverse, line.at, []):
                rows = self._brought.setdefault(str(event.detail["entity"]), {})
                rows.setdefault(str(event.detail["id"]), {}).update(event.detail["row"])
        except Rejected:
            return

    def rows_of(self, line: ShortLine, setup: Mapping[str, Any]) -> Iterator[DataverseLine]:
        """The lines of Dataverse that it means. Raises ``InvalidInput`` for what the scenario does not know."""
        self._clock.now = max(self._clock.now, datetime.fromisoformat(line.at))
        act: Callable[[], None]
        match line:
            case ApproveLine():
                names = _Names(setup, self._brought)
                field, act = "approve", lambda: _Approval(self._rows, self._clock, names, line.approve).carry_out()
            case ConfirmLine():
                field, act = "confirm", _Confirmation(self._rows, self._clock, setup, line.confirm).carry_out
            case _:
                return
        try:
            act()
        except Refused as refused:
            raise InvalidInput([f"{field}: {refused}"]) from None
        except _NotKnown as problem:
            raise InvalidInput([f"{field}.{problem}"]) from None
        self._webhooks.deliver()
        posts, self._posts = self._posts, []
        for post in posts:
            yield DataverseLine(at=line.at, dataverse=exact_json(post.body.decode()))

    def _take(self, post: Post) -> int:
        self._posts.append(post)
        return 200


class _NotKnown(Exception):
    """A name that leads to no row, as ``field: sentence``."""


class _Names:
    """What the scenario knows by name: from ``references`` of the set-up in force, and from rows that came before."""

    def __init__(self, setup: Mapping[str, Any], brought: Mapping[str, Mapping[str, Json]]) -> None:
        self.setup, self._brought = setup, brought

    def id(self, entity: str, name: str, field: str) -> str:
        found = self._ids(entity)
        if name not in found:
            raise _NotKnown(unknown(field, name, f"{_WORDS[entity]} that references or rows lead to", found))
        return found[name]

    def row(self, entity: str, name: str) -> Json:
        """The columns of a row that came before, none where the set-up alone knows it."""
        return self._brought.get(entity, {}).get(self._ids(entity).get(name, ""), {})

    def named(self, lookup: object) -> str | None:
        """The name of what a look-up of a row leads to."""
        if not isinstance(lookup, Mapping):
            return None
        names = {id: name for name, id in self._ids(str(lookup.get("entity"))).items()}
        return names.get(str(lookup.get("id")))

    def lines_of(self, project: str) -> Iterator[tuple[str, Json]]:
        """The contract lines whose rows name a project."""
        for name, id in self._ids(_LINE).items():
            row = self._brought.get(_LINE, {}).get(id, {})
            if self.named(row.get("msdyn_project")) == project:
                yield name, row

    def entry(self, part: str, *path: str | None) -> Mapping[str, Any]:
        found: Any = self.setup.get(part) or {}
        for step in path:
            found = (found.get(step) if isinstance(found, Mapping) else None) or {}
        return found if isinstance(found, Mapping) else {}

    def _ids(self, entity: str) -> dict[str, str]:
        given = self.entry("references", entity)
        found = {str(name): guid(str(id)) or str(id) for id, name in given.items()}
        for id, row in self._brought.get(entity, {}).items():
            for column in reversed(_NAMED_BY[entity]):
                if row.get(column):
                    found[str(row[column])] = id
            if entity == _LINE and row.get("sequencenumber") and (of := self.named(row.get("salesorderid"))):
                found[f"{of}-{row['sequencenumber']}"] = id  # as finance numbers a line
        return found


class _Approval:
    """One approval: its rows of master data are made where the stand-in lacks them, with the scenario's ids."""

    def __init__(self, rows: Rows, clock: _Clock, names: _Names, asked: Approve) -> None:
        self._rows, self._names, self._asked = rows, names, asked
        self._contract_line = asked.contract_line or self._default_line()
        self._contract = self._contract_of(self._contract_line)
        self._company = self._company_of()
        zone = ZoneInfo(str(names.entry("companies", self._company).get("time_zone") or "UTC"))
        self._business = Business(rows, clock, zone)

    def carry_out(self) -> None:
        asked, business, at = self._asked, self._business, self._engagement()
        day = date.fromisoformat(asked.date) if asked.date else None
        price = _number(asked.price)
        if asked.kind == "milestone":
            business.ready_to_invoice(business.add_milestone(at.contract_line, price, asked.description or "Milestone"))
            return
        if asked.kind == "fee":
            business.record_fee(at.contract_line, price, day, asked.description)
            return
        quantity = _number(asked.hours if asked.hours is not None else asked.quantity or 1)
        columns: Json = {
            "msdyn_unitcost": _number(asked.cost),
            "msdyn_price": price,
            "msdyn_transactioncategory": self._lookup(_CATEGORY, asked.category, "category"),
            "msdyn_bookableresource": self._lookup(_RESOURCE, asked.resource, "resource"),
            "msdyn_description": asked.description,
        }
        if asked.kind == "time":
            entry = business.enter_time(at, quantity, day, **columns)
        elif asked.kind == "expense":
            del columns["msdyn_unitcost"]
            entry = business.enter_expense(at, quantity, _number(asked.cost), day, **columns)
        else:
            product = self._lookup(_PRODUCT, asked.product, "product")
            entry = business.enter_material(at, quantity, product, day, **columns)  # type: ignore[arg-type]
        business.submit(entry)
        business.approve(entry, None if asked.billable is None else _number(asked.billable))

    # --- what the names lead to ---------------------------------------------------------------------------------------

    def _default_line(self) -> str:
        """The first line of the project's contract that bills work of this kind."""
        asked, names = self._asked, self._names
        names.id(_PROJECT, asked.project, "project")
        method = "fixed_price" if asked.kind == "milestone" else "time_and_material"
        of_rows = [name for name, row in names.lines_of(asked.project) if _method_of(row) in (method, None)]
        contract = asked.contract or names.entry("projects", asked.project).get("contract")
        of_setup = [
            name
            for name, line in names.entry("contract_lines").items()
            if line.get("contract") == contract and line.get("billing_method", method) == method
        ]
        if found := [*of_rows, *of_setup]:
            return str(found[0])
        raise _NotKnown(f"contract_line: no {method} line of project {asked.project} is known; name one")

    def _contract_of(self, line: str) -> str:
        names = self._names
        names.id(_LINE, line, "contract_line")
        by_row = names.named(names.row(_LINE, line).get("salesorderid"))
        found = self._asked.contract or by_row or names.entry("contract_lines", line).get("contract")
        if not found:
            raise _NotKnown(f"contract: the contract of line {line} is not known; name it")
        return str(found)

    def _company_of(self) -> str:
        names, asked = self._names, self._asked
        found = asked.company or names.entry("projects", asked.project).get("company")
        found = found or names.entry("contracts", self._contract).get("company")
        for row in (names.row(_PROJECT, asked.project), names.row(_CONTRACT, self._contract)):
            found = found or names.named(row.get("msdyn_owningcompany") or row.get("msdyn_company"))
        companies = names.entry("companies")
        found = found or (next(iter(companies)) if len(companies) == 1 else None)
        if not found:
            raise _NotKnown(f"company: the company of project {asked.project} is not known; name it")
        return str(found)

    def _engagement(self) -> Engagement:
        """The rows that the work refers to."""
        names, asked, rows = self._names, self._asked, self._rows
        entry, row = names.entry("contracts", self._contract), names.row(_CONTRACT, self._contract)
        code = entry.get("currency") or names.named(row.get("transactioncurrencyid")) or asked.currency
        own = str(names.entry("companies", self._company).get("accounting_currency") or code)
        if asked.currency and code != asked.currency:
            raise _NotKnown(f"currency: contract {self._contract} is in {code}, not in {asked.currency}")
        buyer_name = asked.customer or entry.get("customer") or names.named(row.get("customerid"))
        if not code or not buyer_name:
            raise _NotKnown(f"customer: contract {self._contract} has no known customer and currency; name them")
        money = self._currency(str(code))
        self._currency(asked.cost_currency or own)
        unit_name = f"{self._company} {asked.cost_currency or own}"
        unit = standin_contracts.organizational_unit(rows, unit_name, asked.cost_currency or own, self._company)
        buyer = self._customer(str(buyer_name), str(code))
        contract = self._made(_CONTRACT, self._contract) or standin_contracts.add_contract(
            rows, self._contract, buyer, str(code), unit, id=names.id(_CONTRACT, self._contract, "contract")
        )
        project = self._project(unit)
        line = self._line(contract, project)
        nobody = Lookup(_RESOURCE, unit.id)  # each entry says itself who worked, if anybody is named
        return Engagement(money, unit, buyer, contract, line, project, nobody)

    def _currency(self, code: str) -> Lookup:
        precision = str(self._names.entry("currencies", code).get("precision", "0.01"))
        digits = max(0, -int(Decimal(precision).as_tuple().exponent))
        values = {"isocurrencycode": code, "currencyname": code, "currencyprecision": digits}
        return self._ensured("transactioncurrency", code, values, "currency")

    def _customer(self, number: str, code: str) -> Lookup:
        name = str(self._names.entry("customers", self._company, number).get("name") or number)
        values = {
            "accountnumber": number,
            "name": name,
            "customertypecode": standin_master.CUSTOMER_TYPE,
            "msdyn_company": standin_master.company(self._rows, self._company),
            "transactioncurrencyid": self._currency(code),
        }
        return self._ensured("account", number, values, "customer")

    def _project(self, unit: Lookup) -> Lookup:
        number = self._asked.project
        values = {
            "msdyn_projectnumber": number,
            "msdyn_subject": number,
            "msdyn_owningcompany": standin_master.company(self._rows, self._company),
            "msdyn_contractorganizationalunitid": unit,
            "msdyn_istemplate": False,
        }
        project = self._ensured(_PROJECT, number, values, "project")
        self._rows.update(_PROJECT, project.id, {"msdyn_contractorganizationalunitid": unit})  # what work costs
        return project

    def _line(self, contract: Lookup, project: Lookup) -> Lookup:
        """The contract line; of the lines of its project, it alone bills work now."""
        name, rows = self._contract_line, self._rows
        method = _METHODS[self._method()]
        id = self._names.id(_LINE, name, "contract_line")
        line = self._made(_LINE, name) or standin_contracts.add_contract_line(
            rows, contract, project, method, name, tuple(_CLASSES.values()), id=id
        )
        for row in rows.select(_LINE, msdyn_project=project):
            bills = row["salesorderdetailid"] == line.id
            columns = ("msdyn_includetime", "msdyn_includeexpense", "msdyn_includematerial")
            rows.update(_LINE, row["salesorderdetailid"], dict.fromkeys(columns, bills))
        return line

    def _method(self) -> str:
        row = self._names.row(_LINE, self._contract_line)
        written = self._names.entry("contract_lines", self._contract_line).get("billing_method")
        usual = "fixed_price" if self._asked.kind == "milestone" else "time_and_material"
        return str(written or _method_of(row) or usual)

    def _lookup(self, entity: str, name: str | None, field: str) -> Lookup | None:
        return self._ensured(entity, name, {_NAMED_BY[entity][0]: name}, field) if name else None

    def _ensured(self, entity: str, name: str, values: Json, field: str) -> Lookup:
        """The stand-in's row of this name, made with the id that the scenario knows if there is none."""
        if there := self._made(entity, name):
            return there
        id = self._names.id(entity, name, field)
        return Lookup(entity, self._rows.create(entity, values, id=id), name)

    def _made(self, entity: str, name: str) -> Lookup | None:
        found = self._rows.select(entity, **{_NAMED_BY[entity][0]: name})
        return Lookup(entity, found[0][f"{entity}id"], name) if found else None


class _Confirmation:
    """One proforma: everything of a contract that was approved and not billed, confirmed under its number."""

    def __init__(self, rows: Rows, clock: _Clock, setup: Mapping[str, Any], asked: Confirm) -> None:
        self._rows, self._clock, self._setup, self._asked = rows, clock, setup, asked

    def carry_out(self) -> None:
        asked, rows = self._asked, self._rows
        if rows.select(PROFORMA, invoicenumber=asked.proposal):
            raise _NotKnown(f"proposal: {asked.proposal} was confirmed before; a proforma is confirmed once")
        contract, company = self._contract()
        zone = (self._setup.get("companies") or {}).get(company, {}).get("time_zone") or "UTC"
        business = Business(rows, self._clock, ZoneInfo(str(zone)))
        if any(self._unbilled(contract)):
            business.ready_to_invoice(contract)
        draft = business.create_proforma(contract, date.fromisoformat(asked.date) if asked.date else None)
        rows.update(PROFORMA, draft, {"invoicenumber": asked.proposal})
        business.confirm(draft, date.fromisoformat(asked.accounting_date) if asked.accounting_date else None)

    def _contract(self) -> tuple[Lookup, str]:
        """The contract named, else the only one with something to bill; and its company."""
        known = {str(row["ordernumber"]): row for row in self._rows.select(_CONTRACT)}
        if self._asked.contract is not None:
            if self._asked.contract not in known:
                raise _NotKnown(unknown("contract", self._asked.contract, "contract with approved work", known))
            names = [self._asked.contract]
        else:
            names = [name for name, row in known.items() if self._has_work(_of(row))]
        if not names:
            raise _NotKnown("proposal: nothing was approved that is not billed yet; approve work first")
        if len(names) > 1:
            asked = f'{{"proposal": "{self._asked.proposal}", "contract": "{names[0]}"}}'
            raise _NotKnown(f"contract: {', '.join(names)} have work to bill; write {asked}")
        row = known[names[0]]
        return _of(row), str(row["msdyn_owningcompany"].name)

    def _has_work(self, contract: Lookup) -> bool:
        ready = any(self._unbilled(contract))
        return ready or bool(self._milestones(contract))

    def _unbilled(self, contract: Lookup) -> list[Json]:
        kind = {"msdyn_transactiontypecode": int(TransactionType.UNBILLED_SALES), "msdyn_adjustmentstatus": None}
        return [row for row in self._rows.select(ACTUAL, msdyn_salescontract=contract, **kind) if is_open_sale(row)]

    def _milestones(self, contract: Lookup) -> list[Json]:
        lines = [_line_of(row) for row in self._rows.select(_LINE, salesorderid=contract)]
        return [one for line in lines for one in ready_of(self._rows, line)]


def _of(row: Json) -> Lookup:
    return Lookup(_CONTRACT, row["salesorderid"], str(row["ordernumber"]))


def _line_of(row: Json) -> Lookup:
    return Lookup(_LINE, row["salesorderdetailid"], str(row["salesorderdetailname"]))


def _method_of(row: Mapping[str, Any]) -> str | None:
    code = row.get("msdyn_billingmethod")
    return next((name for name, method in _METHODS.items() if code == int(method)), None)


def _number(value: Any) -> Decimal:
    return Decimal(str(value))
