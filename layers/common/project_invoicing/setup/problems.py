"""Everything that is wrong with a set-up document, in words for the person who wrote it.

The models check shapes and values; ``CROSS_REFERENCES`` checks that names exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import chain, islice, pairwise
from types import UnionType
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.ledger import ExportSchedule
from project_invoicing.setup.models.ledger_formats import LedgerFormat
from project_invoicing.setup.models.row import SetupRow, bare
from project_invoicing.setup.problem import Path, Problem
from project_invoicing.setup.ready_formats import READY_FORMATS

_TOLD_AT_ONCE = 100


def problems(document: object) -> list[str]:
    """Everything wrong with a document, one line each (``parameters.USPM.journal_period: …``)."""
    return [str(problem) for problem in check(document)]


def check(document: object) -> list[Problem]:
    """As ``problems``, with the path separate, a hundred at most. Names are only checked once all values are right."""
    try:
        parsed = SetupDocument.model_validate(document)
    except ValidationError as error:
        return [_problem(detail) for detail in error.errors(include_url=False)[:_TOLD_AT_ONCE]]
    return list(islice(chain(dangling(parsed), _doubled(parsed), _formats(parsed), _vouchers(parsed)), _TOLD_AT_ONCE))


def taken_out(before: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """What ``document`` lacks of the version ``before`` it, and has to keep: financial tags (TAG-01)."""
    found = []
    for company, was in (before.get("financial_tags") or {}).items():
        now = (document.get("financial_tags") or {}).get(company, {})
        labels, kept = ([tag["label"] for tag in one.get("tags", ())] for one in (was, now))
        if kept[: len(labels)] != labels:
            text = (
                f"no longer begin with {', '.join(labels)}; tags stay: write active: false, and add new ones at the end"
            )
            found.append(Problem(("financial_tags", company, "tags"), text))
        delimiter = was.get("delimiter", "|")
        if now and now.get("delimiter", "|") != delimiter:
            text = f"cannot change; write {delimiter!r} again"
            found.append(Problem(("financial_tags", company, "delimiter"), text))
    return [str(problem) for problem in found]


def _problem(detail: ErrorDetails, row: type[SetupRow] = SetupDocument, at: Path = ()) -> Problem:
    """What is wrong in a ``row``, whose place in the document is ``at``."""
    path: Path = tuple(step for step in detail["loc"] if step != "[key]")
    given = repr(detail["input"])
    given = given if len(given) <= 60 else given[:57] + "..."
    match detail["type"]:
        case "told":
            text = detail["msg"]
        case "missing":
            text = "is missing and must be given"
        case "extra_forbidden":
            text = f"is not known here; {instead(str(path[-1]), _keys_at(row, path[:-1]))}"
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
    return Problem((*at, *path), text)


def _keys_at(row: type[SetupRow], path: Path) -> list[str]:
    """The keys of the row at ``path``, found through its fields, the values of mappings and the entries of lists."""
    shape: Any = row
    for step in path:
        shape = _fields(shape)[str(step)] if isinstance(shape, type) else get_args(shape)[-1]
        if isinstance(shape, UnionType):
            shape = get_args(shape)[0]
    return list(_fields(shape))


def _fields(row: type[SetupRow]) -> dict[str, Any]:
    return {column.alias: bare(column.annotation) for column in row.columns().values()}


def instead(name: str, known: Iterable[str]) -> str:
    """The name the writer may have meant, or the names there are."""
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
    ("contracts.*.currency", "currencies"),
    ("contracts.*.sales_tax_group", "sales_tax.groups"),
    ("contracts.*.fixed_exchange_rate.currency", "currencies"),
    ("contracts.*.terms_of_payment", "terms_of_payment"),
    ("projects.*.company", "companies"),
    ("projects.*.sales_tax_group", "sales_tax.groups"),
    ("categories.{company}", "companies"),
    ("categories.{company}.*.item_sales_tax_group", "sales_tax.item_groups"),
    ("transaction_categories.{company}", "companies"),
    ("transaction_categories.{company}.*", "categories.{company}"),
    ("products.*.item_sales_tax_group", "sales_tax.item_groups"),
    ("item_costs.*.company", "companies"),
    ("profile_rules.*.company", "companies"),
    ("profile_rules.*.profile", "profiles"),
    ("ledger_posting.{company}", "companies"),
    ("ledger_posting.{company}.*.category", "categories.{company}"),
    ("sales_tax.groups.*.*", "sales_tax.codes"),
    ("sales_tax.item_groups.*.*", "sales_tax.codes"),
    ("sales_tax.codes.*.settlement_period", "sales_tax.settlement_periods"),
    ("number_sequences.{company}", "companies"),
    ("intercompany.*.lender", "companies"),
    ("intercompany.*.borrower", "companies"),
    ("workers.{company}", "companies"),
    ("dimension_rules.*.company", "companies"),
    ("dimension_rules.*.category", "categories.{company}"),
    ("financial_tags.{company}", "companies"),
    ("financial_tags.{company}.rules.*.category", "categories.{company}"),
    ("account_structures.{company}", "companies"),
    ("units.*", "companies"),
    ("defaults.customer_groups.{company}", "companies"),
    ("defaults.customer_groups.{company}.*.sales_tax_group", "sales_tax.groups"),
    ("defaults.customer_groups.{company}.*.terms_of_payment", "terms_of_payment"),
    ("defaults.project_groups.{company}", "companies"),
    ("defaults.products.item_sales_tax_group", "sales_tax.item_groups"),
    ("defaults.terms.*", "terms_of_payment"),
    ("defaults.sales_tax_groups.{company}", "companies"),
    ("defaults.sales_tax_groups.*", "sales_tax.groups"),
)
"""The values that name something defined elsewhere. ``*`` is every entry; ``{company}`` every key, or, in a target, the
row's own company.

Groups of projects, categories and customers have no list of their own. Defaults in ``parameters`` may name something
that does not exist (see there), and so may ``references``: the rows that need them wait.
"""


MASTER_REFERENCES: tuple[tuple[str, str], ...] = (
    ("contracts.*.customer", "customers.{company}"),
    ("contract_lines.*.contract", "contracts"),
    ("projects.*.contract", "contracts"),
    ("item_costs.*.product", "products"),
    ("profile_rules.*.project", "projects"),
    ("profile_rules.*.contract", "contracts"),
    ("ledger_posting.{company}.*.project", "projects"),
    ("ledger_posting.{company}.*.customer", "customers.{company}"),
    ("intercompany.*.customer", "customers.{lender}"),
    ("dimension_rules.*.customer", "customers.{company}"),
    ("dimension_rules.*.contract", "contracts"),
    ("dimension_rules.*.project", "projects"),
    ("financial_tags.{company}.rules.*.customer", "customers.{company}"),
    ("financial_tags.{company}.rules.*.contract", "contracts"),
    ("financial_tags.{company}.rules.*.project", "projects"),
)
"""As ``CROSS_REFERENCES``, for names of master data: it may come row by row, so ``setup.warnings`` tells of these."""


def dangling(document: SetupDocument, references: Iterable[tuple[str, str]] = CROSS_REFERENCES) -> Iterator[Problem]:
    """The names that nothing in the document has."""
    written = document.model_dump(by_alias=True, exclude_unset=True)
    for source, target in references:
        for path, row, name in _values(written, source.split("."), (), {}):
            if "{company}" in target and row.get("company") is None:
                continue
            known: Any = written
            for step in target.split("."):
                known = known.get(step.format_map(row), {})
            if name not in known:
                yield Problem(path, f"{name!r} is not in {target.format_map(row)}; {instead(name, known)}")


def _values(node: Any, steps: list[str], path: Path, row: Mapping[str, Any]) -> Iterator[tuple[Path, Any, str]]:
    """Each value that a source path of ``CROSS_REFERENCES`` leads to, with its own path and the row it is in."""
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
    """Rows that contradict each other: the same rate, rule or account twice, periods that overlap."""
    yield from _twice(("exchange_rates",), ((r.from_, r.to, r.valid_from) for r in document.exchange_rates))
    yield from _twice(("item_costs",), ((r.company, r.product, r.valid_from) for r in document.item_costs))
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


def _formats(document: SetupDocument) -> Iterator[Problem]:
    """Formats of ledger batches that are wrong, or named and not there, and code tables with codes that nothing has."""
    there = [*document.ledger_formats, *READY_FORMATS]
    for company, parameters in document.parameters.items():
        for position, name in enumerate(parameters.ledger.formats):
            if name not in there:
                at: Path = ("parameters", company, "ledger", "formats", position)
                yield Problem(at, f"{name!r} is no format; {instead(name, there)}")
    for name, given in document.ledger_formats.items():
        if name in READY_FORMATS:
            text = f"is the name of a ready-made format; take another, and write like: {name} in it"
            yield Problem(("ledger_formats", name), text)
        try:
            format = LedgerFormat.model_validate(given)
        except ValidationError as error:
            details = error.errors(include_url=False)
            yield from (_problem(detail, LedgerFormat, ("ledger_formats", name)) for detail in details)
        else:
            yield from _codes_of(document, ("ledger_formats", name, "tables"), format)


def _vouchers(document: SetupDocument) -> Iterator[Problem]:
    """Voucher numbers that two sequences would draw, and those with a colon in companies that have batches.

    There it sets lines and currencies apart.
    """
    for company, numbers in document.number_sequences.items():
        formats = numbers.vouchers()
        known: dict[str, str] = {}
        for name, one in formats.items():
            if (other := known.setdefault(one, name)) != name:
                text = f"{one!r} is the format of {other} too: two vouchers would have one number; take another one"
                yield Problem(("number_sequences", company, name), text)
        parameters = document.parameters.get(company)
        if parameters is None:
            continue
        if parameters.ledger.formats or parameters.ledger.schedule is not ExportSchedule.OFF:
            for name, one in formats.items():
                if ":" in one:
                    text = (
                        f"{one!r} has a colon, which sets lines and currencies of a voucher apart "
                        "in batches for the general ledger; take another character"
                    )
                    yield Problem(("number_sequences", company, name), text)


def _codes_of(document: SetupDocument, at: Path, format: LedgerFormat) -> Iterator[Problem]:
    accounts = {row.account for rows in document.ledger_posting.values() for row in rows}
    accounts |= {row.account for rules in document.account_structures.values() for row in rules}
    accounts |= {code.account for code in document.sales_tax.codes.values() if code.account}
    yield from _unknown((*at, "accounts"), format.tables.accounts, sorted(accounts))
    yield from _unknown((*at, "sales_tax_codes"), format.tables.sales_tax_codes, document.sales_tax.codes)


def _unknown(path: Path, table: Iterable[str], known: Iterable[str]) -> Iterator[Problem]:
    names = list(known)
    yield from (Problem((*path, code), f"is not known; {instead(code, names)}") for code in table if code not in names)


def _twice(path: Path, keys: Iterable[object]) -> Iterator[Problem]:
    first: dict[object, int] = {}
    for position, key in enumerate(keys):
        if (earlier := first.setdefault(key, position)) != position:
            yield Problem((*path, position), f"is for the same as entry [{earlier}]; keep one of them")
