"""What a posted line hands on to the line that continues it (99-22, D-078).

A journal line is continued by the invoice line that bills it and by its reversal; an invoice line by the credit line
that takes it back and by the line that replaces it. Each inherits what was posted, including a person's edits: an edit
carries through to later lines, a change of the set-up in between does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.sales_tax import MarginalBase, TaxForm, TaxOrigin


@dataclass(frozen=True, slots=True)
class ChargedTax:
    """One sales tax code of a line: its percent (or amount per unit), the account it was posted to, and its amount.

    ``origin``, ``base_code`` and ``marginal_base`` say how it is computed; they are ``None`` for a plain percent of the
    net.
    """

    code: str
    percent: Decimal
    account: str | None = None
    amount: Decimal = ZERO
    origin: TaxOrigin | None = None
    base_code: str | None = None
    marginal_base: MarginalBase | None = None

    @classmethod
    def by(cls, code: str, percent: Decimal, form: TaxForm, amount: Decimal = ZERO) -> ChargedTax:
        """A tax of this form whose account the set-up decides."""
        if form == TaxForm():
            return cls(code, percent, amount=amount)
        return cls(code, percent, None, amount, form.origin, form.base_code, form.marginal_base)

    @property
    def form(self) -> TaxForm:
        return TaxForm(
            self.origin or TaxOrigin.PERCENT_OF_NET, self.base_code, self.marginal_base or MarginalBase.NET_PER_LINE
        )


@dataclass(frozen=True, slots=True)
class Charge:
    """What an invoice line was computed and posted with.

    ``taxes``: ``None`` where the set-up of the invoice date decides, empty where no tax was charged.
    ``discount_account``: empty where the discount was posted net, ``None`` where there was none. ``invoice``: the
    number of the posted invoice. ``credit``: the line took back a line of another invoice. ``counted``: the invoice
    counts this line among those that can be taken back (REG-19).
    """

    invoice: str | None = None
    revenue_type: PostingType | None = None
    revenue_account: str | None = None
    discount_account: str | None = None
    taxes: tuple[ChargedTax, ...] | None = None
    tax_included: bool = False
    credit: bool = False
    counted: bool = True

    def handed_on(self) -> Charge:
        """The charge that a line inherits which charges again: percents and accounts, but no amounts and no invoice."""
        taxes = None if self.taxes is None else tuple(replace(tax, amount=ZERO) for tax in self.taxes)
        return replace(self, invoice=None, taxes=taxes, credit=False, counted=True)

    def retaxed(self) -> Charge:
        """The charge without its taxes: the set-up of the invoice date decides them."""
        return replace(self, taxes=None, tax_included=False)


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a posted line hands on. It has a ``charge`` if it was on an invoice, or continued a line that was.

    ``worker_dimensions`` are those of a cost, and ``cost_adjustment`` what finance's own cost of a stocked item added
    to it, ``None`` where nothing did (NEW-01).
    """

    sales_tax_group: str | None = None
    item_sales_tax_group: str | None = None
    category: str | None = None
    line_property: str | None = None
    dimensions: dict[str, str] | None = None
    worker_dimensions: dict[str, str] | None = None
    charge: Charge | None = None
    cost_adjustment: Decimal | None = None
    tags: dict[str, str] | None = None

    def handed_on(self) -> Lineage:
        """The lineage as inherited by a line that bills or replaces; a line that takes back inherits all of it."""
        if self.charge is None and self.cost_adjustment is None:
            return self
        return replace(self, charge=self.charge and self.charge.handed_on(), cost_adjustment=None)


class Line(Protocol):
    """What lines of every kind of document have in common."""

    @property
    def sales_tax_group(self) -> str | None: ...
    @property
    def item_sales_tax_group(self) -> str | None: ...
    @property
    def category(self) -> str | None: ...
    @property
    def line_property(self) -> str | None: ...
    @property
    def dimensions(self) -> dict[str, str] | None: ...
    @property
    def tags(self) -> dict[str, str] | None: ...


L = TypeVar("L", bound=Any)


def lineage_of(line: Line, charge: Charge | None = None, worker_dimensions: dict[str, str] | None = None) -> Lineage:
    """What a line hands on once it is posted."""
    return Lineage(
        sales_tax_group=line.sales_tax_group,
        item_sales_tax_group=line.item_sales_tax_group,
        category=line.category,
        line_property=line.line_property,
        dimensions=line.dimensions,
        worker_dimensions=worker_dimensions,
        charge=charge,
        tags=line.tags,
    )


def continuing(line: L, before: Lineage, **more: Any) -> L:
    """``line``, of whatever document, with everything it inherits from the posted line it continues."""
    taken: L = replace(
        line,
        sales_tax_group=before.sales_tax_group,
        item_sales_tax_group=before.item_sales_tax_group,
        category=before.category,
        line_property=before.line_property,
        dimensions=before.dimensions,
        tags=before.tags,
        **more,
    )
    return taken
