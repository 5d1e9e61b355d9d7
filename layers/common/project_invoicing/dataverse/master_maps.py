"""The table maps of master data, with their value maps, parents first.

Of customers, currencies, products and exchange rates Microsoft publishes the columns; of the tables of Project
Operations only their names. What no public source gives is the most likely name, and may differ: an organization that
has another names it in the overrides. What it may lack altogether is marked as newer, so that a sweep leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from project_invoicing.dataverse.table_map import MONEY_LIMIT, Column, DateBehavior, Direction, TableMap, Transform
from project_invoicing.domain import tables
from project_invoicing.domain.codes import BillingMethod, RowState, TableMapName

ROW_STATES: Final[Mapping[int, str]] = {0: RowState.ACTIVE, 1: RowState.INACTIVE}
PRODUCT_STATES: Final[Mapping[int, str]] = {
    0: RowState.ACTIVE,
    1: RowState.INACTIVE,
    2: RowState.INACTIVE,
    3: RowState.ACTIVE,
}
"""Active, retired, draft, under revision."""
CONTRACT_STATES: Final[Mapping[int, str]] = {
    192350000: "draft",
    192350001: "on_hold",
    192350002: "active",
    192350003: "closed",
}
BILLING_METHODS: Final[Mapping[int, str]] = {
    192350000: BillingMethod.TIME_AND_MATERIAL,
    192350001: BillingMethod.FIXED_PRICE,
}
MILESTONE_STATUSES: Final[Mapping[int, str]] = {
    192350000: "not_ready",
    192350001: "ready",
    192350002: "invoice_created",
    192350003: "invoice_posted",
}
RATE_TYPE: Final = "default"
"""The type of a rate that names none."""
_PERCENT: Final = Decimal(100)
_RATE: Final = Decimal(100_000_000_000)
_UNDOCUMENTED: Final = "no public source gives the name: a setting"


def _number(column: str, *, newer: bool = False) -> Column:
    return Column(column, "number", Transform.TEXT, limit=100, exact=True, newer=newer)


def _name(column: str, *, required: bool = True, field: str = "name") -> Column:
    return Column(column, field, Transform.TEXT, required=required, limit=255)


def _lookup(column: str, field: str, entity: str, note: str = "", *, newer: bool = False) -> Column:
    return Column(column, field, Transform.LOOKUP, entity=entity, note=note, newer=newer)


def _state(codes: Mapping[int, str] = ROW_STATES, note: str = "") -> Column:
    return Column("statecode", "state", Transform.CODE, default=RowState.ACTIVE, codes=codes, note=note)


def _companies() -> Iterator[Column]:
    yield _lookup("msdyn_company", "company", tables.COMPANY, "or the next, whichever has a value", newer=True)
    yield _lookup("msdyn_owningcompany", "owning_company", tables.COMPANY, newer=True)


def _address(columns: str, group: str) -> Iterator[Column]:
    for column, entry in (
        ("line1", "line1"),
        ("line2", "line2"),
        ("line3", "line3"),
        ("postalcode", "postal_code"),
        ("city", "city"),
        ("stateorprovince", "state_or_province"),
        ("county", "county"),
        ("country", "country"),
    ):
        yield Column(f"{columns}_{column}", f"{group}.{entry}", Transform.TEXT, limit=255)


def _map(
    name: TableMapName,
    entity: str,
    counterpart: str,
    *columns: Column,
    optional: tuple[Column, ...] = (),
    filter: str = "all",
    only: Column | None = None,
    factor: Decimal | None = None,
) -> TableMap:
    return TableMap(
        name=name,
        version=1,
        direction=Direction.FROM_DATAVERSE,
        entity=entity,
        counterpart=counterpart,
        columns=columns,
        filter=filter,
        rules="master data, row by row",
        optional=optional,
        only=only,
        factor=factor,
    )


def _customer_columns(entity: str, number: Column, name: str, address: str) -> Iterator[Column]:
    """What accounts and contacts share."""
    yield number
    yield _name(name)
    yield from _companies()
    yield _lookup("transactioncurrencyid", "currency", tables.CURRENCY)
    yield Column(
        "msdyn_customergroupid", "group", Transform.NAME, limit=100, newer=True, note="the name of the customer group"
    )
    yield Column("msdyn_paymentterm", "terms_of_payment", Transform.NAME, limit=100, newer=True)
    yield _lookup("msdyn_billingaccount", "invoice_account", tables.ACCOUNT, newer=True)
    yield Column("msdyn_taxexemptnumber", "tax_number", Transform.TEXT, limit=100, newer=True)
    yield Column("emailaddress1", "email", Transform.TEXT, limit=255)
    yield from _address(address, "address")
    yield from _address("address2", "invoice_address")
    yield _state(note="an inactive customer is not on hold: only `on_hold` refuses")
    yield Column("merged", "merged", Transform.FLAG)
    yield _lookup("masterid", "merged_into", entity, "what it was merged into")


_ON_HOLD: Final = (
    Column(
        "",
        "on_hold",
        Transform.CODE,
        words=("on_hold", "not_on_hold"),
        note="whether the customer is on hold (msdyn_onholdstatus, whose codes no public source gives)",
    ),
    Column("", "credit_hold", Transform.FLAG, note="the same as yes or no (creditonhold)"),
)

COMPANIES: Final = _map(
    TableMapName.COMPANIES,
    tables.COMPANY,
    "companies (Legal entities)",
    Column(
        "cdm_companycode",
        "code",
        Transform.TEXT,
        required=True,
        limit=20,
        exact=True,
        note="compared in capitals with the companies of the set-up",
    ),
    _name("cdm_name", required=False),
)

CURRENCIES: Final = _map(
    TableMapName.CURRENCIES,
    tables.CURRENCY,
    "currencies",
    Column("isocurrencycode", "code", Transform.TEXT, required=True, limit=5, exact=True),
    Column(
        "currencyprecision",
        "precision",
        Transform.DECIMAL,
        limit=Decimal(10),
        note="decimal places; the precision of the set-up goes before it",
    ),
)

EXCHANGE_RATES: Final = _map(
    TableMapName.EXCHANGE_RATES,
    tables.EXCHANGE_RATE,
    "exchange rates (CDS Exchange Rates)",
    Column("msdyn_exchangeratetypename", "type", Transform.TEXT, default=RATE_TYPE, limit=100, exact=True),
    Column("msdyn_fromcurrencycode", "from", Transform.TEXT, required=True, limit=5, exact=True),
    Column("msdyn_tocurrencycode", "to", Transform.TEXT, required=True, limit=5, exact=True),
    Column(
        "msdyn_exchangerate",
        "rate",
        Transform.DECIMAL,
        required=True,
        limit=_RATE,
        note="for as many units of the from-currency as `factor` of the overrides says, or for one",
    ),
    Column("msdyn_validfrom", "valid_from", Transform.DATE, required=True, behavior=DateBehavior.CALENDAR),
    factor=Decimal(1),
)

ORGANIZATIONAL_UNITS: Final = _map(
    TableMapName.ORGANIZATIONAL_UNITS,
    tables.UNIT,
    "units",
    _name("msdyn_name"),
    optional=(
        _lookup("", "company", tables.COMPANY, "the company of a unit; else `units` of the set-up says it by its name"),
    ),
)

TRANSACTION_CATEGORIES: Final = _map(
    TableMapName.TRANSACTION_CATEGORIES,
    tables.CATEGORY,
    "names of transaction categories (Project transaction categories)",
    _name("msdyn_name"),
    _state(),
)

PRODUCTS: Final = _map(
    TableMapName.PRODUCTS,
    tables.PRODUCT,
    "products",
    _number("productnumber"),
    _name("name"),
    _state(PRODUCT_STATES, "retired and draft ones are inactive"),
)

RESOURCES: Final = _map(
    TableMapName.RESOURCES,
    tables.RESOURCE,
    "workers (Project worker resource import)",
    _name("name"),
    _lookup("msdyn_organizationalunit", "unit", tables.UNIT),
    _state(),
)

ACCOUNTS: Final = _map(
    TableMapName.ACCOUNTS,
    tables.ACCOUNT,
    "customers (Customers V3)",
    *_customer_columns(tables.ACCOUNT, _number("accountnumber"), "name", "address1"),
    filter="customertypecode = 3 (customer)",
    only=Column("customertypecode", "customer_type", Transform.CODE, codes={3: "customer"}),
    optional=_ON_HOLD,
)

CONTACTS: Final = _map(
    TableMapName.CONTACTS,
    tables.CONTACT,
    "customers (Customers V3)",
    *_customer_columns(tables.CONTACT, _number("msdyn_contactpersonid", newer=True), "fullname", "address3"),
    filter="msdyn_sellable is yes",
    only=Column("msdyn_sellable", "sellable", Transform.FLAG, newer=True),
    optional=_ON_HOLD,
)

CONTRACTS: Final = _map(
    TableMapName.CONTRACTS,
    tables.CONTRACT,
    "contracts (Project contract headers)",
    _number("ordernumber"),
    _name("name"),
    *_companies(),
    _lookup("customerid", "customer", tables.ACCOUNT, "an account or a contact, as the look-up says"),
    _lookup("transactioncurrencyid", "currency", tables.CURRENCY),
    Column(
        "paymenttermscode",
        "terms_of_payment",
        Transform.TEXT,
        limit=20,
        note="the code; `terms` of the set-up's defaults says which terms it means",
    ),
    _lookup("msdyn_contractorganizationalunitid", "unit", tables.UNIT, newer=True),
    Column("msdyn_psastate", "status", Transform.CODE, codes=CONTRACT_STATES),
    filter="msdyn_ordertype = 192350001 (work based)",
    only=Column("msdyn_ordertype", "order_type", Transform.CODE, codes={192350001: "work_based"}),
)

PROJECTS: Final = _map(
    TableMapName.PROJECTS,
    tables.PROJECT,
    "projects (Projects V2)",
    _number("msdyn_projectnumber", newer=True),
    _name("msdyn_subject"),
    *_companies(),
    _lookup("msdyn_salesorderid", "contract", tables.CONTRACT, newer=True),
    _lookup("msdyn_customer", "customer", tables.ACCOUNT),
    _lookup("msdyn_contractorganizationalunitid", "unit", tables.UNIT),
    _lookup("msdyn_projectmanager", "manager", "systemuser"),
    Column("msdyn_scheduledstart", "start", Transform.DATE, behavior=DateBehavior.INSTANT),
    Column("msdyn_scheduledend", "end", Transform.DATE, behavior=DateBehavior.INSTANT),
    _state(note="an inactive or closed project is not open (`open`)"),
    Column("msdyn_istemplate", "template", Transform.FLAG, note="a template gets no number and stands for no project"),
    optional=(
        Column(
            "", "investment", Transform.FLAG, note="Investment Project, of map 1.0.0.3: no contract, no sales (IVP-01)"
        ),
    ),
)

CONTRACT_LINES: Final = _map(
    TableMapName.CONTRACT_LINES,
    tables.CONTRACT_LINE,
    "contract lines (Project contract lines)",
    Column(
        "sequencenumber",
        "number",
        Transform.TEXT,
        limit=20,
        exact=True,
        note="the line's number is its contract's, a hyphen and this, or else the row's id",
    ),
    Column("salesorderid", "contract", Transform.LOOKUP, required=True, entity=tables.CONTRACT),
    Column("msdyn_billingmethod", "billing_method", Transform.CODE, codes=BILLING_METHODS),
    _lookup("msdyn_project", "project", tables.PROJECT),
    Column("productdescription", "description", Transform.TEXT, limit=255),
    filter="msdyn_linetype = 690970000 (project service)",
    only=Column("msdyn_linetype", "line_type", Transform.CODE, codes={690970000: "project_service"}),
)

SPLIT_BILLING_RULES: Final = _map(
    TableMapName.SPLIT_BILLING_RULES,
    tables.SPLIT_RULE,
    "customers of a contract (Project funding source)",
    Column(
        "msdyn_salesorderid",
        "contract",
        Transform.LOOKUP,
        required=True,
        entity=tables.CONTRACT,
        note=_UNDOCUMENTED,
    ),
    Column("msdyn_account", "customer", Transform.LOOKUP, required=True, entity=tables.ACCOUNT, note=_UNDOCUMENTED),
    Column(
        "msdyn_billingsplitpercentage",
        "percent",
        Transform.DECIMAL,
        limit=_PERCENT,
        note=f"those of a contract make 100, else it is listed; {_UNDOCUMENTED}",
    ),
    Column("msdyn_paymentterms", "terms_of_payment", Transform.TEXT, limit=20, note="the code, as in `contracts`"),
)

MILESTONES: Final = _map(
    TableMapName.MILESTONES,
    tables.MILESTONE,
    "on-account transactions (Contract line milestones)",
    _name("msdyn_name", required=False),
    Column("msdyn_contractline", "contract_line", Transform.LOOKUP, required=True, entity=tables.CONTRACT_LINE),
    Column("msdyn_amount", "amount", Transform.DECIMAL, limit=MONEY_LIMIT),
    Column("msdyn_milestonedate", "date", Transform.DATE, behavior=DateBehavior.CALENDAR, newer=True),
    Column(
        "msdyn_invoicestatus",
        "status",
        Transform.CODE,
        codes=MILESTONE_STATUSES,
        newer=True,
        note="no public source gives all codes: a setting",
    ),
)

MASTER_MAPS: Final = (
    COMPANIES,
    CURRENCIES,
    EXCHANGE_RATES,
    ORGANIZATIONAL_UNITS,
    TRANSACTION_CATEGORIES,
    PRODUCTS,
    RESOURCES,
    ACCOUNTS,
    CONTACTS,
    CONTRACTS,
    PROJECTS,
    CONTRACT_LINES,
    SPLIT_BILLING_RULES,
    MILESTONES,
)
"""Parents first: the order in which a sweep reads them."""
MASTER_TABLES: Final[Mapping[str, str]] = {one.entity: one.name for one in MASTER_MAPS}
"""Map by table."""
