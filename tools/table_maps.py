"""Prints ``docs/table-maps.md`` from the table maps, and regenerates their golden pairs.

python -m tools.table_maps > docs/table-maps.md
python -m tools.table_maps --golden      # each tests/golden/table_maps/<map>/<case>.target.json from its source
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from local import ROOT
from project_invoicing.dataverse import mapping
from project_invoicing.dataverse.maps import (
    INTEGRATION_MAPS,
    MAPS,
    MASTER_MAPS,
    OVERRIDES_VARIABLE,
    Column,
    DateBehavior,
    Direction,
    TableMap,
    Transform,
)
from project_invoicing.dataverse.master_rows import to_master_row
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.calendar import EARLIEST, LATEST

GOLDEN = ROOT / "tests" / "golden" / "table_maps"

_INTRODUCTION = f"""# Table maps

Printed from `layers/common/project_invoicing/dataverse/maps.py` by `python -m tools.table_maps`; do not edit.

A map says which column of Dataverse is which field of ours. Names and codes that differ between environments are set
by the functions' environment variable `{OVERRIDES_VARIABLE}`, as JSON: for each map the fields whose column has
another name, `custom` columns to carry along, `codes` of value maps, and what `dates` hold. A word that is given codes
there loses those it has below.

A date is a `calendar` date or an `instant`, by the behavior of its column in Dataverse. A calendar date (date only, or
time-zone independent) is the same everywhere and is never shifted. An instant (user local) becomes a day in the time
zone of the company; a bare date in its place stays that date. A sweep leaves out a column marked as newer where the
table does not have it.

Texts have a limit. A free text is cut there, and so are the names that look-ups carry, at 255 characters, and custom
columns; a number or a code that is longer is refused. Dates are taken from {EARLIEST} to {LATEST}, and others refused
with the row's id and the column; `date_bounds` with `first` and `last` sets others for a map.

Each map can be paused, resumed, stopped and started by its name: `invoicing map`. Those at the end are only looked up.
"""

_READ: dict[str, Callable[[RowEvent], Any]] = {
    **{one.name: to_master_row for one in MASTER_MAPS},
    "actuals": mapping.to_actual,
    "transaction_connections": mapping.to_connection,
    "invoices": mapping.to_proforma,
}
_AT_REST = {
    Direction.FROM_DATAVERSE: "Paused: what comes is kept until the map is resumed. Stopped: what comes is left out, "
    "and starting the map reads all rows again.",
    Direction.TO_DATAVERSE: "Paused or stopped: what is posted waits, and is written once the map runs again.",
    Direction.LOOKED_UP: "No event of it is received: only what compares integration accounts looks here.",
}


def document() -> str:
    """The table maps, without overrides, as Markdown."""
    return "\n".join(_lines()) + "\n"


def golden_target(map_name: str, source: dict[str, Any]) -> Any:
    """What the map makes of ``source`` (a bus event's detail, or our fields on the way back), as plain JSON."""
    if map_name not in _READ:
        return mapping.write_columns(map_name, source)
    target = _READ[map_name](RowEvent.read(source))
    return None if target is None else json.loads(json.dumps(dataclasses.asdict(target), default=_plain))


def golden_sources() -> Iterator[tuple[str, Path, Path]]:
    """Map name, source and target of each golden pair."""
    for source in sorted(GOLDEN.glob("*/*.source.json")):
        yield source.parent.name, source, source.with_name(source.name.replace(".source.", ".target."))


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield "```json"
    example = {
        "actuals": {
            "skip_sync": "cr123_skip",
            "origin": "cr123_origin",
            "custom": {"cr123_costcentre": "cost_centre"},
            "codes": {
                "transaction_class": {"192350042": "retainer"},
                "origin": {"123000001": "vendor_invoice", "123000002": "expense_report"},
            },
            "date_bounds": {"first": "2000-01-01", "last": "2099-12-31"},
        },
        "invoices": {"dates": {"accounting_date": "calendar"}},
        "invoices_write_back": {
            "document_link": "cr123_documentlink",
            "document_state": "cr123_documentstate",
            "codes": {"status": {"192350042": "posted"}},
        },
    }
    yield json.dumps(example, indent=2)
    yield "```"
    for table_map in (*MAPS, *INTEGRATION_MAPS):
        yield ""
        yield from _map_lines(table_map)


def _map_lines(table_map: TableMap) -> Iterator[str]:
    inward = table_map.direction is not Direction.TO_DATAVERSE
    sides = [f"Dataverse `{table_map.entity}`", table_map.counterpart]
    yield f"## {table_map.name}"
    yield ""
    yield f"{' → '.join(sides if inward else sides[::-1])}, version {table_map.version}."
    yield ""
    yield f"- Rows: {table_map.filter}."
    yield f"- Rules: {table_map.rules}."
    if table_map.takes_custom_columns:
        yield "- Custom columns: may be added, and travel as text."
    yield f"- {_AT_REST[table_map.direction]}"
    yield ""
    yield f"| {' | '.join(['Column', 'Field'] if inward else ['Field', 'Column'])} | Transform | No value | Note |"
    yield "| --- | --- | --- | --- | --- |"
    for column in table_map.columns:
        names = [f"`{column.column}`", f"`{column.field}`"]
        cells = [*(names if inward else names[::-1]), _transform(column), _no_value(column), column.note]
        yield f"| {' | '.join(cells)} |"
    for column in table_map.optional:
        yield ""
        refused = "; any other value is refused, a blank one left out" if inward else ""
        known = f" Known are {', '.join(column.words)}{refused}."
        yield (
            f"`{column.field}` has no column until `{OVERRIDES_VARIABLE}` names one: {column.note}."
            f"{known if column.words else ''}"
        )
    if table_map.only:
        yield ""
        yield f"`{table_map.only.column}` (`{table_map.only.field}`) chooses the rows; one without a value is taken."
    if table_map.factor:
        yield ""
        yield f"A rate is for {table_map.factor} unit unless `factor` says for how many."
    for column in table_map.columns:
        if column.codes:
            yield ""
            yield (
                f"Value map of `{column.field}`: " + ", ".join(f"{c} {word}" for c, word in column.codes.items()) + "."
            )


def _transform(column: Column) -> str:
    match column.transform:
        case Transform.LOOKUP:
            return f"look-up to `{column.entity}`"
        case Transform.DECIMAL if column.limit is not None:
            return f"decimal, within ±{column.limit:,}"
        case Transform.DATE:
            kind = "calendar date" if column.behavior is DateBehavior.CALENDAR else "instant, a day of the company"
            return f"{kind}; newer" if column.newer else kind
        case Transform.TEXT | Transform.NAME if column.limit is not None:
            beyond = "at most" if column.exact else "cut at"
            return f"{column.transform}, {beyond} {column.limit} characters"
        case transform:
            return str(transform)


def _no_value(column: Column) -> str:
    if column.no_value:
        return column.no_value
    if column.default is not None:
        return json.dumps(column.default) if isinstance(column.default, bool) else str(column.default)
    return "refused" if column.required else "left out"


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} has no place in a golden file")


def main() -> None:
    parser = argparse.ArgumentParser(description="Prints the table maps as Markdown.")
    parser.add_argument("--golden", action="store_true", help="write the golden targets from their sources instead")
    if not parser.parse_args().golden:
        print(document(), end="")
        return
    for map_name, source, target in golden_sources():
        made = golden_target(map_name, json.loads(source.read_text("utf-8")))
        target.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf-8")
        print(f"{map_name}: {target.name}")


if __name__ == "__main__":
    main()
