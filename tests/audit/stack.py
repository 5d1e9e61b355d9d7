"""A stack in which something was posted and edited, its seals, and people who tamper with the tables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.business import COMPANY, Work, finance, into_staging
from project_invoicing.config import Settings
from project_invoicing.domain.actor import person
from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.seals import End
from project_invoicing.seal_bucket import SealBucket
from project_invoicing.store import history
from project_invoicing.store.items import Item, key, plain_item, typed_item
from project_invoicing.store.ledger import Entry, Ledger
from project_invoicing.store.sealable import Sealable
from project_invoicing.store.seals import Seals
from project_invoicing.store.transactions import put, transact
from project_invoicing.use_cases.audit.seal import Sealing
from project_invoicing.use_cases.audit.tables import sealable
from project_invoicing.use_cases.audit.verify import Tables, verify
from tests.builders import guid
from tests.harness import World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ENTRY = Entry(
    "V-1", date(2026, 8, 31), "1100", PostingType.CUSTOMER_BALANCE, "USD", Decimal("1.50"), Decimal("1.50"), Decimal(1)
)
LATER = "2026-08-31T09:05:00Z"
MUCH_LATER = "2026-08-31T15:00:00Z"


class Stack(Protocol):
    """Anything with tables and a time."""

    client: DynamoDBClient
    names: Settings
    at: str


class Audited(World):
    """A world with a verification. ``post`` makes a posted journal and a posted invoice; ``book`` only their traces."""

    def __init__(self) -> None:
        super().__init__()
        self.load(finance())
        table = self.names.setup_table
        for noted in [one for one in self.items(table) if "ua" in one]:
            self.remove(table, noted)  # the tests count what they make themselves

    def post(self, name: str = "work", lines: int = 1) -> Work:
        work = Work(lines=lines, name=name)
        into_staging(self, work.unbilled)
        self.run("staging_import")
        self.run("journal_posting")
        self.deliver(work.header)
        into_staging(self, work.sales)
        self.run("staging_import")
        self.run("invoice_posting")
        return work

    def book(self, name: str, pages: int = 1) -> None:
        book(self, name, pages)

    @property
    def seals(self) -> Seals:
        return Seals(self.client, self.names.audit_table)

    @property
    def sealable(self) -> Sealable:
        return sealable(self.client, self.names)

    def sealing(self, at: str = LATER, bucket: SealBucket | None = None) -> Sealing:
        return Sealing(self.seals, self.sealable, bucket, at)

    def seal(self, at: str = LATER, bucket: SealBucket | None = None) -> dict[str, Any]:
        return self.sealing(at, bucket).run()

    def verify(
        self,
        at: str = LATER,
        *,
        ends: tuple[End, ...] = (),
        bucket: SealBucket | None = None,
        company: str | None = None,
    ) -> dict[str, Any]:
        source = Tables(self.seals, self.sealable)
        return verify(source, at, ends=ends, bucket=bucket, company=company)

    def ends(self) -> tuple[End, ...]:
        return tuple(End(head.chain, head.number, head.hash) for head in self.seals.heads().values())

    # Whoever tampers with the tables

    def items(self, table: str, beginning: str = "") -> list[Item]:
        found = map(plain_item, self.client.scan(TableName=table, ConsistentRead=True)["Items"])
        return sorted((one for one in found if one["pk"].startswith(beginning)), key=lambda one: (one["pk"], one["sk"]))

    def write(self, table: str, item: Item) -> None:
        self.client.put_item(TableName=table, Item=typed_item(item))

    def remove(self, table: str, item: Item) -> None:
        self.client.delete_item(TableName=table, Key=key(item["pk"], item["sk"]))


def book(world: Stack, name: str, pages: int = 1) -> None:
    """What a posted journal and a posted invoice leave to be sealed, without the way there."""
    names, journal, proforma = world.names, f"JOURNAL#{COMPANY}#{name}", f"PROPOSAL#{guid(name)}"
    posted = {"sk": "H", "co": COMPANY, "st": "posted", "ua": world.at}
    ledger = Ledger(world.client, names.ledger_table)
    writes = [
        put(names.journals_table, posted | {"pk": journal, "pg": pages}, unless_exists=True),
        put(names.proposals_table, posted | {"pk": proforma, "in": name, "pp": 1}, unless_exists=True),
        *(ledger.page(JOURNAL, COMPANY, name, number, [ENTRY]) for number in range(1, pages + 1)),
        ledger.page(INVOICE, COMPANY, name, 1, [ENTRY]),
    ]
    made = HistoryEntry(world.at, person("ann@contoso.example"), Done.POSTED, {}, {"name": name})
    documents = ((names.journals_table, journal), (names.proposals_table, proforma))
    transact(world.client, [*writes, *(history.entry(table, document, made) for table, document in documents)])
