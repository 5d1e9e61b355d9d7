"""Ten posters at once on forty proposals: forty invoices, numbered 1 to 40, and nothing twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from benchmarks.business import COMPANY, Work, finance, into_staging
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import setups
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.ready import Ready
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.invoices.post import InvoicePosting
from project_invoicing.use_cases.setups import SetupVersions
from tests.harness import World

PROPOSALS, POSTERS = 40, 10


def poster(world: World, setup: FinanceSetup) -> InvoicePosting:
    """A worker of its own: nothing is shared but the tables."""
    names, client = world.names, world.client
    return InvoicePosting(
        Proposals(client, names.proposals_table, calendar_dates("invoices")),
        Staging(client, names.staging_table),
        Ledger(client, names.ledger_table),
        Ready(client, names.ledger_batches_table),
        SetupVersions.read(client, names.setup_table, names.master_data_table),
        world.at,
    )


def test_num_02_inv_19_inv_21_ten_posters_at_once_post_forty_proposals_once_each(empty: World) -> None:
    empty.load(finance())
    works = [Work(lines=3, name=f"work-{n:02d}") for n in range(PROPOSALS)]
    for work in works:
        into_staging(empty, work.unbilled)
    empty.run("staging_import")
    empty.run("journal_posting")
    for work in works:
        empty.deliver(work.header)
        into_staging(empty, work.sales)
    empty.run("staging_import")

    setup = setups.current(empty.client, empty.names.setup_table)
    posters = [poster(empty, setup) for _ in range(POSTERS)]
    with ThreadPoolExecutor(POSTERS) as pool:
        list(pool.map(lambda one: one.run(COMPANY), posters))

    result = empty.result()
    assert [invoice["invoice_number"] for invoice in result["invoices"]] == [
        f"FTI-{number:08d}" for number in range(1, PROPOSALS + 1)
    ]
    assert {invoice["proposal_id"] for invoice in result["invoices"]} == {work.number for work in works}
    assert sum(len(one.posted) for one in posters) == PROPOSALS
    refused = {refusal.reason for one in posters for refusal in one.refused}
    assert refused <= {"already_posted"}
    vouchers = [voucher["voucher"] for voucher in result["vouchers"]]
    assert len(set(vouchers)) == len(vouchers)
    assert sum(voucher["source"] == "invoice" for voucher in result["vouchers"]) == PROPOSALS
    assert {row["state"] for row in result["staging"]} == {"posted"}
    assert all(proposal["waiting_for"] == [] for proposal in result["proposals"])
