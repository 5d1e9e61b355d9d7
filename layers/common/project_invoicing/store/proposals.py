"""The proposals table: proposal headers, their pages of lines, and their numbers.

Header attributes: ``a`` the mapped proforma as JSON text, ``rv`` ``ot`` ``h`` its version, ``ch`` ``dl`` as in staging,
``st`` status, ``nr`` number, ``co`` company, ``n`` lines, ``pg`` pages, ``su`` subtotal, ``ws`` since when it waits,
``wf`` what for (JSON, compressed; ``wm`` how many rows that does not list), ``wp`` the documents whose posting it waits
for, ``rf`` the last refusal (JSON), ``ed`` what a person has set on it, ``ev`` how often it or its lines were edited,
``ap`` the last step of its approval, ``av`` how many there were (absent where nobody has submitted it),
``sv`` the set-up version that its lines were built with, ``ic`` the companies it bills between, ``dx`` its lines are
being deleted, ``tk`` everything its lines continue is marked as taken by them (99-25; absent where a previous version
built them), ``ba`` the accounting date that its billed sales agree on; once its posting is claimed, ``in`` invoice
number, ``vo`` voucher, ``di`` invoice date, ``da`` accounting date, ``pv`` set-up version, ``pp`` pages posted, ``og``
what the invoices it credits had charged and given back when its own tax was computed; ``mp`` that the master data its
lines or its posting were begun with is kept beside it (``store.pins``); ``bk`` the first of what it waits for that is
master data (sparse index ``blocked_by``); ``oc`` ``od`` keys of the sparse index
``open_documents``; ``lp`` ``ls`` ``lc`` its place in the index ``listed`` (``store.listing``).
``store.proposal_changes`` changes a header, ``store.proposal_items`` reads one.

A header whose proforma was canceled before it was posted stays, in no index, so that an older event cannot bring it
back. Its number has ``fr``: it is free, and still leads to the header until another proforma takes it.

A header whose contract the set-up does not know yet has ``dt``, its complete event: its number may still be refused.

A page of lines has ``l`` (lines as text) and ``ve``, a version that every edit raises. The posted invoices are in the
same table (``store.invoices``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.actual import Proforma
from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.proposal import BetweenCompanies, Proposal, ProposalPage
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.waits import ANY_OF
from project_invoicing.store import history as histories
from project_invoicing.store import pins, rows, unsealed
from project_invoicing.store.invoices import HEADER, PAGE, Invoices
from project_invoicing.store.items import Item, readable
from project_invoicing.store.listing import (
    OPEN,
    PROPOSAL,
    Listed,
    Listing,
    Part,
    customer_list,
    listing,
    parts_of,
)
from project_invoicing.store.proposal_changes import ProposalChange
from project_invoicing.store.proposal_items import (
    PREFIX,
    company_columns,
    listed_open,
    partition,
    proforma_columns,
    proposal_of,
)
from project_invoicing.store.sequences import Counter
from project_invoicing.store.transactions import Write, around, delete, get, get_many, put, query, transact, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry

INDEX: Final = "open_documents"
BLOCKED: Final = "blocked_by"
_BATCHES: Final = "BATCHES#"
_DIGITS: Final = 8
"""Of the number of its first line in the key of a page."""


class Proposals:
    """Access to the proposals table.

    ``calendar_dates``: the fields of a proforma whose columns hold calendar dates, as the table map says (D-061).
    """

    def __init__(
        self, client: DynamoDBClient, table: str, calendar_dates: Collection[str], *, one_list: bool = False
    ) -> None:
        self.client = client
        self.table = table
        self.calendar_dates = calendar_dates
        self.invoices = Invoices(client, table)
        self._lists = Listed(client, table, one_list=one_list)

    # Reading

    def get(self, proforma_id: str) -> Proposal | None:
        item = get(self.client, self.table, partition(proforma_id), HEADER)
        return self.document(item) if item else None

    def open(self, company: str) -> list[Proposal]:
        """Proposals of a company (or ``UNRESOLVED``) that are not posted. An index read: verify before writing."""
        found = query(self.client, self.table, company, index=INDEX, names=("oc", "od"))
        return [header for item in found if (header := readable(self.document, item))]

    def blocked_by(self, blockers: Iterable[str]) -> Iterator[str]:
        """The ids of the proposals that wait for one of these. An index read, and one of those with alternatives."""
        wanted = frozenset(blockers)
        for blocker in wanted:
            yield from self._found_by(blocker)
        if wanted:
            with_alternatives = self.many(self._found_by(ANY_OF))
            yield from (id for id, header in with_alternatives.items() if header.blockers & wanted)

    def _found_by(self, blocker: str) -> Iterator[str]:
        for item in query(self.client, self.table, blocker, index=BLOCKED, names=("bk", "pk")):
            yield str(item["pk"]).removeprefix(PREFIX)

    def oldest(self, company: str, status: str, limit: int, *, since: str | None, after: str | None) -> Listing:
        """Ids of a company's open proposals of a status, under the day they came, the oldest first. One request."""
        parts = parts_of(PROPOSAL, company, status)
        found = self._lists.oldest(parts, limit, since=since, after=after)
        return listing(found, _proforma_of)

    def listed(
        self,
        company: str,
        limit: int,
        *,
        status: str | None,
        customer: tuple[str, Sequence[str]] | None,
        since: str | None,
        before: str | None,
    ) -> Listing:
        """Ids of a company's proposals under the day they came, posted ones under their invoice dates.

        ``customer``: a customer's number, and all ids under which its proposals are kept. One request.
        """
        parts = parts_of(PROPOSAL, company, status)
        if customer:
            number, ids = customer
            opened = [] if status == ProposalStatus.POSTED else parts_of(PROPOSAL, company, status or OPEN, lc=ids)
            posted = [Part(customer_list(company, number))] if status in (None, ProposalStatus.POSTED) else []
            parts = [*opened, *posted]
        found = self._lists.newest(parts, limit, since=since, before=before)
        return listing(found, _proforma_of)

    def opened(self, company: str, limit: int) -> tuple[list[str], bool]:
        """Ids of the newest of a company's proposals that are not posted, and whether there are more."""
        found = self._lists.opened(PROPOSAL, company, limit)
        return [id for id, _ in listing(found, _proforma_of).documents], bool(found.before)

    def many(self, proforma_ids: Iterable[str]) -> dict[str, Proposal]:
        """The readable ones of these proposals, by the ids of their proformas."""
        keys = ((partition(id), HEADER) for id in dict.fromkeys(proforma_ids))
        found = (readable(self.document, item) for item in get_many(self.client, self.table, keys))
        return {header.id: header for header in found if header}

    def document(self, item: Item) -> Proposal:
        """The proposal in the item of its header. Raises whatever an item does that this code cannot read."""
        return proposal_of(item, self.calendar_dates)

    def by_number(self, companies: Iterable[str], number: str) -> dict[str, str]:
        """Proforma ids by company of the proposals with this number; for a free number, the one that had it last."""
        keys = ((_number_partition(company, number), "N") for company in companies)
        return {item["co"]: item["id"] for item in get_many(self.client, self.table, keys)}

    def numbered(self, company: str, number: str) -> Proposal | None:
        """The proposal of a company that has this number or had it last."""
        id = self.by_number([company], number).get(company)
        return self.get(id) if id else None

    def holder_of_number(self, company: str, number: str) -> tuple[str, bool] | None:
        """The proforma that has the number or had it last, and whether it is free."""
        item = get(self.client, self.table, _number_partition(company, number), "N")
        return (item["id"], item.get("fr", False)) if item else None

    def pages(self, proforma_id: str) -> Iterator[ProposalPage]:
        for item in query(self.client, self.table, partition(proforma_id), prefix=PAGE):
            yield _page_of(item)

    def page_at(self, proforma_id: str, line: int) -> tuple[ProposalPage | None, int | None, int | None]:
        """The page that has the line with this number, and the first lines of the pages beside it."""
        item, before, after = around(self.client, self.table, partition(proforma_id), PAGE, line, _DIGITS)
        return (
            ProposalPage(item["sk"], rows.decode(ProposalLine, item["l"]), item["ve"]) if item else None,
            before,
            after,
        )

    def mark(self, proforma_id: str) -> unsealed.Mark:
        """Whether its voucher is sealed."""
        return unsealed.mark_of(self.client, self.table, partition(proforma_id), HEADER)

    def history(self, proforma_id: str) -> Iterator[HistoryEntry]:
        """What was done to it, oldest first."""
        return histories.of(self.client, self.table, partition(proforma_id))

    def lines(self, proforma_id: str) -> list[ProposalLine]:
        return [line for page in self.pages(proforma_id) for line in page.lines]

    def master_data(self, proposal: Proposal) -> str | None:
        """The view of master data that lines or posting were begun with; ``None``: the set-up document alone."""
        return pins.pinned(self.client, self.table, partition(proposal.id)) if proposal.pinned else None

    def last_number(self, company: str) -> str | None:
        """The last proposal number, for a sequence that does not allow lower or higher ones (NUM-01)."""
        found = get(self.client, self.table, f"SEQUENCE#{company}", "proposal")
        return found["nr"] if found else None

    def billed_by_schedule(self, lender: str, batch: str) -> tuple[str, date] | None:
        """The month whose sales the schedule has billed last for a batch, and the day on which it last tried."""
        item = get(self.client, self.table, f"{_BATCHES}{lender}", batch)
        return (item["mo"], date.fromisoformat(item["da"])) if item else None

    def has_billed_by_schedule(self, lender: str, batch: str, month: str, day: date) -> None:
        """Remembers that. No condition: if an older day wins, the only cost is one more look."""
        item = {"pk": f"{_BATCHES}{lender}", "sk": batch, "mo": month, "da": day.isoformat()}
        transact(self.client, [put(self.table, item, unless_exists=False)])

    def intercompany_counter(self, company: str) -> Counter:
        """The sequence of a lender's intercompany proposals."""
        return Counter(self.client, self.table, company, "intercompany")

    # Writes of the transactions

    def noted(self, proforma_id: str, made: HistoryEntry) -> Write:
        """An entry of its history, for the transaction of what was done."""
        return histories.entry(self.table, partition(proforma_id), made)

    def was_done(self, proforma_id: str, made: HistoryEntry) -> bool:
        """Whether its history has this very entry."""
        return histories.is_there(self.client, self.table, partition(proforma_id), made)

    def taken_back(self, change: ProposalChange, at: str, why: str) -> list[Write]:
        """The entry that says why a change takes the approval back, and notes it there; none if it takes none back.

        To be called before ``change.write``. By the system: where a person changes something, that is refused.
        """
        if not change.takes_back:
            return []
        # Imported late: only companies that approve have such entries.
        from project_invoicing.domain.actor import BY_EVENT  # noqa: PLC0415
        from project_invoicing.domain.history import Done, HistoryEntry  # noqa: PLC0415

        change.taken_back(at, BY_EVENT.called, why)
        before, after = change.before.approval_state, change.after.approval_state
        entry = {"approval": after, "comment": why}
        made = HistoryEntry(at, BY_EVENT, Done.APPROVAL_TAKEN_BACK, {"approval": before}, entry)
        return [self.noted(change.before.id, made)]

    def commit(self, proforma_id: str, made: HistoryEntry, writes: Iterable[Write]) -> None:
        """What was done with its entry. Done before, by the same command: changes nothing."""
        histories.commit(self.client, self.table, partition(proforma_id), made, writes)

    def changing(self, proposal: Proposal) -> ProposalChange:
        """An update of the header as it was read, to which verbs are added."""
        return ProposalChange(self.table, proposal)

    def create(
        self,
        proforma: Proforma,
        company: str | None,
        between: BetweenCompanies | None = None,
        event: str | None = None,
        at: str | None = None,
    ) -> Write:
        item: dict[str, Any] = {"pk": partition(proforma.id), "sk": HEADER, "ch": 1, "dl": 1, "ws": at}
        item |= {"st": ProposalStatus.WAITING, "ic": rows.encode([between]) if between else None, "dt": event}
        item |= proforma_columns(proforma) | company_columns(proforma, company)
        item |= listed_open(proforma, company, at or proforma.version.occurred_at)
        if between:
            item["lc"] = between.customer
        return put(self.table, item, unless_exists=True)

    def assign(self, proposal: Proposal, company: str) -> Write:
        """The header's contract has become known: it now belongs to this company."""
        expected = {"ch": proposal.changes, "co": proposal.company}
        came = proposal.waiting_since or proposal.proforma.version.occurred_at
        values = company_columns(proposal.proforma, company) | {"dt": None}
        values |= listed_open(proposal.proforma, company, came)
        return update(self.table, partition(proposal.id), HEADER, values, expected=expected)

    def refuse(self, proposal: Proposal) -> Write:
        """Removes a header without a company: its number was refused, and its event is kept as rejected."""
        return delete(self.table, partition(proposal.id), HEADER, expected={"ch": proposal.changes, "co": None})

    def take_number(self, company: str, proforma: Proforma, freed_by: str | None = None) -> Write:
        """Takes the number for this proforma; no other in the company can have it (INV-20, NUM-10).

        ``freed_by`` is the proforma that had it before.
        """
        pk = _number_partition(company, proforma.number)
        if freed_by:
            return update(self.table, pk, "N", {"id": proforma.id, "fr": None}, expected={"id": freed_by, "fr": True})
        item = {"pk": pk, "sk": "N", "co": company, "id": proforma.id}
        return put(self.table, item, unless_exists=True)

    def free_number(self, company: str, proposal: Proposal) -> Write:
        """Lets another proforma take the number of one that was canceled."""
        pk = _number_partition(company, proposal.number)
        return update(self.table, pk, "N", {"fr": True}, expected={"id": proposal.id, "fr": None})

    def number_used(self, company: str, number: str, before: str | None) -> Write:
        return update(self.table, f"SEQUENCE#{company}", "proposal", {"nr": number}, expected={"nr": before})

    def create_canceled(self, proforma: Proforma) -> Write:
        """Remembers a proforma that was canceled before anything else about it arrived."""
        item = {"pk": partition(proforma.id), "sk": HEADER, "ch": 1, "dl": 1, "st": ProposalStatus.CANCELED}
        return put(self.table, item | proforma_columns(proforma), unless_exists=True)

    def page(self, proforma_id: str, lines: list[ProposalLine]) -> Write:
        item = {
            "pk": partition(proforma_id),
            "sk": f"{PAGE}{lines[0].line_number:0{_DIGITS}d}",
            "l": rows.encode(lines),
            "ve": 1,
        }
        return put(self.table, item, unless_exists=True)

    def pin(self, proposal: Proposal, view: bytes) -> Write:
        """Keeps the master data of what is begun in the same transaction: its lines, or its posting."""
        return pins.pin(self.table, partition(proposal.id), view)

    def edited_page(self, proforma_id: str, page: ProposalPage, lines: list[ProposalLine]) -> Write:
        values = {"l": rows.encode(lines), "ve": page.version + 1}
        return update(self.table, partition(proforma_id), page.key, values, expected={"ve": page.version})

    def without_page(self, proforma_id: str, page: ProposalPage) -> Write:
        return delete(self.table, partition(proforma_id), page.key, expected={"ve": page.version})


def _page_of(item: Item) -> ProposalPage:
    return ProposalPage(item["sk"], rows.decode(ProposalLine, item["l"]), item["ve"])


def _proforma_of(entry: Item) -> str:
    """The proforma of an entry of the index, a proposal or an invoice of a customer."""
    return str(entry["id"] if "id" in entry else entry["pk"].partition("#")[2])


def _number_partition(company: str, number: str) -> str:
    return f"NUMBER#{company}#{number}"
