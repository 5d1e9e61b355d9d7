"""Correction journals of accrued revenue, in the journals table: a header, pages of lines, a history.

Header, under ``CORRECTION#``, company and number: ``co`` ``cn`` these, ``st`` status, ``ve`` version, ``wa`` what it is
made of as JSON, ``ds`` description, ``vd`` voucher date, ``n`` lines, ``np`` how many of them are posted, ``no`` next
line number, ``ct`` when it was made, ``du`` what the schedule has to do with it, ``er`` why it could not; only what is
due has ``oc`` ``od``, keys of the index ``open_documents``. ``lp`` ``ls`` its place among those of its company, under
the day it was made. A page has ``l``, its lines as text, and ``ve``, a version that every change raises.

The item ``CORRECTION-ONCE#`` and company has under a token the number of the journal that was made under it. The row of
an unbilled sale says which draft it is on: two journals never have the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.correction_journal import (
    CORRECTIONS,
    CorrectionJournal,
    CorrectionLine,
    CorrectionPage,
    CorrectionStatus,
    CorrectionVerb,
    Due,
    Wanted,
)
from project_invoicing.store import history as histories
from project_invoicing.store import rows
from project_invoicing.store.due_corrections import DUE
from project_invoicing.store.items import Item, readable
from project_invoicing.store.listing import Listed, Part, day_of, entry
from project_invoicing.store.sequences import Counter
from project_invoicing.store.transactions import Write, delete, get, get_many, put, query, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry

PREFIX: Final = "CORRECTION#"
HEADER: Final = "H"
_ONCE: Final = "CORRECTION-ONCE#"
_PAGE: Final = "L#"


class CorrectionJournals:
    """Access to the correction journals. ``table`` is that of the journals."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    # Reading

    def get(self, company: str, number: str) -> CorrectionJournal | None:
        item = get(self.client, self.table, partition(company, number), HEADER)
        return journal_of(item) if item else None

    def pages(self, company: str, number: str) -> Iterator[CorrectionPage]:
        for item in query(self.client, self.table, partition(company, number), prefix=_PAGE):
            yield CorrectionPage(item["sk"], rows.decode(CorrectionLine, item["l"]), item["ve"])

    def page_at(self, company: str, number: str, key: str) -> CorrectionPage | None:
        item = get(self.client, self.table, partition(company, number), key)
        return CorrectionPage(item["sk"], rows.decode(CorrectionLine, item["l"]), item["ve"]) if item else None

    def lines(self, company: str, number: str) -> list[CorrectionLine]:
        return [line for page in self.pages(company, number) for line in page.lines]

    def listed(self, company: str, limit: int, *, before: str | None) -> tuple[list[CorrectionJournal], str]:
        """A company's journals, the newest first, and the place before which it goes on. Two requests."""
        found = Listed(self.client, self.table).newest([Part(_list_of(company))], limit, since=None, before=before)
        places = {str(one["pk"]): (day_of(one), str(one["ls"])) for one in found.entries}
        items = get_many(self.client, self.table, ((pk, HEADER) for pk in places))
        read = ((places[item["pk"]], readable(journal_of, item)) for item in items)
        return [one for _, one in sorted(read, key=lambda pair: pair[0], reverse=True) if one], found.before

    def made_under(self, company: str, token: str) -> str | None:
        """The number of the journal that was made under a token."""
        item = get(self.client, self.table, f"{_ONCE}{company}", token)
        return str(item["cn"]) if item else None

    def history(self, company: str, number: str) -> Iterator[HistoryEntry]:
        """What was done to it, oldest first."""
        return histories.of(self.client, self.table, partition(company, number))

    def was_done(self, journal: CorrectionJournal, made: HistoryEntry) -> bool:
        return histories.is_there(self.client, self.table, partition(journal.company, journal.number), made)

    def counter(self, company: str) -> Counter:
        return Counter(self.client, self.table, company, "correction_journal")

    # Writes

    def once(self, company: str, token: str, number: str) -> Write:
        """Remembers which journal was made under a token, so that the same request makes no second one."""
        return put(self.table, {"pk": f"{_ONCE}{company}", "sk": token, "cn": number}, unless_exists=True)

    def create(self, journal: CorrectionJournal) -> Write:
        item = {
            "pk": partition(journal.company, journal.number),
            "sk": HEADER,
            "co": journal.company,
            "cn": journal.number,
            "ct": journal.created_at,
            "wa": _wanted_text(journal.wanted),
            **_columns(journal),
            **entry(_list_of(journal.company), f"{journal.created_at[:10]}#{journal.number}"),
        }
        return put(self.table, item, unless_exists=True)

    def changed(
        self, journal: CorrectionJournal, *verbs: CorrectionVerb, **values: Any
    ) -> tuple[CorrectionJournal, Write]:
        """The journal after these verbs with other values, and the write of it: only as it was read."""
        status = journal.status
        for verb in verbs:
            status = CORRECTIONS.after(status, verb)
        after = replace(journal, status=status, version=journal.version + 1, **values)
        document = partition(journal.company, journal.number)
        return after, update(self.table, document, HEADER, _columns(after), expected={"ve": journal.version})

    def noted(self, journal: CorrectionJournal, made: HistoryEntry) -> Write:
        """An entry of its history, for the transaction of what was done."""
        return histories.entry(self.table, partition(journal.company, journal.number), made)

    def page(self, journal: CorrectionJournal, lines: list[CorrectionLine]) -> Write:
        """A new page. Its key is its first line number, which no other page has."""
        key = f"{_PAGE}{lines[0].line_number:08d}"
        item = {"pk": partition(journal.company, journal.number), "sk": key, "l": rows.encode(lines), "ve": 1}
        return put(self.table, item, unless_exists=True)

    def changed_page(self, journal: CorrectionJournal, page: CorrectionPage, lines: list[CorrectionLine]) -> Write:
        document = partition(journal.company, journal.number)
        values = {"l": rows.encode(lines), "ve": page.version + 1}
        return update(self.table, document, page.key, values, expected={"ve": page.version})

    def without_page(self, journal: CorrectionJournal, page: CorrectionPage) -> Write:
        document = partition(journal.company, journal.number)
        return delete(self.table, document, page.key, expected={"ve": page.version})


def _columns(journal: CorrectionJournal) -> dict[str, Any]:
    """What changes of a header."""
    place = {"oc": DUE, "od": f"{journal.company}#{journal.number}"} if journal.due else {"oc": None, "od": None}
    return {
        "st": journal.status,
        "ve": journal.version,
        "ds": journal.description,
        "vd": journal.voucher_date.isoformat() if journal.voucher_date else None,
        "n": journal.lines,
        "np": journal.posted_lines,
        "no": journal.next_line,
        "du": journal.due,
        "er": journal.error,
        **place,
    }


def journal_of(item: Item) -> CorrectionJournal:
    return CorrectionJournal(
        company=item["co"],
        number=item["cn"],
        status=CorrectionStatus(item["st"]),
        wanted=_wanted_of(item["wa"]),
        version=item["ve"],
        description=item.get("ds"),
        voucher_date=date.fromisoformat(item["vd"]) if "vd" in item else None,
        lines=item["n"],
        posted_lines=item["np"],
        next_line=item["no"],
        due=Due(item["du"]) if "du" in item else None,
        created_at=item["ct"],
        error=item.get("er"),
    )


def _wanted_text(wanted: Wanted) -> str:
    days = [wanted.first.isoformat(), wanted.last.isoformat()]
    named: Iterable[tuple[str, ...]] = (wanted.ids, wanted.projects, wanted.accounts)
    return json.dumps([*days, *map(list, named), wanted.reversals], separators=(",", ":"), ensure_ascii=False)


def _wanted_of(text: str) -> Wanted:
    first, last, ids, projects, accounts, reversals = json.loads(text)
    days = (date.fromisoformat(first), date.fromisoformat(last))
    return Wanted(*days, tuple(ids), tuple(projects), tuple(accounts), reversals)


def _list_of(company: str) -> str:
    return f"CORRECTION#{company}"


def partition(company: str, number: str) -> str:
    return f"{PREFIX}{company}#{number}"
