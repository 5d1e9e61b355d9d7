"""Where the policy names projects, contracts and customers by number, and which of these numbers are old (D-156).

The policy is finance's text, so nothing rewrites it. A rule goes on applying to a row that has got another number, by
the numbers that the row remembers; this says which rules are worth correcting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from project_invoicing.domain.master_data import Key, NameKey, Part, RowKey, Seen, SeenName, SeenRow
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.problem import Path, Problem

_NOUNS = {
    Part.PROJECTS: "project",
    Part.CONTRACTS: "contract",
    Part.CONTRACT_LINES: "contract line",
    Part.CUSTOMERS: "customer",
}


@dataclass(frozen=True, slots=True)
class OldNumber:
    """A place in the policy with the number ``name``, which ``row`` has had and has no longer."""

    path: Path
    name: NameKey
    row: SeenRow
    problem: Problem


def named(document: SetupDocument) -> Iterator[tuple[Path, NameKey]]:
    """Each place that names master data by a number, with the company that the number is one of.

    A place that may be of several companies comes once for each.
    """
    for at, profile in enumerate(document.profile_rules):
        path: Path = ("profile_rules", at)
        yield from _in(path, profile.company, project=profile.project, contract=profile.contract)
    for company, accounts in document.ledger_posting.items():
        for at, account in enumerate(accounts):
            path = ("ledger_posting", company, at)
            for of_company in (company, *_lent_to(document, company)):
                yield from _in(path, of_company, project=account.project)
            yield from _in(path, company, customer=account.customer)
    for at, rule in enumerate(document.dimension_rules):
        path = ("dimension_rules", at)
        for of_company in (rule.company, *_lent_to(document, rule.company)):
            yield from _in(path, of_company, project=rule.project, contract=rule.contract)
        yield from _in(path, rule.company, customer=rule.customer)
    for at, terms in enumerate(document.intercompany):
        yield from _in(("intercompany", at), terms.lender, customer=terms.customer)
    yield from _entries(document)


def _entries(document: SetupDocument) -> Iterator[tuple[Path, NameKey]]:
    everywhere = list(document.companies)
    for number, project in document.projects.items():
        for company in [project.company] if project.company else everywhere:
            yield ("projects", number), NameKey(Part.PROJECTS, company, number)
            yield from _in(("projects", number), company, contract=project.contract)
    for number, contract in document.contracts.items():
        for company in [contract.company] if contract.company else everywhere:
            yield ("contracts", number), NameKey(Part.CONTRACTS, company, number)
            yield from _in(("contracts", number), company, customer=contract.customer)
    for company, customers in document.customers.items():
        for number in customers:
            yield ("customers", company, number), NameKey(Part.CUSTOMERS, company, number)


def _in(
    path: Path, company: str, *, project: str | None = None, contract: str | None = None, customer: str | None = None
) -> Iterator[tuple[Path, NameKey]]:
    found = (("project", Part.PROJECTS, project), ("contract", Part.CONTRACTS, contract))
    for column, part, number in (*found, ("customer", Part.CUSTOMERS, customer)):
        if number:
            yield (*path, column), NameKey(part, company, number)


def _lent_to(document: SetupDocument, company: str) -> list[str]:
    return list(dict.fromkeys(terms.borrower for terms in document.intercompany if terms.lender == company))


def left(names: Iterable[NameKey], seen: Callable[[Key], Seen | None]) -> set[RowKey]:
    """The rows that have left some of these names."""
    found = map(seen, names)
    return {RowKey(*row) for one in found if isinstance(one, SeenName) for row in one.former}


def old_numbers(document: SetupDocument, seen: Callable[[Key], Seen | None]) -> list[OldNumber]:
    """The places whose number a row has left, by the names and the rows that were read.

    ``seen`` knows these names, the rows that have left them, and the names that those have now. A number that another
    row has by now is no old one where the policy names the first row by its new number too.
    """
    places = list(named(document))
    kinds = {(path[0], name) for path, name in places}
    found: dict[Path, OldNumber] = {}
    for path, name in places:
        one = seen(name)
        for row in map(seen, left([name], seen)):
            if not isinstance(row, SeenRow) or row.deleted or row.number in (None, name.number):
                continue
            now = NameKey(name.part, row.company or "", row.number or "")
            taken = isinstance(one, SeenName) and one.id is not None
            if taken and (path[0], now) in kinds:
                continue
            known = seen(now)
            follows = isinstance(known, SeenName) and name.number in known.earlier and now.company == name.company
            text = _told(name, now, taken=taken, follows=follows)
            found.setdefault(path, OldNumber(path, name, row, Problem(path, text)))
    return list(found.values())


def _told(name: NameKey, now: NameKey, *, taken: bool, follows: bool) -> str:
    """``taken``: another row has the number. ``follows``: the row remembers it, so that rules go on applying to it."""
    noun = _NOUNS[name.part]
    of = f" of {now.company}" if now.company != name.company else ""
    text = f"names {noun} {name.number} of {name.company}, which is {now.number}{of} now"
    if taken:
        both = "applies to both" if follows else f"applies to {name.number} alone"
        return f"{text}, and {name.number} is another {noun}: it {both}; say by their numbers which is meant"
    if follows:
        return f"{text}: it goes on applying to it; write {now.number}"
    return f"{text}: it applies to nothing; correct it, or take it out"
