"""Attribute values as DynamoDB keeps them: checked, in one form each, with their size and their order."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, Final

Value = dict[str, Any]
"""An attribute value as it is on the wire: ``{"S": "text"}``."""
Item = dict[str, Value]

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DIGITS: Final = 38
_DEEPEST: Final = 32
EXACT: Final = Context(prec=400)


class Failure(Exception):
    """What DynamoDB refuses: ``answer`` is the parsed answer, as botocore gives it."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(code, message)
        self.code = code
        self.answer = {"Error": {"Code": code, "Message": message}, "message": message, **more}

    @property
    def message(self) -> str:
        return str(self.answer["message"])


class Unfit(Failure):
    """Refused for what the item at hand is: a transaction is cancelled for it, where others are not begun."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


def invalid(message: str) -> Failure:
    return Failure("ValidationException", message)


def checked_item(item: Item) -> Item:
    return {name: checked(value) for name, value in item.items()}


def checked(value: Value, depth: int = 0) -> Value:
    """The value in its one form, with nothing in common with what was given. Equal values are then equal."""
    if len(value) != 1:
        raise invalid("Supplied AttributeValue is empty or has more than one datatypes set")
    ((kind, given),) = value.items()
    if kind == "S":
        return {"S": given if type(given) is str else str.__str__(given)}
    if kind == "N":
        return {"N": number(given)}
    if kind == "M":
        _not_too_deep(depth)
        return {"M": {name: checked(one, depth + 1) for name, one in given.items()}}
    if kind == "L":
        _not_too_deep(depth)
        return {"L": [checked(one, depth + 1) for one in given]}
    if kind == "BOOL":
        return {"BOOL": given}
    if kind == "B":
        return {"B": bytes(given)}
    if kind == "NULL":
        if given is not True:
            raise invalid("One or more parameter values were invalid: Null attribute value types must have true")
        return {"NULL": True}
    return {kind: _a_set(kind, given)}


def _not_too_deep(depth: int) -> None:
    if depth >= _DEEPEST:
        raise invalid("Nesting Levels have exceeded supported limits")


def _a_set(kind: str, given: list[Any]) -> list[Any]:
    """Its values in order: a set has none of its own."""
    made: list[Any] = [number(one) if kind == "NS" else bytes(one) if kind == "BS" else one for one in given]
    if not made:
        raise invalid("One or more parameter values were invalid: An string set  may not be empty")
    if len(set(made)) != len(made):
        raise invalid("One or more parameter values were invalid: Input collection contains duplicates")
    return sorted(made, key=Decimal if kind == "NS" else None)


@lru_cache(maxsize=10_000)
def number(text: str) -> str:
    """A number in its one form: 38 significant digits, no exponent."""
    if not _NUMBER.fullmatch(text):
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}")
    return canonical(Decimal(text))


def canonical(value: Decimal) -> str:
    if not value:
        return "0"
    digits = value.as_tuple().digits
    significant = len("".join(map(str, digits)).strip("0"))
    if significant > _DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    if value.adjusted() > 125:
        raise invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if value.adjusted() < -130:
        raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    return format(value.normalize(EXACT), "f")


def item_size(item: Item) -> int:
    return sum(_text_size(name) + size(value) for name, value in item.items())


def size(value: Value) -> int:
    """Bytes, as AWS counts them: of a number about half of its digits."""
    ((kind, held),) = value.items()
    if kind == "S":
        return _text_size(held)
    if kind == "N":
        return _number_size(held)
    if kind == "B":
        return len(held)
    if kind == "M":
        return 3 + sum(1 + _text_size(name) + size(one) for name, one in held.items())
    if kind == "L":
        return 3 + sum(1 + size(one) for one in held)
    if kind in ("SS", "NS", "BS"):
        return sum(size({kind[0]: one}) for one in held)
    return 1


def _text_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _number_size(text: str) -> int:
    digits = text.replace(".", "").lstrip("-0").rstrip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def order(value: Value) -> Any:
    """By what values of one type are sorted. Text by its code points, which is the order of its bytes."""
    ((kind, held),) = value.items()
    return Decimal(held) if kind == "N" else held


def kind_of(value: Value) -> str:
    return next(iter(value))
