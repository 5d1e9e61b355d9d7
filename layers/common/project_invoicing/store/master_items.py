"""Items of the MasterData table: their keys, and what they say.

* ``ROW#<entity>#<id>``, ``ROW``: a row of Dataverse. ``rv`` ``ot`` ``h`` the version of its columns, ``d`` the mapped
  columns as JSON; ``dv`` the time of its deletion, ``dn`` its row version, ``st`` that it is deleted; ``cc`` ``nu`` the
  company and the number it is placed under; ``pb`` what is wrong with it (``code: detail``); ``bk`` what it waits for
  (index ``blocked_by``)
* ``NAME#<part>#<company>#<number>``, ``NAME``: ``g`` the row that has the name (``entity#id``), ``d`` its columns once
  more, ``st`` that it is deleted; ``f`` finance's own columns as JSON, ``fv`` how often they were set
* ``OF#<id>``, ``OF``: what hangs on a row, one attribute a child: ``c_<entity>#<id>``, a few of its columns as JSON
* ``RATE#<type>#<from>#<to>``, ``RATES``: ``d`` one line a day, ``2026-01-05=1.25/100``; ``ve`` how often it was written
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import (
    Children,
    ChildrenKey,
    Key,
    NameKey,
    RateKey,
    Rates,
    RowKey,
    Seen,
    SeenName,
    SeenRow,
)
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.store.items import Item

ROW: Final = "ROW"
NAME: Final = "NAME"
OF: Final = "OF"
RATES: Final = "RATES"
CHILD: Final = "c_"
DELETED: Final = "deleted"
INDEX: Final = "blocked_by"


def item_key(key: Key) -> tuple[str, str]:
    """Partition and sort key of the item that answers ``key``."""
    match key:
        case RowKey(entity, id):
            return f"ROW#{entity}#{id}", ROW
        case NameKey(part, company, number):
            return f"NAME#{part}#{company or '-'}#{number}", NAME
        case ChildrenKey(parent):
            return f"OF#{parent}", OF
        case RateKey(type, from_, to):
            return f"RATE#{type}#{from_}#{to}", RATES


def seen(item: Item) -> Seen:
    """What an item says. Raises whatever a malformed item causes."""
    match item["sk"]:
        case "ROW":
            return row_of(item)
        case "NAME":
            return _name_of(item)
        case "OF":
            return Children(
                {split(name.removeprefix(CHILD)): json.loads(text) for name, text in item.items() if CHILD in name[:2]}
            )
        case _:
            return Rates(tuple(_day(line) for line in str(item.get("d", "")).splitlines()))


def row_of(item: Item) -> SeenRow:
    _, entity, id = str(item["pk"]).split("#", 2)
    return SeenRow(
        entity=entity,
        id=id,
        version=version_of(item) or RowVersion(item.get("dn"), str(item.get("dv", "")), ""),
        columns=columns_in(item),
        deleted=item.get("st") == DELETED,
        company=item.get("cc"),
        number=item.get("nu"),
        problem=item.get("pb"),
    )


def version_of(item: Item) -> RowVersion | None:
    """The version of the columns of a row; ``None`` where only its deletion has arrived."""
    return RowVersion(item.get("rv"), item["ot"], item["h"]) if "h" in item else None


def columns_in(item: Item) -> Mapping[str, Any]:
    columns: Mapping[str, Any] = json.loads(item["d"]) if "d" in item else {}
    return columns


def columns_text(columns: Mapping[str, Any]) -> str:
    return json.dumps(columns, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def split(reference: str) -> tuple[str, str]:
    """``account#<id>`` as table and id."""
    entity, _, id = reference.partition("#")
    return entity, id


def _name_of(item: Item) -> SeenName:
    entity, id = split(item["g"]) if "g" in item else (None, None)
    finance = json.loads(item["f"]) if "f" in item else {}
    return SeenName(entity, id, columns_in(item), finance, deleted=item.get("st") == DELETED)


def rates_text(rates: Rates) -> str:
    """All days of a pair, as they are stored."""
    return "\n".join(f"{day.isoformat()}={rate.rate:f}/{rate.factor:f}" for day, rate in rates.days)


def _day(line: str) -> tuple[date, ExchangeRate]:
    day, _, rate = line.partition("=")
    return date.fromisoformat(day), ExchangeRate(*map(Decimal, rate.split("/")))
