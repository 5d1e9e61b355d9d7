"""Master data in words: which value comes from where, what is wrong with the row, and what waits for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.master_data import SPLIT_RULE, Children, NameKey, Part, SeenName, SeenRow
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACCOUNT, CONTRACT_LINE, MILESTONE
from project_invoicing.rules.explaining.explanation import TYPES, Explanation
from project_invoicing.setup.effective import Columns, Found, Layer, Missing

NOUNS: Final[Mapping[Part, str]] = {
    Part.CUSTOMERS: "customer",
    Part.CONTRACTS: "contract",
    Part.CONTRACT_LINES: "contract line",
    Part.PROJECTS: "project",
    Part.PRODUCTS: "product",
    Part.WORKERS: "worker",
    Part.CURRENCIES: "currency",
    Part.COMPANIES: "company",
    Part.UNITS: "unit",
    Part.TRANSACTION_CATEGORIES: "transaction category",
    Part.ON_ACCOUNT_TRANSACTIONS: "on-account transaction",
}
LAYERS: Final[Mapping[Layer, str]] = {
    Layer.FINANCE: "finance's own column",
    Layer.ROW: "the row from Dataverse",
    Layer.DOCUMENT: "the set-up document",
    Layer.DEFAULT: "a default of the set-up",
}


def of_name(key: NameKey, seen: SeenName | None, columns: Columns) -> Explanation:
    """What is known under a company and a number: each column, and the layer that gave it."""
    noun = NOUNS[key.part]
    name = columns.get("name")
    made = Explanation(noun, key.number, key.company or None, f"{noun.capitalize()} {key.number}")
    if name and name.value:
        made.headline += f", {name.value}"
    for column, found in sorted(columns.items()):
        made.facts[column.replace("_", " ")] = f"{in_words(found.value)} (from {LAYERS[found.layer]})"
    if seen is None or seen.entity is None:
        made.facts["row"] = "no row from Dataverse has this name"
    if seen and seen.former:
        made.facts["was the name of"] = ", ".join(f"{entity} {id}" for entity, id in seen.former)
    if seen and seen.earlier:
        made.facts["its numbers before"] = ", ".join(seen.earlier)
    return made


def say_row(made: Explanation, row: SeenRow) -> None:
    """The row as it arrived, its state, and what to do about its problem."""
    version = f", version {row.version.number}" if row.version.number else ""
    made.facts["row"] = f"{row.entity} {row.id}{version}"
    for column, value in row.columns.items():
        made.facts[f"row: {column.replace('_', ' ')}"] = in_words(value)
    if row.version.occurred_at:
        made.happened("the row was changed in Dataverse", row.version.occurred_at)
    if row.deleted:
        made.headline += ", deleted in Dataverse"
        made.happened("the row was deleted in Dataverse; open documents go on, new actuals wait")
    if row.problem:
        reason, _, detail = row.problem.partition(": ")
        made.headline += f", cannot be used: {reason}"
        made.waits_for.append(_wait(reason, detail))
        made.advise(row.problem)
    if row.warning:
        made.advise(row.warning)


def say_useless(made: Explanation, found: Found | Missing) -> None:
    """What the policy lacks for a row that nothing is wrong with: a currency may need its precision there."""
    if isinstance(found, Missing):
        made.headline += ", cannot be used"
        made.advise(found.detail)


def say_waiting(made: Explanation, rows: Iterable[StagedRow]) -> None:
    """The staged rows that wait for it, and what ends that."""
    for row in rows:
        if row.reason:
            made.advise_on(row.reason)
        actual = row.actual
        state = f"{row.reason}: {row.detail}" if row.reason else str(row.state)
        made.linked.append(
            {
                "role": "waits for it",
                "id": actual.id,
                "what": f"{TYPES.get(actual.transaction_type, '')} {actual.transaction_class}".strip(),
                "amount": str(actual.amount),
                "currency": None,
                "state": state,
            }
        )


def say_children(made: Explanation, children: Children, number: Callable[[str, str], str | None]) -> None:
    """The customers of a contract with their shares, the lines of a project, the milestones of a line.

    ``number`` names a row by id.
    """
    shares, lines, milestones = [], [], []
    for (entity, id), columns in children.rows.items():
        if entity == SPLIT_RULE:
            customer = columns.get("customer") or [ACCOUNT, id]
            shares.append(f"{number(customer[0], customer[1]) or customer[1]} {columns.get('percent', '?')} %")
        elif entity == CONTRACT_LINE:
            lines.append(number(entity, id) or id)
        elif entity == MILESTONE:
            told = (columns.get("date"), columns.get("amount"), columns.get("status"))
            milestones.append(f"{' '.join(str(one) for one in told if one is not None)} ({id})".strip())
    if shares:
        made.facts["customers and shares"] = ", ".join(sorted(shares))
    if lines:
        made.facts["contract lines"] = ", ".join(sorted(lines))
    if milestones:
        made.facts["milestones"] = ", ".join(sorted(milestones))


def say_referred(made: Explanation, rows: Iterable[SeenRow]) -> None:
    """The rows of master data that still point to one that is deleted."""
    for row in rows:
        number = f"{row.company or ''} {row.number or row.id}".strip()
        made.linked.append(
            {"role": "refers to it", "id": row.id, "what": f"{row.entity} {number}", "amount": None, "currency": None,
             "state": "deleted too" if row.deleted else "there"}
        )  # fmt: skip
    if made.linked:
        made.advise("what still refers to it has to name another one in Dataverse, or has to be deleted there too")


def of_row(row: SeenRow, part: Part | None) -> Explanation:
    """A row without a name: of a part that has none, or with a problem that keeps it from one."""
    noun = NOUNS[part] if part else row.entity
    name = row.columns.get("name") or row.columns.get("code") or row.columns.get("number") or row.id
    return Explanation(noun, row.id, row.company, f"{noun.capitalize()} {name}")


def _wait(reason: str, detail: str) -> dict[str, Any]:
    names = ("actual_id", "amount", "currency", "date", "document", "status", "error")
    return {**dict.fromkeys(names), "reason": reason, "detail": detail}


def in_words(value: Any) -> str:
    """A value in words: a look-up by its name and its row, a mapping as JSON."""
    if isinstance(value, Reference):
        return f"{value.name or ''} ({value.entity} {value.id})".strip()
    if isinstance(value, list | tuple) and len(value) in (2, 3) and all(isinstance(part, str) for part in value):
        return f"{value[2] if len(value) == 3 else ''} ({value[0]} {value[1]})".strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {in_words(inner)}" for name, inner in value.items()) or "none"
    if hasattr(value, "model_dump"):
        return json.dumps(value.model_dump(mode="json", by_alias=True, exclude_none=True), ensure_ascii=False)
    return "none" if value is None else str(value)
