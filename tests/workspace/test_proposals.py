"""The pages of proposals: why one waits, how it is corrected, previewed and posted, and who may do what."""

from __future__ import annotations

from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import IN_POUNDS, approval, billed
from tests.workspace.browsing import Browser

ADDRESS = f"/proposals/{guid('inv-1')}"


def test_x(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.import_staging()
    ann = Browser(books)
    for a in ("/proposals", ADDRESS, "/journals", "/invoices", "/vouchers", "/explain?id=INV-0001"):
        p = ann.get(a)
        print(a, p.status, p.usage.requests, p.usage.operations)
        print(p.main)
    books.post_journals()
    p = ann.get(ADDRESS)
    print(p.status, p.main)
    p = ann.get(ADDRESS + "/preview")
    print(p.status, p.main)
    p = ann.send(ann.get(ADDRESS), "/post")
    print(p.status, p.usage.requests, p.main)
    for a in (
        "/journal?company=USPM&number=USPM-000001",
        "/invoice?company=USPM&number=FTI-00000001",
        "/vouchers",
        "/voucher?company=USPM&number=PV-00000001",
    ):
        p = ann.get(a)
        print(a, p.status, p.usage.requests, p.usage.operations)
        print(p.main)
    assert 0
