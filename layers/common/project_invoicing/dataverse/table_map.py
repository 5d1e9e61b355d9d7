"""What a table map is made of: columns, how their values get from one side to the other, and what dates hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from project_invoicing.domain import money
from project_invoicing.domain.calendar import EARLIEST, LATEST

MONEY_LIMIT: Final = money.MONEY_LIMIT
"""Dataverse's bounds of msdyn_amount and msdyn_price, in both directions; taken for quantities too."""
TOTAL_LIMIT: Final = Decimal(922_337_203_685_477)
"""Dataverse's bounds of any Money column."""


class Direction(StrEnum):
    FROM_DATAVERSE = "Dataverse -> finance"
    TO_DATAVERSE = "finance -> Dataverse"
    LOOKED_UP = "looked up in Dataverse"


class Transform(StrEnum):
    """How a value gets from one side to the other."""

    TEXT = "text"
    DECIMAL = "decimal"
    FLAG = "yes or no"
    DATE = "date"
    CODE = "value map"
    LOOKUP = "look-up"
    NAME = "name of the look-up"
    GUID = "row id"


class DateBehavior(StrEnum):
    """What a date column holds: Dataverse's behavior of the column, as far as it matters here (99-26, REG-13).

    ``calendar`` (date only, or time-zone independent): a date that is the same everywhere and is never shifted.
    ``instant`` (user local): a moment, which becomes a day in the time zone of the company. A bare date stays one.
    """

    CALENDAR = "calendar"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """One pair of a table map.

    ``field`` is ours (``bill_to.city`` is an entry of a dictionary). ``default`` stands in for no value. ``limit``
    bounds the absolute value of a decimal, or the length of a text: a free text is cut, one that is ``exact`` (a
    number, a code) is refused. ``entity`` is the table of a look-up that came as a bare id. ``codes`` is the value map.
    ``no_value`` says what a named function does where there is no value. ``words``: what a column may say in words
    where it has no code for it. ``behavior`` is that of a date. A table may lack a column that is ``newer``: a sweep
    then leaves it out, and what the map asks for else must be there.
    """

    column: str
    field: str
    transform: Transform
    required: bool = False
    default: Any = None
    limit: Decimal | int | None = None
    exact: bool = False
    entity: str | None = None
    codes: Mapping[int, str] | None = None
    words: tuple[str, ...] = ()
    no_value: str = ""
    note: str = ""
    behavior: DateBehavior | None = None
    newer: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TableMap:
    """One table map. ``filter`` says which rows are meant, ``counterpart`` what the rows are on the finance side.

    ``optional``: columns that are read only where the overrides name them; as they stand they have no name. ``only``:
    the column by which rows are chosen: those with one of its codes, or with yes; a row without a value is taken.
    ``factor``: how many units of the from-currency a rate is for, for a map of exchange rates.
    ``first_date`` and ``last_date`` bound every date of a row, and when it changed.
    """

    name: str
    version: int
    direction: Direction
    entity: str
    counterpart: str
    columns: tuple[Column, ...]
    filter: str
    rules: str
    takes_custom_columns: bool = False
    optional: tuple[Column, ...] = ()
    first_date: str = EARLIEST.isoformat()
    last_date: str = LATEST.isoformat()
    only: Column | None = None
    factor: Decimal | None = None
