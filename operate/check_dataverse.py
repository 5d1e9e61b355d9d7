"""What a Dataverse organization lacks for our table maps, and what to do about it: ``invoicing check dataverse``.

Checked before the maps start: each table and column that a map names, of which type it is, whether changes are tracked,
what the application user may do, and which messages the webhook is registered for. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Final, cast
from urllib.parse import urlsplit

from operate import organization
from operate.invalid_input import InvalidInput, unknown
from operate.organization import ColumnDefinition, Definitions, Organization, StepDefinition, TableDefinition
from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.dataverse import odata
from project_invoicing.dataverse.maps import (
    CONNECTION,
    MASTER_TABLES,
    OVERRIDES_VARIABLE,
    Column,
    DateBehavior,
    Direction,
    TableMap,
    Transform,
    table_maps,
)
from project_invoicing.domain.master_data import EXCHANGE_RATE, PARTS, SPLIT_RULE
from project_invoicing.errors import Unavailable

Json = dict[str, Any]

MASTER_DATA: Final = "master_data"
MISSING, DIFFERS, NOTE, UNCHECKED = "missing", "differs", "note", "not checked"

_ORGANIZATION: Final = "Global"
_TEXTS: Final = frozenset({"String", "Memo"})
_TYPES: Final[Mapping[Transform, frozenset[str]]] = {
    Transform.TEXT: _TEXTS | {"Integer", "Picklist"},
    Transform.NAME: _TEXTS | {"Lookup", "Customer", "Owner"},
    Transform.DECIMAL: frozenset({"Money", "Decimal", "Double", "Integer", "BigInt"}),
    Transform.FLAG: frozenset({"Boolean"}),
    Transform.DATE: frozenset({"DateTime"}),
    Transform.CODE: frozenset({"Picklist", "State", "Status", "Integer"}),
    Transform.LOOKUP: frozenset({"Lookup", "Customer", "Owner"}),
    Transform.GUID: _TEXTS | {"Uniqueidentifier", "Lookup"},
}
"""The types of Dataverse that a transform can read."""
_BEHAVIORS: Final = {
    "UserLocal": DateBehavior.INSTANT,
    "DateOnly": DateBehavior.CALENDAR,
    "TimeZoneIndependent": DateBehavior.CALENDAR,
}
_DELETED: Final = frozenset({CONNECTION, SPLIT_RULE, EXCHANGE_RATE, *PARTS})
"""Tables whose deletions count."""
_COMPANIES: Final = ("company", "owning_company")
"""A table needs one of them."""
_MERGED: Final = frozenset({"account", "contact"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a map lacks: ``kind`` is one of table, column, change tracking, privilege, webhook step.

    ``problem`` is missing, differs or not checked; a note asks for a look, and holds nothing up.
    """

    map: str
    kind: str
    name: str
    problem: str
    detail: str
    to_do: str


@dataclass(frozen=True, slots=True)
class Options:
    """``webhook``: the name of the webhook whose steps count, where the organization has several.

    ``without``: maps that are not checked, because they are to stay stopped; ``master_data`` for all of these.
    """

    webhook: str | None = None
    without: tuple[str, ...] = ()


def run(options: Options) -> Json:
    """What each map lacks. Raises ``InvalidInput``, and ``IntegrationError`` where Dataverse cannot be asked."""
    url = settings().dataverse_url
    if not url or not settings().dataverse_credentials:
        told = "set DATAVERSE_URL and DATAVERSE_CREDENTIALS, the name of the secret; see docs/connect-dataverse.md"
        raise InvalidInput([told])
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InvalidInput([f"DATAVERSE_URL is {url!r}; write a URL, such as https://contoso.crm.dynamics.com"])
    maps = _maps(options.without)
    try:
        api = cast("Definitions", bootstrap.dataverse())
        found = organization.read(api, (one.entity for one in maps), options.webhook)
    except Unavailable as error:
        raise Unavailable(f"{parts.hostname}: {error}; check DATAVERSE_URL and the network, and try again") from error
    if options.webhook and found.steps is not None and options.webhook not in found.endpoints:
        there = ", ".join(found.endpoints) or "none"
        raise InvalidInput([f"--webhook: there is no webhook {options.webhook!r}; there are: {there}"])
    listed = findings(maps, found)
    return {
        "url": url,
        "webhooks": list(found.endpoints),
        "maps": [_told(one, listed) for one in maps],
        "findings": [asdict(one) for one in listed],
        "complete": not any(one.problem != NOTE for one in listed),
    }


def _maps(without: Iterable[str]) -> list[TableMap]:
    try:
        maps = table_maps()
    except ValueError as error:
        raise InvalidInput([str(error)]) from None
    left_out: set[str] = set()
    for name in without:
        if name not in (*maps, MASTER_DATA):
            raise InvalidInput([unknown("--without", name, "table map", [*maps, MASTER_DATA])])
        left_out |= set(MASTER_TABLES.values()) if name == MASTER_DATA else {name}
    flowing = (one for one in maps.values() if one.direction is not Direction.LOOKED_UP)
    return [one for one in flowing if one.name not in left_out]


def _told(table_map: TableMap, listed: Iterable[Finding]) -> Json:
    own = [one for one in listed if one.map == table_map.name and one.problem != NOTE]
    return {"map": table_map.name, "table": table_map.entity, "problems": len(own)}


def findings(maps: Iterable[TableMap], found: Organization) -> list[Finding]:
    """What the maps lack in an organization, map by map."""
    listed: list[Finding] = []
    for table_map in maps:
        table = found.tables[table_map.entity]
        if table is None:
            to_do = f"install what brings the table; without it: invoicing map stop {table_map.name}"
            text = "the organization has no such table"
            listed.append(Finding(table_map.name, "table", table_map.entity, MISSING, text, to_do))
            continue
        listed += _of_table(table_map, table)
        listed += _columns(table_map, table)
        listed += _privilege(table_map, table, found.depths)
        if table_map.direction is Direction.FROM_DATAVERSE:
            listed += _steps(table_map, found)
    return listed


def _of_table(table_map: TableMap, table: TableDefinition) -> Iterator[Finding]:
    known = odata.ENTITY_SETS.get(table_map.entity)
    if known and known != table.set_name:
        text = f"its set is {table.set_name}, and the program asks for {known}"
        yield Finding(table_map.name, "table", table_map.entity, DIFFERS, text, "tell whoever looks after the program")
    if table_map.direction is Direction.FROM_DATAVERSE and not table.tracked:
        yield Finding(
            table_map.name,
            "change tracking",
            table_map.entity,
            MISSING,
            "changes are not tracked, so that nothing finds what webhooks lose",
            "switch on Track changes in the advanced options of the table",
        )


# --- columns ---


def _columns(table_map: TableMap, table: TableDefinition) -> Iterator[Finding]:
    companies = [column for column in table_map.columns if column.field in _COMPANIES]
    if companies and not any(column.column in table.columns for column in companies):
        yield _missing(table_map, companies, table, MISSING)
    for column in (*table_map.columns, *([table_map.only] if table_map.only else [])):
        if found := table.columns.get(column.column):
            yield from _differing(table_map, column, found)
        elif column not in companies:
            yield _missing(table_map, [column], table, NOTE if column.newer else MISSING)


def _missing(table_map: TableMap, columns: Sequence[Column], table: TableDefinition, problem: str) -> Finding:
    column = columns[0]
    names = " or ".join(one.column for one in columns)
    if table_map.direction is Direction.TO_DATAVERSE:
        to_do = f"add the column to the table, or name another one: {_override(table_map, column.field)}"
    else:
        similar = _similar(column, table)
        to_do = f"name the organization's column: {_override(table_map, column.field)}"
        to_do += f"; similar ones: {', '.join(similar)}" if similar else ""
    text = f"{column.field.replace('_', ' ')}: the table has no such column"
    text += ", and is read without it" if problem == NOTE else ""
    return Finding(table_map.name, "column", names, problem, text, to_do)


def _similar(column: Column, table: TableDefinition) -> list[str]:
    """Columns that may be meant: look-ups to the same table, else of a similar name, of a type that fits."""
    fitting = {name: one for name, one in table.columns.items() if one.type in _TYPES[column.transform]}
    if column.entity:
        return sorted(name for name, one in fitting.items() if column.entity in one.targets)[:5]
    return get_close_matches(column.column, fitting, n=3)


def _differing(table_map: TableMap, column: Column, found: ColumnDefinition) -> Iterator[Finding]:
    def differs(text: str, to_do: str, problem: str = DIFFERS) -> Finding:
        return Finding(table_map.name, "column", column.column, problem, f"{column.field}: {text}", to_do)

    another = f"name another column: {_override(table_map, column.field)}"
    types = _TYPES[column.transform] | (_TEXTS if column.words or column.field.startswith("custom.") else frozenset())
    if column.field.startswith("custom."):  # carried along as it is, whatever it holds
        return
    if found.type not in types:
        yield differs(f"is {found.type}; the map reads {column.transform} ({', '.join(sorted(types))})", another)
        return
    if column.entity and found.targets and column.entity not in found.targets:
        yield differs(f"points to {', '.join(found.targets)}; the map expects {column.entity}", another)
    read = _BEHAVIORS.get(found.behavior or "")
    wanted = DateBehavior.CALENDAR if table_map.direction is Direction.TO_DATAVERSE else column.behavior
    if column.transform is Transform.DATE and read and wanted and read is not wanted:
        yield differs(f"is {found.behavior}; the map takes it as {wanted}", _behave(table_map, column, read))
    written = table_map.direction is Direction.TO_DATAVERSE and found.type in _TYPES[Transform.CODE]
    if written and (left := [word for word in column.words if word not in (column.codes or {}).values()]):
        yield differs(f"is {found.type}; the map has no code for {', '.join(left)}", _code_override(table_map, column))
    if column.codes is not None and column is not table_map.only:  # it takes the codes it names and leaves the others
        unknown = {code: text for code, text in found.options.items() if code not in column.codes}
        absent = [code for code in column.codes if found.options and code not in found.options]
        if unknown:
            listed = ", ".join(f"{code} {text}" for code, text in sorted(unknown.items()))
            text = f"the map has no word for {listed}; a row with such a code is rejected"
            yield differs(text, f"add the codes that occur: {_code_override(table_map, column)}", NOTE)
        if absent:
            text = f"the table has no {', '.join(f'{code} ({column.codes[code]})' for code in absent)}"
            yield differs(text, f"if the word has another code: {_code_override(table_map, column)}", NOTE)


def _override(table_map: TableMap, field: str) -> str:
    return f'{OVERRIDES_VARIABLE} {{"{table_map.name}": {{"{field}": "…"}}}}'


def _code_override(table_map: TableMap, column: Column) -> str:
    return f'{OVERRIDES_VARIABLE} {{"{table_map.name}": {{"codes": {{"{column.field}": {{"CODE": "WORD"}}}}}}}}'


def _behave(table_map: TableMap, column: Column, read: DateBehavior) -> str:
    if table_map.direction is Direction.TO_DATAVERSE:
        return "make the column date only, or name another one"
    return f'{OVERRIDES_VARIABLE} {{"{table_map.name}": {{"dates": {{"{column.field}": "{read}"}}}}}}'


# --- privileges ---


def _privilege(table_map: TableMap, table: TableDefinition, depths: Mapping[str, str] | None) -> Iterator[Finding]:
    kind = "Read" if table_map.direction is Direction.FROM_DATAVERSE else "Write"
    name = f"{kind} on {table_map.entity}"
    to_do = f"give the application user's security role {name}, on organization level"
    if depths is None:
        text = "its privileges cannot be read"
        ask = "give it a role with Read on User, on organization level, for this check"
        yield Finding(table_map.name, "privilege", name, UNCHECKED, text, ask)
    elif (depth := depths.get(table.privileges.get(kind, ""))) is None:
        yield Finding(table_map.name, "privilege", name, MISSING, "the application user does not have it", to_do)
    elif depth != _ORGANIZATION:
        text = f"the application user has it for {depth} only, so that rows of others stay unseen"
        yield Finding(table_map.name, "privilege", name, DIFFERS, text, to_do)


# --- steps of the webhook ---


def _steps(table_map: TableMap, found: Organization) -> Iterator[Finding]:
    if found.steps is None:
        text = "the steps cannot be read"
        ask = "give the application user a role with Read on Sdk Message Processing Step and Service Endpoint"
        yield Finding(table_map.name, "webhook step", table_map.entity, UNCHECKED, text, ask)
        return
    own = [step for step in found.steps if step.entity == table_map.entity]
    needed = {column.column for column in table_map.columns if not column.newer}
    for message in _messages(table_map.entity):
        steps = [step for step in own if step.message in (message, f"{message}Multiple")]
        name = f"{message} of {table_map.entity}"
        if not steps:
            image = {"Delete": " with a pre image", "Merge": ""}.get(message, " with a post image of all its columns")
            to_do = f"register an asynchronous step, post operation, for {name}{image}"
            yield Finding(table_map.name, "webhook step", name, MISSING, "no webhook is registered for it", to_do)
        for step in steps:
            for text, to_do in _wrong(step, message, needed):
                where = f"{step.endpoint}: {text}"
                yield Finding(table_map.name, "webhook step", name, DIFFERS, where, to_do)


def _messages(entity: str) -> Iterator[str]:
    yield "Create"
    yield "Update"
    if entity in _DELETED:
        yield "Delete"
    if entity in _MERGED:
        yield "Merge"


def _wrong(step: StepDefinition, message: str, needed: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a step that is there, each with what to do."""
    if not step.enabled:
        yield "the step is disabled", "enable it"
    if not step.asynchronous:
        text = "the step is synchronous, so that it sends rows that may still be rolled back"
        yield text, "make it asynchronous"
    elif step.stage != organization.POST_OPERATION:
        yield f"the step runs in stage {step.stage}", f"register it post operation ({organization.POST_OPERATION})"
    if message == "Update" and step.columns is not None and (left := set(needed) - step.columns):
        text = f"its filter leaves out {', '.join(sorted(left))}"
        yield text, "add these columns to the filtering attributes, or take the filter away"
    if message == "Merge":
        return
    kind, word = (organization.PRE_IMAGE, "pre") if message == "Delete" else (organization.POST_IMAGE, "post")
    if kind not in step.images:
        yield f"the step has no {word} image", f"add a {word} image of all columns of the map"
    elif (columns := step.images[kind]) is not None and (left := set(needed) - columns):
        yield f"its {word} image has no {', '.join(sorted(left))}", "add these columns to the image"
