"""The journals table: integration journals, each with a header and pages of lines.

Header attributes: ``st`` status, ``co`` company, ``jn`` journal number, ``pe`` period, ``n`` lines so far, ``no`` next
line number, ``oj`` original journal, ``sv`` set-up version of the posting, ``pg`` pages posted, ``ej`` journal that
takes the lines that fail, ``ne`` how many of them, ``ca`` when a line was last added or changed; ``oc`` ``od`` keys of
the sparse index ``open_documents`` (not posted); ``lp`` ``ls`` its place in the index ``listed`` (``store.listing``). A
page has ``l`` (lines as text), ``ve``, a version that every change raises, and ``po`` once it is posted. It is listed
under the last voucher number drawn for it, unless it took over failed lines: those are found from where they came.
``mp`` on the header: its posting has pinned master data (``store.pins``). ``am``: cost and sales of its lines by
currency, and of how many lines. ``tg``: the financial tags of lines that are added, as text.

One journal per period is open for new lines. The guard item of the period says which: two imports that want to open a
journal for the same period at once compete for its condition.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.journal import Journal, JournalPage
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.store import history as histories
from project_invoicing.store import pins, rows, unsealed
from project_invoicing.store.items import Item, readable
from project_invoicing.store.journal_change import (
    HEADER,
    KIND,
    PREFIX,
    JournalChange,
    amounts_in,
    amounts_text,
    listed,
    opened,
    partition,
    tags_in,
)
from project_invoicing.store.listing import Listed, Listing, entry, listing, parts_of, voucher_list
from project_invoicing.store.sequences import Counter
from project_invoicing.store.transactions import (
    Write,
    around,
    delete,
    get,
    get_many,
    last_until,
    put,
    query,
    scan,
    transact,
    update,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry

INDEX: Final = "open_documents"
_PAGE: Final = "L#"
_AT_ONCE: Final = 100
_COSTS: Final = "COSTS-POSTED"
_DIGITS: Final = 8
"""Of the number of its first line in the key of a page."""


class Journals:
    """Access to the journals table."""

    def __init__(self, client: DynamoDBClient, table: str, *, one_list: bool = False) -> None:
        self.client = client
        self.table = table
        self._lists = Listed(client, table, one_list=one_list)

    # Reading

    def open(self, company: str) -> list[Journal]:
        """A company's journals that are not posted, by number. An index read: verify before writing."""
        found = query(self.client, self.table, company, index=INDEX, names=("oc", "od"))
        return [journal for item in found if (journal := readable(journal_of, item))]

    def unposted(self, company: str, *, one_list: bool = False) -> list[Journal]:
        """As ``open``, with the journals in error, which no run posts. One request more, and one for a hundred.

        ``one_list``: no earlier version has listed anything.
        """
        lists = Listed(self.client, self.table, one_list=one_list)
        parts = parts_of(KIND, company, JournalStatus.ERROR)
        numbers: list[str] = []
        before: str | None = None
        while before != "":
            found = lists.newest(parts, _AT_ONCE, since=None, before=before)
            numbers += (_document(item["pk"])[1] for item in found.entries)
            before = found.before
        return [*self.open(company), *(self.many(company, sorted(numbers)).values() if numbers else ())]

    def get(self, company: str, journal_id: str) -> Journal | None:
        item = get(self.client, self.table, partition(company, journal_id), HEADER)
        return journal_of(item) if item else None

    def many(self, company: str, journal_ids: Iterable[str]) -> dict[str, Journal]:
        keys = ((partition(company, journal_id), HEADER) for journal_id in dict.fromkeys(journal_ids))
        found = (readable(journal_of, item) for item in get_many(self.client, self.table, keys))
        return {journal.journal_id: journal for journal in found if journal}

    def pages(self, company: str, journal_id: str, first: str = "") -> Iterator[JournalPage]:
        """The journal's pages, starting at key ``first``."""
        for item in query(self.client, self.table, partition(company, journal_id), prefix=_PAGE, first=first):
            yield page_of(item)

    def page_at(self, company: str, journal_id: str, line: int) -> tuple[JournalPage | None, int | None, int | None]:
        """The page that has the line with this number, and the first lines of the pages beside it."""
        item, before, after = around(self.client, self.table, partition(company, journal_id), _PAGE, line, _DIGITS)
        return page_of(item) if item else None, before, after

    def line(self, company: str, journal_id: str, number: int, actual_id: str) -> tuple[JournalLine, bool] | None:
        """An actual's line and whether it is posted. ``number`` is where it is expected, found in one request."""
        until = f"{_PAGE}{number:0{_DIGITS}d}"
        item = last_until(self.client, self.table, partition(company, journal_id), _PAGE, until)
        lines = rows.decode(JournalLine, item["l"]) if item else []
        return next(((line, "po" in (item or {})) for line in lines if line.actual_id == actual_id), None)

    def master_data(self, journal: Journal) -> str | None:
        """The view of master data that its posting was begun with; ``None``: the set-up document alone."""
        document = partition(journal.company, journal.journal_id)
        return pins.pinned(self.client, self.table, document) if journal.pinned else None

    def listed(self, company: str, limit: int, *, status: str | None, since: str | None, before: str | None) -> Listing:
        """Numbers of a company's journals under the last days of their periods. One request."""
        found = self._lists.newest(parts_of(KIND, company, status), limit, since=since, before=before)
        return listing(found, _number_of)

    def oldest_posted(self, company: str, limit: int, *, after: str) -> tuple[list[str], str]:
        """Numbers of posted journals by the last days of their periods, and where it goes on."""
        found = self._lists.oldest(parts_of(KIND, company, JournalStatus.POSTED), limit, since=None, after=after)
        return [_number_of(item) for item in found.entries], found.before

    def since(self, company: str, limit: int, *, since: str, after: str) -> tuple[list[str], str]:
        """Numbers of journals in any state, of periods that end on a day or later, and where it goes on.

        The index may still show one as a draft that is posted: what is posted, its header and its pages say.
        """
        found = self._lists.oldest(parts_of(KIND, company, None), limit, since=since, after=after)
        return [_number_of(item) for item in found.entries], found.before

    def opened(self, company: str, limit: int, since: str) -> tuple[list[str], bool]:
        """Numbers of a company's journals that are not posted, of periods from a day on, and whether there are more."""
        found = self._lists.opened(KIND, company, limit, since=since)
        return [number for number, _ in listing(found, _number_of).documents], bool(found.before)

    def open_states(self, company: str, limit: int) -> tuple[dict[str, str], bool]:
        """The state of each of a company's journals that is not posted, by number, and whether there are more.

        Those of the latest periods. One request.
        """
        found = self._lists.opened(KIND, company, limit)
        return {_number_of(item): str(item["st"]) for item in found.entries}, bool(found.before)

    def headers(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Journal]:
        """Journals by company and number."""
        found = get_many(self.client, self.table, ((partition(*key), HEADER) for key in keys))
        journals = (readable(journal_of, item) for item in found)
        return {(one.company, one.journal_id): one for one in journals if one}

    def with_voucher_drawn(self, company: str, drawn: int, voucher: str) -> str | None:
        """The journal with a line of this voucher, whose number was the one ``drawn`` from the sequence. By key.

        A line that failed to post is on the journal that its journal names.
        """
        found = self._lists.first_from(*drawn_entry(company, drawn).values())
        if found is None:
            return None
        journal_id = _document(found["pk"])[1]
        item = get(self.client, self.table, found["pk"], found["sk"])
        if item and _has_voucher(item, voucher):
            return journal_id
        seen = {journal_id}
        journal = self.get(company, journal_id)
        while journal and journal.error_journal and journal.error_journal not in seen:
            seen.add(journal.error_journal)
            pages = query(self.client, self.table, partition(company, journal.error_journal), prefix=_PAGE)
            if any(_has_voucher(page, voucher) for page in pages):
                return journal.error_journal
            journal = self.get(company, journal.error_journal)
        return None

    def with_voucher(self, voucher: str) -> list[tuple[str, str]]:
        """Company and number of the journals with a line of this voucher. No key leads there: it reads the table."""
        found = scan(self.client, self.table, containing=("l", json.dumps(voucher)))
        return sorted({_document(item["pk"]) for item in found if str(item["pk"]).startswith(PREFIX)})

    def mark(self, company: str, journal_id: str) -> unsealed.Mark:
        """Whether its vouchers are sealed."""
        return unsealed.mark_of(self.client, self.table, partition(company, journal_id), HEADER)

    def history(self, company: str, journal_id: str) -> Iterator[HistoryEntry]:
        """What was done to it, oldest first."""
        return histories.of(self.client, self.table, partition(company, journal_id))

    def guards(self, company: str, periods: Iterable[str]) -> dict[str, str]:
        """The journal that each of these periods was last opened with."""
        keys = ((f"OPEN#{company}", period) for period in dict.fromkeys(periods))
        return {item["sk"]: item["jn"] for item in get_many(self.client, self.table, keys)}

    def setups_seen(self, companies: Iterable[str]) -> dict[str, int]:
        """The set-up version with which each company's drafts were last compared."""
        keys = (("SETUPS-SEEN", company) for company in companies)
        return {item["sk"]: item["sv"] for item in get_many(self.client, self.table, keys)}

    def setup_seen(self, company: str, version: int) -> None:
        """Remembers that version. No condition: if an older version wins, the only cost is one more comparison."""
        write = put(self.table, {"pk": "SETUPS-SEEN", "sk": company, "sv": version}, unless_exists=False)
        transact(self.client, [write])

    def costs_posted(self, company: str) -> tuple[date, int] | None:
        """The day on which the schedule has posted all costs of a company, and the version of the set-up of then."""
        item = get(self.client, self.table, _COSTS, company)
        return (date.fromisoformat(item["da"]), item["sv"]) if item else None

    def all_costs_posted(self, company: str, day: date, version: int) -> None:
        """Remembers that. No condition: if an older day wins, the only cost is one more look."""
        item = {"pk": _COSTS, "sk": company, "da": day.isoformat(), "sv": version}
        transact(self.client, [put(self.table, item, unless_exists=False)])

    def counter(self, company: str) -> Counter:
        return Counter(self.client, self.table, company, "journal")

    # Writes of the page transactions

    def create(self, journal: Journal) -> Write:
        return put(
            self.table,
            {
                "pk": partition(journal.company, journal.journal_id),
                "sk": HEADER,
                "st": journal.status,
                "co": journal.company,
                "jn": journal.journal_id,
                "pe": journal.period,
                "n": journal.line_count,
                "no": journal.next_line,
                "oj": journal.original_journal,
                "ca": journal.changed_at,
                "am": amounts_text(journal),
                **(opened(journal) if journal.status is JournalStatus.DRAFT else {}),
                **listed(journal),
            },
            unless_exists=True,
        )

    def noted(self, journal: Journal, made: HistoryEntry) -> Write:
        """An entry of its history, for the transaction of what was done."""
        return histories.entry(self.table, partition(journal.company, journal.journal_id), made)

    def was_done(self, journal: Journal, made: HistoryEntry) -> bool:
        """Whether its history has this very entry."""
        return histories.is_there(self.client, self.table, partition(journal.company, journal.journal_id), made)

    def commit(self, journal: Journal, made: HistoryEntry, writes: Iterable[Write]) -> None:
        """What was done with its entry. Done before, by the same command: changes nothing."""
        histories.commit(self.client, self.table, partition(journal.company, journal.journal_id), made, writes)

    def changing(self, journal: Journal) -> JournalChange:
        """Collects what happens to the journal in one transaction, as the one write of its header."""
        return JournalChange(self.table, journal)

    def guard(self, journal: Journal, before: str | None) -> Write:
        """Sends the period's new lines to ``journal``, on condition that they went to ``before`` until now."""
        return update(
            self.table,
            f"OPEN#{journal.company}",
            journal.period,
            {"jn": journal.journal_id},
            expected={"jn": before},
        )

    def page(self, company: str, journal_id: str, lines: list[JournalLine], drawn: int | None = None) -> Write:
        """A new page. Its key is its first line number, which no other page has.

        ``drawn``: the number of its last voucher in the sequence, if its vouchers were drawn for it.
        """
        item = {
            "pk": partition(company, journal_id),
            "sk": f"{_PAGE}{lines[0].line_number:0{_DIGITS}d}",
            "l": rows.encode(lines),
            "ve": 1,
            **({} if drawn is None else drawn_entry(company, drawn)),
        }
        return put(self.table, item, unless_exists=True)

    def posted_page(self, journal: Journal, page: JournalPage, lines: list[JournalLine]) -> Write:
        """The page with the result of posting its lines; it can be posted once, and only as it was judged."""
        return self._changed(journal, page, {"l": rows.encode(lines), "po": True})

    def changed_page(self, journal: Journal, page: JournalPage, lines: list[JournalLine]) -> Write:
        return self._changed(journal, page, {"l": rows.encode(lines)})

    def pin(self, journal: Journal, view: bytes) -> Write:
        """Keeps the master data of the posting that is begun in the same transaction."""
        return pins.pin(self.table, partition(journal.company, journal.journal_id), view)

    def _changed(self, journal: Journal, page: JournalPage, values: dict[str, Any]) -> Write:
        values = values | {"ve": page.version + 1}
        document = partition(journal.company, journal.journal_id)
        return update(self.table, document, page.key, values, expected={"po": None, "ve": page.version})

    def without_page(self, journal: Journal, page: JournalPage) -> Write:
        document = partition(journal.company, journal.journal_id)
        return delete(self.table, document, page.key, expected={"po": None, "ve": page.version})


def journal_of(item: Item) -> Journal:
    return Journal(
        company=item["co"],
        journal_id=item["jn"],
        status=JournalStatus(item["st"]),
        period=item["pe"],
        line_count=item["n"],
        next_line=item["no"],
        original_journal=item.get("oj"),
        setup_version=item.get("sv"),
        posted_pages=item.get("pg", 0),
        error_journal=item.get("ej"),
        error_lines=item.get("ne", 0),
        changed_at=item.get("ca"),
        pinned="mp" in item,
        amounts=amounts_in(item.get("am"), item["n"] - item.get("ne", 0)),
        tags=tags_in(item.get("tg")),
    )


def page_of(item: Item) -> JournalPage:
    return JournalPage(item["sk"], rows.decode(JournalLine, item["l"]), "po" in item, item["ve"])


def drawn_entry(company: str, number: int) -> dict[str, str]:
    """The place of a page whose last voucher was the one with this ``number`` in the sequence."""
    return entry(voucher_list(company), f"{number:012d}")


def _has_voucher(page: Item, voucher: str) -> bool:
    return any(line.voucher == voucher for line in rows.decode(JournalLine, page["l"]))


def _number_of(item: Item) -> str:
    return _document(item["pk"])[1]


def _document(key: str) -> tuple[str, str]:
    _, company, journal_id = key.split("#", 2)
    return company, journal_id
