"""Items of the MasterData table: their keys, and what they say.

* ``ROW#<entity>#<id>``, ``ROW``: a row of Dataverse. ``rv`` ``ot`` ``h`` the version of its columns, ``d`` these as
  JSON; ``dn`` ``dv`` the row version and the time of its deletion, ``st`` that it is deleted; ``mg`` what a merge said
  that it was merged into; ``cc`` ``nu`` the company and the number it is placed under; ``pb`` what is wrong with it
  (``code: detail``), ``wa`` what is wrong and stops nothing; ``bk`` what it waits for, or ``moved``
  (index ``blocked_by``); ``ch`` how often it was written; ``fc`` ``fn`` finance's own columns of the number that it has
  left while it has no other, and the company of that number; ``en`` the names that it had before, as JSON; ``lv`` the
  columns of an exchange rate that it is leaving, as JSON; ``np`` ``ns`` what it is called, in small letters: company
  and first two letters, and all of it with the row (index ``called``)
* ``NAME#<part>#<company>#<number>``, ``NAME``: ``g`` the row that has the name (``entity#id``), ``d`` its columns once
  more, ``st`` that it is deleted, ``en`` the numbers that the row had before in the company, as JSON; ``f`` finance's
  own columns as JSON, ``fv`` how often they were set; ``np`` ``ns`` of an on-account transaction its company's list and
  the place there, which begins with its date (index ``called``); one attribute ``w_<entity>#<id>`` a row that has had
  the name and has left it
* ``OF#<id>``, ``OF``: what hangs on a row, one attribute a child: ``c_<entity>#<id>``, a few of its columns as JSON
* ``RATE#<type>#<from>#<to>``, ``RATES``: ``d`` one line a day, ``2026-01-05=1.25/100``; ``ve`` how often that
  was written; ``fe`` what a row has last left for good: who read the pair before that cannot write it
* ``RATE#<type>#<from>#<to>``, ``ROWS#<year>-<month>``: one attribute a day, ``r_05``: the id of the row that has it, as
  sixteen bytes
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import (
    NAMED,
    Children,
    ChildrenKey,
    Key,
    NameKey,
    Part,
    RateKey,
    Rates,
    RowKey,
    Seen,
    SeenName,
    SeenRow,
)
from project_invoicing.domain.master_row import DELETION, Carried, MasterRow, Placement
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.text import whole
from project_invoicing.store.items import Item

ROW: Final = "ROW"
NAME: Final = "NAME"
OF: Final = "OF"
RATES: Final = "RATES"
ROWS: Final = "ROWS#"
CHILD: Final = "c_"
FORMER: Final = "w_"
DAY: Final = "r_"
DELETED: Final = "deleted"
INDEX: Final = "blocked_by"
CALLED: Final = "called"
"""The index of rows by what they are called. Its partitions are small, so that a first load is not held up by one."""
FIRST: Final = 2
"""Letters that a search needs at least."""
UNDATED: Final = "0"
"""The place of what has no date: before every day."""
_LONGEST_CALLED: Final = 100


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


def seen(item: Item) -> Seen | None:
    """What an item says; ``None`` for a name that is nobody's any more. Raises whatever a malformed item causes."""
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
    key = row_key(item)
    return SeenRow(
        entity=key.entity,
        id=key.id,
        version=_version_of(item) or _deletion_of(item) or RowVersion(None, "", ""),
        columns=columns_in(item),
        deleted=item.get("st") == DELETED,
        company=item.get("cc"),
        number=item.get("nu"),
        problem=item.get("pb"),
        warning=item.get("wa"),
    )


def row_key(item: Item) -> RowKey:
    _, entity, id = str(item["pk"]).split("#", 2)
    return RowKey(entity, id)


def stored_row(item: Item) -> MasterRow:
    """The row with all that a delivery needs to know of it."""
    key = row_key(item)
    return MasterRow(
        entity=key.entity,
        id=key.id,
        version=_version_of(item),
        columns=columns_in(item),
        deletion=_deletion_of(item),
        merged_into=item.get("mg"),
        placed=Placement(item.get("cc"), item.get("nu"), item.get("pb"), item.get("bk"), item.get("wa")),
        changes=item["ch"],
        carried=Carried(item["fn"], json.loads(item["fc"])) if "fc" in item else None,
        earlier=tuple(
            NameKey(Part(part), company, number) for part, company, number in json.loads(item.get("en", "[]"))
        ),
        leaves=json.loads(item["lv"]) if "lv" in item else None,
    )


def row_values(row: MasterRow) -> dict[str, Any]:
    """The attributes of a row; ``None`` for those that it does not have."""
    version, deletion, placed, carried = row.version, row.deletion, row.placed, row.carried
    return {
        "rv": version and version.number,
        "ot": version and version.occurred_at,
        "h": version and version.content,
        "d": columns_text(row.columns) if row.columns else None,
        "dn": deletion and deletion.number,
        "dv": deletion and deletion.occurred_at,
        "st": state_of(row),
        "mg": row.merged_into,
        "cc": placed.company,
        "nu": placed.number,
        "pb": placed.problem,
        "bk": placed.waits_for,
        "wa": placed.warning,
        "ch": row.changes,
        "fc": carried and columns_text(carried.columns),
        "fn": carried and carried.company,
        "lv": columns_text(row.leaves) if row.leaves else None,
        "en": earlier_text([name.part, name.company, name.number] for name in row.earlier),
        **called(row),
    }


def earlier_text(names: Iterable[Any]) -> str | None:
    """Names that a row had before, as they are stored."""
    listed = list(names)
    return json.dumps(listed, separators=(",", ":"), ensure_ascii=False) if listed else None


def called(row: MasterRow) -> dict[str, str | None]:
    """The place of a row in the index ``called``; none for what has no name or is deleted."""
    text = "" if row.deleted else folded(row.called)
    if not text or row.part not in NAMED:
        return {"np": None, "ns": None}
    return {"np": called_partition(row.placed.company, text), "ns": f"{text}#{row.entity}#{row.id}"}


def listed(name: NameKey, row: MasterRow | None) -> dict[str, str | None]:
    """The place of an on-account transaction in the list of its company; ``row``: who has its name, if anybody.

    What is of another part has none: it is found by what it is called.
    """
    if name.part is not Part.ON_ACCOUNT_TRANSACTIONS:
        return {}
    if row is None or row.deleted:
        return {"np": None, "ns": None}
    return {"np": list_of(name.part, name.company), "ns": f"{row.dated or UNDATED}#{name.number}"}


def list_of(part: Part, company: str) -> str:
    """A list in the index ``called``: no partition of names is called so, which ends with two letters."""
    return f"{company}#{part}"


def called_partition(company: str | None, text: str) -> str:
    return f"{company or '-'}#{text[:FIRST]}"


def folded(text: str) -> str:
    """A name as the index has it: in small letters, each gap one blank."""
    return str(whole(" ".join(text.casefold().split())))[:_LONGEST_CALLED]


def state_of(row: MasterRow) -> str | None:
    return DELETED if row.deleted else None


def _version_of(item: Item) -> RowVersion | None:
    return RowVersion(item.get("rv"), item["ot"], item["h"]) if "h" in item else None


def _deletion_of(item: Item) -> RowVersion | None:
    return RowVersion(item.get("dn"), item["dv"], DELETION) if "dv" in item else None


def columns_in(item: Item) -> Mapping[str, Any]:
    columns: Mapping[str, Any] = json.loads(item["d"]) if "d" in item else {}
    return columns


def columns_text(columns: Mapping[str, Any]) -> str:
    return json.dumps(columns, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def split(reference: str) -> tuple[str, str]:
    """``account#<id>`` as table and id."""
    entity, _, id = reference.partition("#")
    return entity, id


def _name_of(item: Item) -> SeenName | None:
    had = {split(name.removeprefix(FORMER)) for name in item if name.startswith(FORMER)}
    if "g" not in item and "f" not in item and not had:
        return None
    entity, id = split(item["g"]) if "g" in item else (None, None)
    finance = json.loads(item["f"]) if "f" in item else {}
    former = tuple(sorted(had - {(entity, id)}))
    earlier = tuple(json.loads(item.get("en", "[]")))
    deleted = item.get("st") == DELETED
    return SeenName(entity, id, columns_in(item), finance, deleted=deleted, former=former, earlier=earlier)


def rates_text(rates: Rates) -> str:
    """All days of a pair, as they are stored."""
    return "\n".join(f"{day.isoformat()}={rate.rate:f}/{rate.factor:f}" for day, rate in rates.days)


def _day(line: str) -> tuple[date, ExchangeRate]:
    day, _, rate = line.partition("=")
    return date.fromisoformat(day), ExchangeRate(*map(Decimal, rate.split("/")))
