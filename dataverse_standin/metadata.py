"""The tables that the integration touches, as data: their columns, what these hold and to which rows they point.

The columns are those of the public documentation that matter here, and those of our own table maps for which no public
source gives a name. What the business logic stores in other columns can be read; only declared ones can be written
from outside. An environment with columns of its own says so in the settings of the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from project_invoicing.dataverse import maps


class Kind(Enum):
    """What a column holds, and so how it looks on the wire."""

    ID = auto()
    TEXT = auto()
    CODE = auto()
    """An option set: a number on the Web API, an ``OptionSetValue`` in a webhook."""
    NUMBER = auto()
    BIG_NUMBER = auto()
    DECIMAL = auto()
    MONEY = auto()
    FLAG = auto()
    DATE = auto()
    """A date without a time, the same in each time zone."""
    ZONELESS = auto()
    """A date with a time that is the same in each time zone: it looks like a time in UTC and is none."""
    INSTANT = auto()
    """A time in UTC. Most dates of Dataverse are: the midnight of the user, in UTC."""
    LOOKUP = auto()


BEHAVIORS: Final[Mapping[Kind, str]] = {
    Kind.DATE: "DateOnly",
    Kind.ZONELESS: "TimeZoneIndependent",
    Kind.INSTANT: "UserLocal",
}
"""What Dataverse calls the DateTimeBehavior of its date columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as Dataverse describes it.

    ``targets`` are the tables of a look-up, ``labels`` the texts of an option set, ``length`` is the greatest of a
    text, ``limit`` the greatest absolute value of a number. What is not ``writable`` the platform fills by itself.
    """

    kind: Kind
    targets: tuple[str, ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)
    length: int | None = None
    limit: Decimal | None = None
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """``entity`` is the logical name, ``set_name`` that of the Web API, ``name`` the column that a look-up shows."""

    entity: str
    set_name: str
    name: str
    columns: Mapping[str, Column]

    @property
    def id(self) -> str:
        """The primary id column."""
        return f"{self.entity}id"

    def with_columns(self, columns: Mapping[str, Column]) -> Table:
        return replace(self, columns={**self.columns, **columns})


def text(length: int = 100) -> Column:
    return Column(Kind.TEXT, length=length)


def money(limit: Decimal = maps.TOTAL_LIMIT) -> Column:
    return Column(Kind.MONEY, limit=limit)


def _label(word: str) -> str:
    return str(word).replace("_", " ").capitalize()


def code(labels: Mapping[int, str] | None = None) -> Column:
    return Column(Kind.CODE, labels={number: _label(word) for number, word in (labels or {}).items()})


def lookup(*targets: str) -> Column:
    return Column(Kind.LOOKUP, targets=targets)


DECIMAL: Final = Column(Kind.DECIMAL, limit=Decimal(100_000_000_000))
FLAG: Final = Column(Kind.FLAG)
INSTANT: Final = Column(Kind.INSTANT)
ZONELESS: Final = Column(Kind.ZONELESS)
DATE: Final = Column(Kind.DATE)

_PLATFORM: Final = {
    "statecode": code({0: "active", 1: "inactive"}),
    "statuscode": code(),
    "versionnumber": Column(Kind.BIG_NUMBER, writable=False),
    "createdon": Column(Kind.INSTANT, writable=False),
    "modifiedon": Column(Kind.INSTANT, writable=False),
}


def _table(entity: str, set_name: str, name: str, columns: Mapping[str, Column] | None = None) -> Table:
    own = {f"{entity}id": Column(Kind.ID), name: text(), **_PLATFORM}
    return Table(entity, set_name, name, {**own, **(columns or {})})


_INVOICE: Final = {
    "invoicenumber": text(),
    "name": text(300),
    "msdyn_projectinvoicestatus": code(maps.INVOICE_STATUSES),
    "msdyn_ordertype": code({192350000: "item_based", 192350001: "work_based"}),
    "msdyn_hascorrections": FLAG,
    "customerid": lookup("account", "contact"),
    "transactioncurrencyid": lookup("transactioncurrency"),
    "exchangerate": DECIMAL,
    "salesorderid": lookup("salesorder"),
    "totalamount": money(),
    "totalamountlessfreight": money(),
    "totallineitemamount": money(),
    "totaltax": money(),
    "msdyn_invoicedate": ZONELESS,
    "msdyn_accountingdate": INSTANT,
    "datedelivered": INSTANT,
    "duedate": DATE,
    "paymenttermscode": code({1: "net_30", 2: "2%_10,_net_30", 3: "net_45", 4: "net_60"}),
    **{
        f"billto_{part}": text(300 if part == "name" else 250)
        for part in ("name", "line1", "line2", "line3", "postalcode", "city", "stateorprovince", "country")
    },
    "statecode": code({0: "active", 1: "closed", 2: "paid", 3: "canceled"}),
    "msdyn_customerinvoicenumber": text(),
    "msdyn_customerinvoicedate": DATE,
    "msdyn_customerinvoicesalestax": money(),
    "msdyn_amountdue": money(),
}

_AMOUNT_METHODS: Final = {
    192350000: "multiply_quantity_by_price",
    192350001: "fixed_price",
    192350002: "multiply_basis_quantity_by_price",
    192350003: "multiply_basis_amount_by_percent",
    690970000: "tax_calculation",
}

_ACTUAL: Final = {
    "msdyn_description": text(200),
    "msdyn_externaldescription": text(200),
    "msdyn_transactiontypecode": code({**maps.TRANSACTION_TYPES, 192350004: "project_contract"}),
    "msdyn_transactionclassification": code(maps.TRANSACTION_CLASSES),
    "msdyn_amount": money(maps.MONEY_LIMIT),
    "msdyn_amountmethod": code(_AMOUNT_METHODS),
    "msdyn_price": money(maps.MONEY_LIMIT),
    "msdyn_quantity": DECIMAL,
    "msdyn_unit": lookup("uom"),
    "transactioncurrencyid": lookup("transactioncurrency"),
    "exchangerate": DECIMAL,
    "msdyn_billingtype": code(maps.BILLING_TYPES),
    "msdyn_billingstatus": code(maps.BILLING_STATUSES),
    "msdyn_adjustmentstatus": code(maps.ADJUSTMENT_STATUSES),
    "msdyn_documentdate": INSTANT,
    "msdyn_startdatetime": INSTANT,
    "msdyn_enddatetime": INSTANT,
    "msdyn_accountingdate": INSTANT,
    "msdyn_tzaaccountingdate": ZONELESS,
    "msdyn_exchangeratedate": INSTANT,
    "msdyn_project": lookup("msdyn_project"),
    "msdyn_task": lookup("msdyn_projecttask"),
    "msdyn_salescontract": lookup("salesorder"),
    "msdyn_salescontractlineid": lookup("salesorderdetail"),
    "msdyn_invoice": lookup("invoice"),
    "msdyn_accountcustomer": lookup("account"),
    "msdyn_contactcustomer": lookup("contact"),
    "msdyn_customertype": code({192350001: "account", 192350002: "contact"}),
    "msdyn_transactioncategory": lookup("msdyn_transactioncategory"),
    "msdyn_resourcecategory": lookup("bookableresourcecategory"),
    "msdyn_bookableresource": lookup("bookableresource"),
    "msdyn_product": lookup("product"),
    "msdyn_basisamount": money(maps.MONEY_LIMIT),
    "msdyn_basisprice": money(maps.MONEY_LIMIT),
    "msdyn_basisquantity": DECIMAL,
    "msdyn_percent": DECIMAL,
    "msdyn_isjournalized": FLAG,
    "msdyn_sourcedocument": lookup("msdyn_timeentry", "msdyn_expense", "msdyn_materialusage"),
    "msdyn_externalreferenceid": text(),
    "msdyn_externalreferencedate": INSTANT,
    "msdyn_skipsync": FLAG,
    "msdyn_accountingamount": money(),
    "msdyn_accountingexchangerate": DECIMAL,
    "msdyn_vouchernumber": text(),
    "msdyn_salestaxamount": money(),
}

_CONNECTION: Final = {f"msdyn_transaction{number}{part}": text() for number in (1, 2) for part in ("", "role", "type")}

_COMPANY: Final = {"cdm_companycode": text(4), "cdm_name": text(60)}

_ADDRESS: Final = ("line1", "line2", "line3", "postalcode", "city", "county", "stateorprovince", "country")

_CUSTOMER: Final = {
    "msdyn_company": lookup("cdm_company"),
    "transactioncurrencyid": lookup("transactioncurrency"),
    "msdyn_customergroupid": lookup("msdyn_customergroup"),
    "msdyn_paymentterm": lookup("msdyn_paymentterm"),
    "msdyn_onholdstatus": code({192350000: "no", 192350001: "invoice", 192350002: "all"}),
    "creditonhold": FLAG,
    "paymenttermscode": code({1: "net_30", 2: "2%_10,_net_30", 3: "net_45", 4: "net_60"}),
    "customertypecode": code({3: "customer"}),
    "emailaddress1": text(),
    "merged": FLAG,
    **{f"address{number}_{part}": text(250) for number in (1, 2, 3) for part in _ADDRESS},
}

_ACCOUNT: Final = {
    "name": text(160),
    "accountnumber": text(20),
    "msdyn_billingaccount": lookup("account"),
    "msdyn_taxexemptnumber": text(),
    "masterid": lookup("account"),
    **_CUSTOMER,
}

_CONTACT: Final = {
    "fullname": text(160),
    "msdyn_contactpersonid": text(20),
    "msdyn_sellable": FLAG,
    "masterid": lookup("contact"),
    **_CUSTOMER,
}

_SPLIT_RULE: Final = {
    "msdyn_salesorderid": lookup("salesorder"),
    "msdyn_account": lookup("account"),
    "msdyn_contact": lookup("contact"),
    "msdyn_billingsplitpercentage": DECIMAL,
    "msdyn_isprimary": FLAG,
    "msdyn_isrounding": FLAG,
    "msdyn_paymentterms": code({1: "net_30", 2: "2%_10,_net_30", 3: "net_45", 192350001: "net_60"}),
}
"""No public source has the columns of this table; these are the ones that the table maps expect."""

_MILESTONE: Final = {
    "msdyn_name": text(),
    "msdyn_contractline": lookup("salesorderdetail"),
    "msdyn_amount": money(maps.MONEY_LIMIT),
    "msdyn_progressamount": money(maps.MONEY_LIMIT),
    "msdyn_milestonedate": DATE,
    "msdyn_invoicestatus": code(
        {192350000: "not_ready", 192350001: "ready", 192350002: "invoice_created", 192350003: "invoice_posted"}
    ),
}

_EXCHANGE_RATE: Final = {
    "msdyn_exchangeratetypename": text(20),
    "msdyn_fromcurrencycode": text(5),
    "msdyn_tocurrencycode": text(5),
    "msdyn_exchangerate": DECIMAL,
    "msdyn_validfrom": DATE,
    "msdyn_validto": DATE,
}

_CONTRACT: Final = {
    "ordernumber": text(),
    "name": text(300),
    "msdyn_owningcompany": lookup("cdm_company"),
    "customerid": lookup("account", "contact"),
    "paymenttermscode": code({1: "net_30", 2: "2%_10,_net_30", 3: "net_45", 4: "net_60"}),
    "msdyn_psastate": code({192350000: "draft", 192350001: "on_hold", 192350002: "active", 192350003: "closed"}),
    "transactioncurrencyid": lookup("transactioncurrency"),
    "pricelevelid": lookup("pricelevel"),
    "msdyn_contractorganizationalunitid": lookup("msdyn_organizationalunit"),
    "msdyn_ordertype": code({192350000: "item_based", 192350001: "work_based"}),
    "msdyn_psastatusreason": code(),
    "statecode": code({0: "active", 1: "submitted", 2: "canceled", 3: "fulfilled", 4: "invoiced"}),
    "totalamount": money(),
}

_CONTRACT_LINE: Final = {
    "salesorderid": lookup("salesorder"),
    "salesorderdetailname": text(),
    "msdyn_linetype": code({690970000: "project_service", 690970001: "field_service"}),
    "sequencenumber": Column(Kind.NUMBER, limit=Decimal(1_000_000_000)),
    "productdescription": text(500),
    "msdyn_project": lookup("msdyn_project"),
    "msdyn_billingmethod": code({192350000: "time_and_material", 192350001: "fixed_price"}),
    "msdyn_includetime": FLAG,
    "msdyn_includeexpense": FLAG,
    "msdyn_includematerial": FLAG,
    "transactioncurrencyid": lookup("transactioncurrency"),
    "extendedamount": money(),
}

_PROJECT: Final = {
    "msdyn_subject": text(200),
    "msdyn_projectnumber": text(),
    "msdyn_owningcompany": lookup("cdm_company"),
    "msdyn_salesorderid": lookup("salesorder"),
    "msdyn_customer": lookup("account"),
    "msdyn_contractorganizationalunitid": lookup("msdyn_organizationalunit"),
    "msdyn_projectmanager": lookup("systemuser"),
    "msdyn_scheduledstart": INSTANT,
    "msdyn_scheduledend": INSTANT,
    "msdyn_actualstart": INSTANT,
    "msdyn_actualend": INSTANT,
    "msdyn_istemplate": FLAG,
    "statuscode": code({1: "active", 2: "inactive", 192350000: "closed"}),
}

_TIME_ENTRY: Final = {
    "msdyn_date": INSTANT,
    "msdyn_duration": Column(Kind.NUMBER, limit=Decimal(2_147_483_647)),
    "msdyn_quantity": DECIMAL,
    "msdyn_project": lookup("msdyn_project"),
    "msdyn_projecttask": lookup("msdyn_projecttask"),
    "msdyn_bookableresource": lookup("bookableresource"),
    "msdyn_entrystatus": code(
        {192350000: "draft", 192350001: "returned", 192350002: "approved", 192350003: "submitted"}
    ),
    "msdyn_externaldescription": text(),
}

_EXPENSE: Final = {
    "msdyn_date": INSTANT,
    "msdyn_transactiondate": DATE,
    "msdyn_amount": money(maps.MONEY_LIMIT),
    "msdyn_salestaxamount": money(maps.MONEY_LIMIT),
    "transactioncurrencyid": lookup("transactioncurrency"),
    "msdyn_quantity": DECIMAL,
    "msdyn_price": money(maps.MONEY_LIMIT),
    "msdyn_project": lookup("msdyn_project"),
    "msdyn_bookableresource": lookup("bookableresource"),
    "msdyn_transactioncategory": lookup("msdyn_transactioncategory"),
}

_VENDOR_INVOICE_LINE: Final = {
    "msdyn_externalinvoiceline": text(),
    "msdyn_invoicedate": DATE,
    "msdyn_amount": money(maps.MONEY_LIMIT),
    "msdyn_project": lookup("msdyn_project"),
    "transactioncurrencyid": lookup("transactioncurrency"),
}

_ORIGIN: Final = {
    "msdyn_origin": text(),
    "msdyn_origintype": text(),
    "msdyn_transaction": text(),
    "msdyn_transactiontype": text(),
}

TABLES: Final[Mapping[str, Table]] = {
    table.entity: table
    for table in (
        _table("invoice", "invoices", "name", _INVOICE),
        _table("msdyn_actual", "msdyn_actuals", "msdyn_description", _ACTUAL),
        _table("msdyn_transactionconnection", "msdyn_transactionconnections", "msdyn_name", _CONNECTION),
        _table("salesorder", "salesorders", "name", _CONTRACT),
        _table("salesorderdetail", "salesorderdetails", "salesorderdetailname", _CONTRACT_LINE),
        _table("cdm_company", "cdm_companies", "cdm_name", _COMPANY),
        _table("account", "accounts", "name", _ACCOUNT),
        _table("contact", "contacts", "fullname", _CONTACT),
        _table("msdyn_customergroup", "msdyn_customergroups", "msdyn_groupid"),
        _table("msdyn_paymentterm", "msdyn_paymentterms", "msdyn_name"),
        _table(
            "msdyn_projectcontractsplitbillingrule", "msdyn_projectcontractsplitbillingrules", "msdyn_name", _SPLIT_RULE
        ),
        _table("msdyn_contractlinescheduleofvalue", "msdyn_contractlinescheduleofvalues", "msdyn_name", _MILESTONE),
        _table("msdyn_currencyexchangerate", "msdyn_currencyexchangerates", "msdyn_name", _EXCHANGE_RATE),
        _table("msdyn_project", "msdyn_projects", "msdyn_subject", _PROJECT),
        _table("msdyn_projecttask", "msdyn_projecttasks", "msdyn_subject", {"msdyn_project": lookup("msdyn_project")}),
        _table(
            "transactioncurrency",
            "transactioncurrencies",
            "currencyname",
            {"isocurrencycode": text(5), "currencysymbol": text(13), "currencyprecision": Column(Kind.NUMBER)},
        ),
        _table(
            "bookableresource",
            "bookableresources",
            "name",
            {
                "msdyn_organizationalunit": lookup("msdyn_organizationalunit"),
                "resourcetype": code({1: "generic", 2: "contact", 3: "user", 4: "equipment", 5: "account"}),
            },
        ),
        _table(
            "msdyn_organizationalunit",
            "msdyn_organizationalunits",
            "msdyn_name",
            {"msdyn_currency": lookup("transactioncurrency")},
        ),
        _table("bookableresourcecategory", "bookableresourcecategories", "name"),
        _table("product", "products", "name", {"productnumber": text(), "msdyn_productnumber": text(20)}),
        _table("uom", "uoms", "name"),
        _table("msdyn_transactioncategory", "msdyn_transactioncategories", "msdyn_name"),
        _table("msdyn_timeentry", "msdyn_timeentries", "msdyn_description", _TIME_ENTRY),
        _table("msdyn_expense", "msdyn_expenses", "msdyn_name", _EXPENSE),
        _table("msdyn_projectvendorinvoiceline", "msdyn_projectvendorinvoicelines", "msdyn_name", _VENDOR_INVOICE_LINE),
        _table("msdyn_transactionorigin", "msdyn_transactionorigins", "msdyn_name", _ORIGIN),
    )
}
"""The tables by logical name."""


def by_set_name(tables: Iterable[Table]) -> Mapping[str, Table]:
    """The tables by the name that they have in the Web API's URLs."""
    return {table.set_name: table for table in tables}
