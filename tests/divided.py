"""A set-up document divided: what finance decides stays, the rest arrives from Dataverse row by row.

    policy, rows = divided(document)                 # no references, entries with finance's own columns alone
    policy, rows = divided(document, every=2)        # every second name; the others stay in the document whole

``rows`` are RemoteExecutionContexts, parents first. The ids are those that ``builders`` makes of the names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from tests import master
from tests.builders import Context, lookup, option

Document = dict[str, Any]

_PARTS = {"account": "customers", "salesorder": "contracts", "salesorderdetail": "contract_lines"} | {
    "msdyn_project": "projects",
    "product": "products",
}
_FROM_DATAVERSE = {
    "customers": ("name", "group"),
    "contracts": ("company", "customer", "currency"),
    "contract_lines": ("contract", "billing_method"),
    "projects": ("company", "contract", "open"),
    "products": (),
}
"""The columns of an entry that its row has."""
_METHODS = {"time_and_material": 192350000, "fixed_price": 192350001}


def divided(document: Mapping[str, Any], every: int = 1) -> tuple[Document, list[Context]]:
    policy: Document = deepcopy(dict(document))
    named = [(entity, name) for entity, names in document["references"].items() for name in names.values()]
    gone = named[::every]
    for entity, name in gone:
        of = policy["references"][entity]
        policy["references"][entity] = {id: other for id, other in of.items() if other != name}
        part = _PARTS.get(entity)
        for entries in _holding(policy, part) if part else ():
            _reduce(entries, name, _FROM_DATAVERSE[str(part)])
    return policy, list(_rows(document, gone))


def _holding(document: Mapping[str, Any], part: str) -> list[Document]:
    entries = document.get(part, {})
    return list(entries.values()) if part == "customers" else [entries]


def _reduce(entries: Document, name: str, columns: tuple[str, ...]) -> None:
    """Leaves finance's own columns of an entry; one that has none is gone."""
    left = {column: value for column, value in entries.pop(name, {}).items() if column not in columns}
    if left:
        entries[name] = left


def _rows(document: Mapping[str, Any], gone: list[tuple[str, str]]) -> Iterator[Context]:
    made: dict[str, Callable[[str], Context]] = {
        "transactioncurrency": master.currency,
        "msdyn_transactioncategory": master.category,
        "product": master.product,
        "bookableresource": master.resource,
        "account": lambda name: _account(document, name),
        "salesorder": lambda name: _contract(document["contracts"][name], name),
        "msdyn_project": lambda name: _project(document["projects"][name], name),
        "salesorderdetail": lambda name: _contract_line(document["contract_lines"][name], name),
    }
    yield from (master.company(code) for code in document["companies"])
    for entity, make in made.items():
        yield from (make(name) for of, name in gone if of == entity)


def _account(document: Mapping[str, Any], name: str) -> Context:
    company, entry = next((code, of[name]) for code, of in document["customers"].items() if name in of)
    group = entry.get("group")
    columns: dict[str, Any] = {"msdyn_customergroupid": lookup("msdyn_customergroup", group, group)} if group else {}
    return master.account(name, company=company, **columns)


def _contract(entry: Mapping[str, Any], name: str) -> Context:
    currency = lookup("transactioncurrency", entry["currency"])
    return master.contract(name, company=entry["company"], customer=entry["customer"], transactioncurrencyid=currency)


def _project(entry: Mapping[str, Any], name: str) -> Context:
    state = option(0 if entry.get("open", True) else 1)
    return master.project(name, company=entry["company"], contract=entry.get("contract"), statecode=state)


def _contract_line(entry: Mapping[str, Any], name: str) -> Context:
    """The names of contract lines are those that the rows get: contract, hyphen, sequence number."""
    contract = entry["contract"]
    sequence = int(name.removeprefix(f"{contract}-"))
    method = option(_METHODS[entry.get("billing_method", "time_and_material")])
    return master.contract_line(name, contract, sequence=sequence, msdyn_billingmethod=method)
