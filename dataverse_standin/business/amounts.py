"""Quantities and amounts as Dataverse keeps them: the precision of the currency, half away from zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dataverse_standin.rows import Lookup, Refused, Rows

Number = Decimal | int | str
"""What a caller may write for a quantity or a price. Never a float."""

ZERO = Decimal(0)
_QUANTITY_PLACES = 2
_PRICE_PLACES = 4


def quantity_of(value: Number) -> Decimal:
    """``value`` as msdyn_quantity, which has two decimals."""
    return _decimal(value, _QUANTITY_PLACES, "quantity")


def price_of(value: Number) -> Decimal:
    """``value`` as msdyn_price or msdyn_amount, which have four decimals at most."""
    return _decimal(value, _PRICE_PLACES, "price")


def amount_of(rows: Rows, quantity: Decimal, price: Decimal, currency: Lookup) -> Decimal:
    """Quantity times price, rounded to the precision of ``currency``."""
    digits: int = rows.get("transactioncurrency", currency.id)["currencyprecision"]
    rounded = (quantity * price).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return rounded or abs(rounded)  # no negative zero


def amount_like(rows: Rows, original: dict[str, Any], quantity: Decimal, price: Decimal) -> Decimal:
    """The amount of ``quantity`` at ``price``; where both are those of ``original``, its amount, to the cent.

    Parts of a whole may be a cent off their quantity times price, so that they sum up to it.
    """
    if (quantity, price) == (original["msdyn_quantity"], original["msdyn_price"]):
        return Decimal(original["msdyn_amount"])
    return amount_of(rows, quantity, price, original["transactioncurrencyid"])


def _decimal(value: Number, places: int, what: str) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or number != round(number, places):
        raise Refused(f"{what} {value} has more than {places} decimals; round it")
    return number
