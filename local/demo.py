"""A project manager's month, from approvals in Dataverse to posted invoices and back: ``invoicing demo``.

Dataverse is the stand-in of ``dataverse_standin``, finance the stack of ``template.yaml``. Nothing is put on the bus
here: what finance knows came through the webhook or a sweep, and what Dataverse knows of vouchers was written back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import IntEnum
from pathlib import Path
from random import Random
from typing import Any, Final

from rich.console import Console
from rich.rule import Rule

from dataverse_standin import DeliveryFaults
from dataverse_standin.business import (
    WORK,
    BillingMethod,
    BillingType,
    Engagement,
    InvoiceStatus,
    TransactionClass,
    TransactionType,
)
from local import ROOT, result, tables
from local.connected import Site, connected
from local.queues import DeadLetter
from local.run import Outcome
from operate import answers
from operate.documents import read_setup
from project_invoicing.domain.text import number_of

POLICY: Final = ROOT / "local" / "demo_policy.yaml"
SETUP: Final = ROOT / "events" / "scenarios" / "plain-month" / "setup.yaml"
"""The same with master data in it, for tests that load everything in one document."""
ZONE: Final = "America/New_York"
BEGINS: Final = "2026-08-24T13:00:00Z"
_ACCOUNTANT: Final = "ann@contoso.example"
"""Who imports and posts."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """``lost`` is the share of webhooks that get lost; as many come twice, and all of them in any order."""

    engine: str = "ministack"
    setup: Path = POLICY
    lost: float = 0.0
    seed: int = 1
    verbose: bool = False


@dataclass(slots=True)
class Demo:
    """What came of it: finance's side, Dataverse's, and what did not work."""

    result: result.Result
    actuals: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=list)
    differences: int = 0
    dead_letters: list[DeadLetter] = field(default_factory=list)


def run(options: Options, console: Console) -> Demo:
    """Tells the story, printing it as it goes. Raises ``EngineError``, ``InvalidInput``."""
    document = read_setup(options.setup)
    share, dice = options.lost, Random(options.seed)  # noqa: S311  chance, no secret
    faults = DeliveryFaults(dice, lost=share, doubled=share, reordered=True) if share else None
    with connected(BEGINS, ZONE, engine=options.engine, faults=faults, verbose=options.verbose) as site:
        report = play(site, document, console)
        made = Demo(
            site.result(),
            [_actual(row) for row in site.rows.select("msdyn_actual")],
            [_invoice(row) for row in site.rows.select("invoice")],
            int(report["differences"]),
            site.stack.dead_letters(),
        )
    console.print(Rule("What finance has", align="left"))
    tables.show(console, Outcome(made.result, made.dead_letters))
    console.print(Rule("What Dataverse has", align="left"))
    answers.show_rows(console, "Actuals", made.actuals)
    answers.show_rows(console, "Project invoices", made.invoices)
    answers.show_reconciliation(console, report)
    return made


def play(site: Site, document: Row, console: Console) -> Row:
    """The month at ``site``, with ``document`` as the policy. Gives the report of the reconciliation at its end."""
    story = Story(site, console)
    story.prepare(document)
    story.work()
    story.proforma()
    story.correction()
    site.run("audit_sealing")
    report: Row = site.run("reconciliation")
    return report


class Story:
    """Two weeks of work on two projects, one invoice, and the correction that the customer asked for.

    Finance begins with policy alone: customer, contract, projects and the rest arrive from Dataverse.
    """

    def __init__(self, site: Site, console: Console) -> None:
        self.site = site
        self.business = site.business
        self.console = console
        self.told = 0

    def prepare(self, document: Row) -> None:
        """Finance loads its policy. Customer, contract and project are made in Dataverse, and arrive by themselves.

        All that finance adds is the cost center of the project.
        """
        self.site.load_policy(document)
        self._say("A customer, a contract and its first project are made in Dataverse", "2026-08-24T13:00:00Z")
        business = self.business
        group = business.add_customer_group("DOM")
        business.add_customer("C-001", "USPM", "USD", "Adatum Corporation", msdyn_customergroupid=group)
        self.project: Engagement = business.engagement(
            unit="Contoso Robotics US", cost_rate=100, bill_rate=200, resource="Bob Kozack"
        )
        self.milestones = business.add_contract_line(
            self.project.contract, self.project.project, BillingMethod.FIXED_PRICE, "CTR-1-2", ()
        )
        self.airfare = business.add_category("Airfare")
        self.sensor = business.add_product("P-100")
        self._deliver()
        name = {"part": "projects", "company": "USPM", "number": "PRJ-1"}
        edit = {**name, "columns": {"dimensions": {"CostCenter": "007"}}, "actor": "finance"}
        self.site.run("document_editing", edit_master_data=edit)
        answers.show_explanations(self.console, self.site.run("explain", id="PRJ-1"))

    def second_project(self) -> Engagement:
        """Its first work is approved a moment later, and nobody touches the set-up."""
        business, first = self.business, self.project
        project = business.add_project("PRJ-2", first.unit)
        line = business.add_contract_line(first.contract, project, BillingMethod.TIME_AND_MATERIAL, "CTR-1-3", WORK)
        return replace(first, project=project, contract_line=line)

    def work(self) -> None:
        """A week of approvals. One is cancelled again: what it recorded comes back to zero."""
        business, project = self.business, self.project
        self._say("A second project is made, and a week of work is approved on both", "2026-08-28T20:00:00Z")
        second = self.second_project()
        mistaken = business.submit_time(project, "6", date(2026, 8, 26))
        for hours, day, billable in (("8", 24, None), ("7.5", 25, None), ("8", 27, "6")):
            business.approve(business.submit_time(project, hours, date(2026, 8, day)), billable)
        business.approve(mistaken)
        flight = business.enter_expense(
            second, 1, "345.67", date(2026, 8, 24), msdyn_price="380.24", msdyn_transactioncategory=self.airfare
        )
        sensors = business.enter_material(
            second, 12, self.sensor, date(2026, 8, 25), msdyn_unitcost="42.42", msdyn_price="49.99"
        )
        for entry in (flight, sensors):
            business.submit(entry)
            business.approve(entry)
        business.cancel_approval(mistaken)
        self._deliver()
        self._finance("journals are imported and posted", "2026-08-29T02:00:00Z", "staging_import", "journal_posting")

    def proforma(self) -> None:
        """A milestone and the week's work are billed; the manager takes two hours off before he confirms."""
        business, contract = self.business, self.project.contract
        self._say("The proforma is confirmed, two of eight hours are taken off", "2026-08-31T14:00:00Z")
        business.ready_to_invoice(contract, business.add_milestone(self.milestones, 5000, "Signing"))
        draft = business.create_proforma(contract)
        first = next(row for row in business.details(draft) if row["msdyn_quantity"] == 8)
        business.edit_detail(first["msdyn_invoicelinetransactionid"], quantity="6")
        business.confirm(draft)
        self.invoice = draft
        self._deliver()
        self._say("The proposal is imported, but it stays empty. Why?", "2026-08-31T15:00:00Z")
        self.site.run("staging_import")
        number = self.site.rows.get("invoice", draft)["invoicenumber"]
        answers.show_explanations(self.console, self.site.run("explain", id=number))
        self._finance("the missing journal is posted, so the proposal fills by itself; the invoice is posted",
                      "2026-09-01T02:00:00Z", "journal_posting", "invoice_posting")  # fmt: skip

    def correction(self) -> None:
        """The customer disputes an hour and a half: a credit note, and the rest is billable again."""
        business = self.business
        self._say("The customer disputes an hour and a half of the second day", "2026-09-03T14:00:00Z")
        disputed = next(row for row in business.details(self.invoice) if row["msdyn_quantity"] == 7.5)
        corrective = business.revise(self.invoice, [disputed["msdyn_invoicelinetransactionid"]])
        (detail,) = business.details(corrective)
        business.edit_detail(detail["msdyn_invoicelinetransactionid"], quantity="6")
        business.confirm(corrective)
        self._deliver()
        self._finance("a credit note is posted", "2026-09-04T02:00:00Z",
                      "staging_import", "journal_posting", "staging_import", "invoice_posting")  # fmt: skip

    def _say(self, what: str, at: str) -> None:
        self.site.go_to(at)
        self.console.print(Rule(f"{at[:10]}  {what}", align="left"))

    def _deliver(self) -> None:
        """The webhooks arrive, as far as they do; a sweep reads from Dataverse what they missed."""
        self.site.settle()
        jobs = self.site.webhooks.jobs[self.told :]
        self.told = len(self.site.webhooks.jobs)
        lost = sum(job.state == "lost" for job in jobs)
        self.console.print(number_of(len(jobs), "webhook") + (f", {lost} of them lost" if lost else ""))
        swept = self.site.run("dataverse_catchup")["sweeps"]
        read = number_of(sum(sweep["rows"] for sweep in swept), "changed row")
        self.console.print(f"the sweep read {read}\n")

    def _finance(self, what: str, at: str, *functions: str) -> None:
        self._say(f"Finance: {what}", at)
        for function in functions:
            told = ", ".join(_told(self.site.run(function, actor=_ACCOUNTANT)))
            self.console.print(f"{function.replace('_', ' ')}: {told or 'nothing to do'}", markup=False)
        self.told = len(self.site.webhooks.jobs)  # what was written back comes as webhooks, too
        self.console.print()


def _told(answer: Row) -> Iterator[str]:
    for name, value in answer.items():
        if value and name != "actor":
            shown = ", ".join(value) if isinstance(value, list) else value
            yield f"{name.replace('_', ' ')} {shown}"


def _word(codes: type[IntEnum], code: int | None) -> str:
    return "" if code is None else codes(code).name.lower().replace("_", " ")


def _actual(row: Row) -> Row:
    kind = _word(TransactionType, row["msdyn_transactiontypecode"])
    return {
        "kind": f"{kind} {_word(TransactionClass, row['msdyn_transactionclassification'])}",
        "quantity": row["msdyn_quantity"],
        "amount": row["msdyn_amount"],
        "billing": _word(BillingType, row.get("msdyn_billingtype")),
        "synced": "no" if row.get("msdyn_skipsync") else "",
        "number": row.get("msdyn_vouchernumber"),
        "accounting": row.get("msdyn_accountingamount"),
        "sales tax": row.get("msdyn_salestaxamount"),
    }


def _invoice(row: Row) -> Row:
    return {
        "proforma": row["invoicenumber"],
        "status": _word(InvoiceStatus, row["msdyn_projectinvoicestatus"]),
        "amount": row["totallineitemamount"],
        "number": row.get("msdyn_customerinvoicenumber"),
        "date": row.get("msdyn_customerinvoicedate"),
        "sales tax": row.get("msdyn_customerinvoicesalestax"),
    }
