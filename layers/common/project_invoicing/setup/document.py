"""The set-up document: finance master data as finance writes it (contract, section 3).

The models check shapes and values, ``CROSS_REFERENCES`` that names lead somewhere. ``check`` does both and tells
everything that is wrong with a document, in words for the person who wrote it.

Finance ids are text and are compared as written. Rows are frozen: a loaded set-up never changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from itertools import chain, islice, pairwise
from types import UnionType
from typing import Annotated, Any, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from project_invoicing.domain.calendar import JournalPeriod
from project_invoicing.domain.codes import BillingMethod, BillingType, PostingType, TransactionClass
from project_invoicing.domain.money import Rounding
from project_invoicing.domain.number_sequence import is_number_format
from project_invoicing.domain.sales_tax import Calculation, MarginalBase, RoundBy, TaxOrigin
from project_invoicing.domain.terms import PaymentMethod

# --- values -----------------------------------------------------------------------------------------------------------

_PLAIN_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _told(text: str) -> PydanticCustomError:
    return PydanticCustomError("told", "{text}", {"text": text})


def _exact(value: object) -> object:
    """Floats have lost digits before they arrive; ``1e400`` and ``1_000`` are no amounts of a person."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole or isinstance(value, Decimal) or (isinstance(value, str) and _PLAIN_DECIMAL.fullmatch(value)):
        return value
    raise _told(f'{value!r} is no exact decimal; write it in quotes, such as "1.25"')


def _day(value: object) -> object:
    """A date, never an instant: pydantic alone would take numbers and midnights too."""
    if (isinstance(value, date) and not isinstance(value, datetime)) or (
        isinstance(value, str) and _PLAIN_DATE.fullmatch(value)
    ):
        return value
    raise _told(f"{value!r} is no date; write it as 2026-08-31")


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise _told(f"{name!r} is no time zone; use an IANA name such as America/New_York") from None
    return name


def _number_format(text: str) -> str:
    if not is_number_format(text):
        raise _told(f'{text!r} is no number format; it needs one run of # for the counter, such as "FTI-########"')
    return text


def _any_of(*allowed: StrEnum) -> AfterValidator:
    def check(value: StrEnum) -> StrEnum:
        if value not in allowed:
            raise _told(f"{value.value!r} is not allowed here; use one of {', '.join(allowed)}")
        return value

    return AfterValidator(check)


Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Day = Annotated[date, BeforeValidator(_day)]
Precision = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=12, decimal_places=6)]
Rate = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=20, decimal_places=10)]
Percent = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=1000, max_digits=10, decimal_places=6)]
Discount = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=100, max_digits=10, decimal_places=6)]
UnitAmount = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, max_digits=18, decimal_places=6)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
NumberFormat = Annotated[str, StringConstraints(max_length=40), AfterValidator(_number_format)]
Dimensions = dict[Name, str]
CostClass = Annotated[
    TransactionClass, _any_of(TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL)
]
SalesClass = Annotated[
    TransactionClass,
    _any_of(TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL, TransactionClass.FEE),
]
ContractMethod = Annotated[BillingMethod, _any_of(BillingMethod.TIME_AND_MATERIAL, BillingMethod.FIXED_PRICE)]


class PeriodStatus(StrEnum):
    OPEN = "open"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


class SalesTaxGroupMethod(StrEnum):
    """Whose sales tax group a line takes (TAX-01 to TAX-06); ``search`` takes the first in this order."""

    PROJECT = "project"
    CONTRACT = "contract"
    CUSTOMER = "customer"
    SEARCH = "search"


class ItemTaxGroupMethod(StrEnum):
    """Where a material's item sales tax group comes from (TAX-08, TAX-09)."""

    ITEM = "item"
    CATEGORY = "category"


class CategoryKind(StrEnum):
    """The transaction type a project category is for (CAT-04, CAT-05)."""

    TIME = "time"
    EXPENSE = "expense"
    MATERIAL = "material"
    FEE = "fee"
    ON_ACCOUNT = "on_account"


class CostPosting(StrEnum):
    """Where the cost of a class goes (LED-26 to LED-35)."""

    PROFIT_AND_LOSS = "profit_and_loss"
    BALANCE = "balance"
    NO_LEDGER = "no_ledger"
    NEVER_LEDGER = "never_ledger"


class OnAccountPosting(StrEnum):
    """Where on-account invoicing goes (LED-36, LED-37)."""

    PROFIT_AND_LOSS = "profit_and_loss"
    BALANCE = "balance"


class InvoiceAccountingDate(StrEnum):
    """The accounting date of an invoice whose header carries none (99-23)."""

    INVOICE_DATE = "invoice_date"
    BILLED_SALES = "billed_sales"


# --- rows -------------------------------------------------------------------------------------------------------------


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(Row):
    name: str = ""
    accounting_currency: Name
    time_zone: TimeZone = "UTC"


class Currency(Row):
    """``precision`` is the smallest step of an amount: 0.01, 1, 0.05."""

    precision: Precision


class FixedRate(Row):
    """``rate`` units of accounting currency for ``factor`` units of ``currency`` (FXR-12)."""

    currency: Name
    rate: Rate
    factor: Rate


class DatedRate(Row):
    from_: Name = Field(alias="from")
    to: Name
    valid_from: Day
    rate: Rate
    factor: Rate


class FiscalPeriod(Row):
    start: Day
    end: Day
    status: PeriodStatus

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise _told(f"the end {self.end} is before the start {self.start}")
        return self


class Parameters(Row):
    """The parameters of a company; the defaults are those of the contract.

    A category default or a line property that does not exist refuses nothing here: the rows that need it wait with
    ``category_missing`` or ``line_property_missing`` and go on once it is there (CAT-02, LP-05).

    ``internal_projects_use_profile``: work without a contract is posted by its profile where a rule gives it one; false
    sends it to profit and loss always, unless the profile is of the method `investment` (LED-49 to LED-51, IVP-02).

    ``auto_post_journals``: false leaves draft journals to a person. With ``post_after_hours`` the schedule posts a
    draft once its lines have stood unchanged for so long. What a person posts is posted at once, and a posting that was
    begun is finished. Invoices have ``auto_post_proposals``; the hours are not for them.

    ``line_discount_category``: revenue is accrued and posted without regard to discounts, which the invoice posts to
    the ``discount`` account of this category. Without it everything is net of the discount (FEE-06, FEE-07).

    ``auto_open_period``: an accounting date in a period that is not open moves to the first day of the next open one
    (JRN-08, JRN-18); else posting is refused. ``invoice_accounting_date``: where an invoice's header carries no
    accounting date, it is the invoice date, or the one that its billed sales agree on (99-23).
    """

    journal_period: JournalPeriod = JournalPeriod.DAYS
    journal_line_limit: Annotated[int, Field(ge=1)] = 200
    auto_open_period: bool = True
    sales_tax_group_method: SalesTaxGroupMethod = SalesTaxGroupMethod.SEARCH
    material_item_tax_group_method: ItemTaxGroupMethod = ItemTaxGroupMethod.ITEM
    milestone_item_sales_tax_group: Name | None = None
    category_defaults: dict[CategoryKind, Name] = {}
    line_property_mapping: dict[BillingType, Name] = {}
    prevalidation_minutes: Annotated[int, Field(ge=0)] = 0
    auto_post_proposals: bool = False
    require_invoice_total: bool = True
    beginning_balance_date: Day | None = None
    allow_header_dimensions: bool = False
    line_discount_category: Name | None = None
    internal_projects_use_profile: bool = True
    auto_post_journals: bool = True
    post_after_hours: Annotated[int, Field(ge=0, le=8784)] = 0
    invoice_accounting_date: InvoiceAccountingDate = InvoiceAccountingDate.INVOICE_DATE


class LineProperty(Row):
    """LP-01 to LP-06. Revenue accrues where both this and the profile allow it (99-10).

    ``on_invoice``: a line that is not chargeable is shown on the invoice all the same (99-21).
    """

    chargeable: bool = False
    accrue_revenue: bool = True
    on_invoice: bool = False
    capitalize: bool | None = None


class Customer(Row):
    name: str = ""
    group: Name | None = None
    sales_tax_group: Name | None = None
    terms_of_payment: Name | None = None
    on_hold: bool = False
    dimensions: Dimensions = {}


class Contract(Row):
    company: Name
    customer: Name
    currency: Name
    sales_tax_group: Name | None = None
    fixed_exchange_rate: FixedRate | None = None
    terms_of_payment: Name | None = None


class ContractLine(Row):
    """Its billing method is never `investment`, which is for profiles of projects without a contract."""

    contract: Name
    billing_method: ContractMethod = BillingMethod.TIME_AND_MATERIAL
    dimensions: Dimensions = {}


class Project(Row):
    company: Name
    contract: Name | None = None
    group: Name | None = None
    sales_tax_group: Name | None = None
    open: bool = True
    dimensions: Dimensions = {}


class Category(Row):
    kind: CategoryKind
    group: Name | None = None
    item_sales_tax_group: Name | None = None


class Product(Row):
    item_sales_tax_group: Name | None = None


class Profile(Row):
    """A cost and revenue profile. A class that is not named posts its cost to profit and loss and accrues nothing.

    A profile counts for contract lines of its billing method. Work without a contract follows `investment` profiles and
    those for `time_and_material` (LED-49 to LED-51, IVP-02): the most specific rule of either, `investment` first where
    a project, or a group, has both.
    """

    billing_method: BillingMethod
    post_costs: dict[CostClass, CostPosting] = {}
    accrue_revenue: dict[SalesClass, bool] = {}
    on_account: OnAccountPosting = OnAccountPosting.PROFIT_AND_LOSS

    @model_validator(mode="after")
    def _an_investment_has_no_sales(self) -> Self:
        if self.billing_method is BillingMethod.INVESTMENT and any(self.accrue_revenue.values()):
            raise _told(
                "accrue_revenue is not for billing_method: investment, which has no sales to accrue; leave it out"
            )
        return self

    @model_validator(mode="after")
    def _accrual_needs_cost_in_profit_and_loss(self) -> Self:
        for transaction_class, accrues in self.accrue_revenue.items():
            if accrues and self.cost_posting(transaction_class) is not CostPosting.PROFIT_AND_LOSS:
                raise _told(
                    f"accrue_revenue.{transaction_class.value} needs post_costs.{transaction_class.value}: "
                    "profit_and_loss, because revenue accrues only where the cost does not wait on the balance sheet"
                )
        return self

    def cost_posting(self, transaction_class: TransactionClass) -> CostPosting:
        return self.post_costs.get(transaction_class, CostPosting.PROFIT_AND_LOSS)

    def accrues(self, transaction_class: TransactionClass) -> bool:
        return self.accrue_revenue.get(transaction_class, False)


def _at_most_one(row: Row, *names: str) -> None:
    given = [name for name in names if getattr(row, name) is not None]
    if len(given) > 1:
        raise _told(f"{' and '.join(given)} exclude each other; keep one of them")


class ProfileRule(Row):
    """Names one of project, contract, project_group, or none of them: all projects of the company."""

    company: Name
    project: Name | None = None
    contract: Name | None = None
    project_group: Name | None = None
    profile: Name

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        _at_most_one(self, "project", "contract", "project_group")
        return self


class LedgerAccount(Row):
    """The main account of a posting type, for all or for what the row names (LED-57, LED-58)."""

    posting_type: PostingType
    project: Name | None = None
    project_group: Name | None = None
    category: Name | None = None
    category_group: Name | None = None
    customer: Name | None = None
    customer_group: Name | None = None
    account: Name

    @model_validator(mode="after")
    def _one_level_each(self) -> Self:
        _at_most_one(self, "project", "project_group")
        _at_most_one(self, "category", "category_group")
        _at_most_one(self, "customer", "customer_group")
        return self


class TaxRate(Row):
    """``percent``, or for a code of that origin ``amount_per_unit`` in the currency of the document (TAX-19)."""

    valid_from: Day
    percent: Percent | None = None
    amount_per_unit: UnitAmount | None = None

    @property
    def value(self) -> Decimal:
        """Whichever of the two is given: the code's origin says which."""
        return next(value for value in (self.percent, self.amount_per_unit) if value is not None)


class TaxCode(Row):
    """What a tax is computed from (TAX-16 to TAX-21), as ``domain.sales_tax.TaxForm``.

    ``base_code``: the code whose tax a ``percent_of_tax`` is charged on. ``marginal_base``: with
    ``net_of_invoice_balance`` the base is the document, whatever the calculation of the rounding (TAX-23).
    ``exempt_in``: sales tax groups that name the code without charging it.
    """

    rates: list[TaxRate] = Field(min_length=1)
    account: Name | None = None
    origin: TaxOrigin = TaxOrigin.PERCENT_OF_NET
    base_code: Name | None = None
    marginal_base: MarginalBase = MarginalBase.NET_PER_LINE
    exempt_in: list[Name] = []

    @model_validator(mode="after")
    def _rates_fit_the_origin(self) -> Self:
        needed = "amount_per_unit" if self.origin is TaxOrigin.AMOUNT_PER_UNIT else "percent"
        for rate in self.rates:
            if rate.model_dump(exclude={"valid_from"}, exclude_none=True).keys() != {needed}:
                raise _told(f"the rate of {rate.valid_from} needs {needed} and nothing else: origin is {self.origin}")
            if self.origin is TaxOrigin.CALCULATED_PERCENT_OF_NET and rate.value >= 100:
                raise _told(f"the percent of {rate.valid_from} must be below 100: it is a part of amount and tax")
        if (self.origin is TaxOrigin.PERCENT_OF_TAX) != (self.base_code is not None):
            raise _told("base_code and the origin percent_of_tax belong together")
        return self


class SalesTaxRounding(Row):
    precision: Precision = Decimal("0.01")
    method: Rounding = Rounding.NORMAL
    by: RoundBy = RoundBy.CODE
    calculation: Calculation = Calculation.LINE


_OTHERS_TAXED = frozenset({TaxOrigin.PERCENT_OF_TAX, TaxOrigin.PERCENT_OF_GROSS})


class SalesTax(Row):
    """A line is taxed by the codes that both its groups name (TAX-12).

    ``amounts_include_tax``: what comes from Dataverse is the amount that the customer pays (TAX-20).
    """

    codes: dict[Name, TaxCode] = {}
    groups: dict[Name, list[Name]] = {}
    item_groups: dict[Name, list[Name]] = {}
    rounding: SalesTaxRounding = SalesTaxRounding()
    amounts_include_tax: bool = False

    @model_validator(mode="after")
    def _codes_fit_together(self) -> Self:
        for name, code in self.codes.items():
            base = self.codes.get(code.base_code) if code.base_code else None
            if code.base_code and (base is None or base.origin in _OTHERS_TAXED):
                raise _told(f"codes.{name}.base_code: {code.base_code!r} must be a code that is itself on no other tax")
            for group in code.exempt_in:
                if name not in self.groups.get(group, []):
                    raise _told(f"codes.{name}.exempt_in: {group!r} must be one of groups that names {name}")
        return self


class CashDiscount(Row):
    """DUE-12. ``days`` from the invoice's date."""

    days: Annotated[int, Field(ge=0, le=3660)]
    percent: Discount


class PaymentTerms(Row):
    """DUE-10, as ``domain.terms.TermsOfPayment``."""

    method: PaymentMethod = PaymentMethod.NET
    months: Annotated[int, Field(ge=0, le=120)] = 0
    days: Annotated[int, Field(ge=0, le=3660)] = 0
    cutoff_day: Annotated[int, Field(ge=1, le=31)] | None = None
    cash_discount: CashDiscount | None = None


class ProposalNumbers(Row):
    """Whether a proforma's number may be below or above the ones before (NUM-01).

    ``format`` says where the counter is in it: ``#`` for the counter, ``?`` for one character that may be any, ``*``
    for any number of them, as in ``INV-#####-??????``. A number of another form is taken only where lower and higher
    ones both may be. Without a format the counter is what Dataverse counts in ``INV-01000-K7R9T4``, else the last
    digits.
    """

    allow_lower: bool = True
    allow_higher: bool = True
    format: NumberFormat | None = None


class NumberSequences(Row):
    journal: NumberFormat = "{company}-######"
    voucher: NumberFormat = "PV-########"
    invoice: NumberFormat = "FTI-########"
    intercompany: NumberFormat = "IC-######"
    proposal: ProposalNumbers = ProposalNumbers()


class Intercompany(Row):
    """The ``lender`` bills the ``borrower`` as its ``customer``; to the borrower it is the ``vendor``.

    ``accrue_revenue``: whether inter-organizational sales accrue when they are posted; without it the lender's profile
    decides (IC-06).
    """

    lender: Name
    borrower: Name
    customer: Name
    vendor: Name
    accrue_revenue: bool | None = None


class Worker(Row):
    """A resource of a company by its name, with the dimensions of its employment (DIM-04 to DIM-06)."""

    dimensions: Dimensions = {}


class DimensionRule(Row):
    """Default dimensions of journal lines that match what it names; of several the most specific wins (DIM-07).

    The columns go from general to specific; they are compared from the right.
    """

    company: Name
    customer: Name | None = None
    contract: Name | None = None
    project_group: Name | None = None
    project: Name | None = None
    category: Name | None = None
    resource: Name | None = None
    dimensions: Dimensions


class AccountRule(Row):
    """What an account asks of dimensions: those that must be there, and the values that are allowed (DIM-14)."""

    account: Name
    required: list[Name] = []
    values: dict[Name, list[str]] = {}


class SetupDocument(Row):
    """The whole set-up. Only companies and currencies must be there."""

    companies: dict[Name, Company] = Field(min_length=1)
    currencies: dict[Name, Currency] = Field(min_length=1)
    exchange_rates: list[DatedRate] = []
    fiscal_periods: dict[Name, list[FiscalPeriod]] = {}
    parameters: dict[Name, Parameters] = {}
    line_properties: dict[Name, LineProperty] = {}
    customers: dict[Name, dict[Name, Customer]] = {}
    contracts: dict[Name, Contract] = {}
    contract_lines: dict[Name, ContractLine] = {}
    projects: dict[Name, Project] = {}
    categories: dict[Name, dict[Name, Category]] = {}
    transaction_categories: dict[Name, dict[Name, Name]] = {}
    products: dict[Name, Product] = {}
    profiles: dict[Name, Profile] = {}
    profile_rules: list[ProfileRule] = []
    ledger_posting: dict[Name, list[LedgerAccount]] = {}
    sales_tax: SalesTax = SalesTax()
    terms_of_payment: dict[Name, PaymentTerms] = {}
    number_sequences: dict[Name, NumberSequences] = {}
    intercompany: list[Intercompany] = []
    workers: dict[Name, dict[Name, Worker]] = {}
    dimension_rules: list[DimensionRule] = []
    account_structures: dict[Name, list[AccountRule]] = {}
    references: dict[Name, dict[Name, Name]] = {}


# --- what is wrong with a document ------------------------------------------------------------------------------------

Path = tuple[str | int, ...]

_TOLD_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at ``path`` (keys and list positions from the top of the document) and what would be right."""

    path: Path
    text: str

    def __str__(self) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{''.join(steps).removeprefix('.') or 'document'}: {self.text}"


def problems(document: object) -> list[str]:
    """Everything wrong with a document, one line each (``parameters.USPM.journal_period: …``)."""
    return [str(problem) for problem in check(document)]


def check(document: object) -> list[Problem]:
    """As ``problems``, with the path apart, a hundred at most. Names are looked up once all values are right."""
    try:
        parsed = SetupDocument.model_validate(document)
    except ValidationError as error:
        return [_problem(detail) for detail in error.errors(include_url=False)[:_TOLD_AT_ONCE]]
    led_nowhere = _dangling(parsed.model_dump(by_alias=True, exclude_unset=True))
    return list(islice(chain(led_nowhere, _doubled(parsed)), _TOLD_AT_ONCE))


def _problem(detail: ErrorDetails) -> Problem:
    path: Path = tuple(step for step in detail["loc"] if step != "[key]")
    given = repr(detail["input"])
    given = given if len(given) <= 60 else given[:57] + "..."
    match detail["type"]:
        case "told":
            text = detail["msg"]
        case "missing":
            text = "is missing and must be given"
        case "extra_forbidden":
            text = f"is not known here; {_instead(str(path[-1]), _keys_at(path[:-1]))}"
        case "enum" | "literal_error":
            text = f"{given} is not allowed; use {detail['ctx']['expected']}"
        case "string_type":
            text = f"{given} must be text; put it in quotes"
        case "model_type" | "dict_type":
            text = f"{given} must be a mapping of keys to values"
        case "list_type":
            text = f"{given} must be a list"
        case _:
            text = f"{detail['msg'][0].lower()}{detail['msg'][1:]}, not {given}"
    return Problem(path, text)


def _keys_at(path: Path) -> list[str]:
    """The keys of the row at ``path``: down through its fields, the values of mappings and the entries of lists."""
    shape: Any = SetupDocument
    for step in path:
        shape = _fields(shape)[str(step)] if isinstance(shape, type) else get_args(shape)[-1]
        if isinstance(shape, UnionType):
            shape = get_args(shape)[0]
    return list(_fields(shape))


def _fields(row: type[Row]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in row.model_fields.items()}


def _instead(name: str, known: Iterable[str]) -> str:
    """What the writer may have meant, or what there is."""
    names = list(known)
    if close := get_close_matches(name, names, n=1):
        return f"did you mean {close[0]}?"
    if not names:
        return "there is none yet"
    return f"there is {', '.join(names[:24])}{', …' if len(names) > 24 else ''}"


CROSS_REFERENCES: tuple[tuple[str, str], ...] = (
    ("companies.*.accounting_currency", "currencies"),
    ("exchange_rates.*.from", "currencies"),
    ("exchange_rates.*.to", "currencies"),
    ("fiscal_periods.{company}", "companies"),
    ("parameters.{company}", "companies"),
    ("parameters.{company}.line_discount_category", "categories.{company}"),
    ("customers.{company}", "companies"),
    ("customers.{company}.*.sales_tax_group", "sales_tax.groups"),
    ("customers.{company}.*.terms_of_payment", "terms_of_payment"),
    ("contracts.*.company", "companies"),
    ("contracts.*.customer", "customers.{company}"),
    ("contracts.*.currency", "currencies"),
    ("contracts.*.sales_tax_group", "sales_tax.groups"),
    ("contracts.*.fixed_exchange_rate.currency", "currencies"),
    ("contracts.*.terms_of_payment", "terms_of_payment"),
    ("contract_lines.*.contract", "contracts"),
    ("projects.*.company", "companies"),
    ("projects.*.contract", "contracts"),
    ("projects.*.sales_tax_group", "sales_tax.groups"),
    ("categories.{company}", "companies"),
    ("categories.{company}.*.item_sales_tax_group", "sales_tax.item_groups"),
    ("transaction_categories.{company}", "companies"),
    ("transaction_categories.{company}.*", "categories.{company}"),
    ("products.*.item_sales_tax_group", "sales_tax.item_groups"),
    ("profile_rules.*.company", "companies"),
    ("profile_rules.*.project", "projects"),
    ("profile_rules.*.contract", "contracts"),
    ("profile_rules.*.profile", "profiles"),
    ("ledger_posting.{company}", "companies"),
    ("ledger_posting.{company}.*.project", "projects"),
    ("ledger_posting.{company}.*.category", "categories.{company}"),
    ("ledger_posting.{company}.*.customer", "customers.{company}"),
    ("sales_tax.groups.*.*", "sales_tax.codes"),
    ("sales_tax.item_groups.*.*", "sales_tax.codes"),
    ("number_sequences.{company}", "companies"),
    ("intercompany.*.lender", "companies"),
    ("intercompany.*.borrower", "companies"),
    ("intercompany.*.customer", "customers.{lender}"),
    ("workers.{company}", "companies"),
    ("dimension_rules.*.company", "companies"),
    ("dimension_rules.*.customer", "customers.{company}"),
    ("dimension_rules.*.contract", "contracts"),
    ("dimension_rules.*.project", "projects"),
    ("dimension_rules.*.category", "categories.{company}"),
    ("account_structures.{company}", "companies"),
)
"""Which values name what. ``*`` is every entry; ``{company}`` every key, or, in a target, the row's own company.

Groups of projects, categories and customers have no list of their own. Defaults of ``parameters`` may lead nowhere
(see there), and so may ``references``: the rows that need them wait.
"""


def _dangling(document: Mapping[str, Any]) -> Iterator[Problem]:
    for source, target in CROSS_REFERENCES:
        for path, row, name in _values(document, source.split("."), (), {}):
            known: Any = document
            for step in target.split("."):
                known = known.get(step.format_map(row), {})
            if name not in known:
                yield Problem(path, f"{name!r} is not in {target.format_map(row)}; {_instead(name, known)}")


def _values(node: Any, steps: list[str], path: Path, row: Mapping[str, Any]) -> Iterator[tuple[Path, Any, str]]:
    """Each value that a source path of ``CROSS_REFERENCES`` leads to, with its own path and the row it stands in."""
    if not steps:
        yield path, row, node
    elif steps[0] == "{company}" and len(steps) == 1:
        yield from (((*path, key), row, key) for key in node)
    elif steps[0] in ("*", "{company}"):
        for key, member in node.items() if isinstance(node, Mapping) else enumerate(node):
            yield from _values(member, steps[1:], (*path, key), {"company": key} if steps[0] == "{company}" else row)
    elif (value := node.get(steps[0])) is not None:
        yield from _values(value, steps[1:], (*path, steps[0]), {**row, **node} if path else row)


def _doubled(document: SetupDocument) -> Iterator[Problem]:
    """Rows of which only one can hold: the same rate, rule or account twice, periods that overlap."""
    yield from _twice(("exchange_rates",), ((r.from_, r.to, r.valid_from) for r in document.exchange_rates))
    yield from _twice(
        ("profile_rules",),
        (
            (r.company, r.project, r.contract, r.project_group, document.profiles[r.profile].billing_method)
            for r in document.profile_rules
            if r.profile in document.profiles
        ),
    )
    for company, accounts in document.ledger_posting.items():
        path = ("ledger_posting", company)
        yield from _twice(path, (tuple(row.model_dump(exclude={"account"}).values()) for row in accounts))
    for company, periods in document.fiscal_periods.items():
        placed = sorted(enumerate(periods), key=lambda entry: entry[1].start)
        for (_, before), (position, period) in pairwise(placed):
            if period.start <= before.end:
                text = f"starts on {period.start}, before the period from {before.start} to {before.end} is over"
                yield Problem(("fiscal_periods", company, position), text)


def _twice(path: Path, keys: Iterable[object]) -> Iterator[Problem]:
    first: dict[object, int] = {}
    for position, key in enumerate(keys):
        if (earlier := first.setdefault(key, position)) != position:
            yield Problem((*path, position), f"is for the same as entry [{earlier}]; keep one of them")
