"""Describes an actual: what was delivered, what became of it, what it waits for, what it is linked with. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from project_invoicing.domain.actual import fee_id
from project_invoicing.domain.codes import ConnectionRole, StagingState, TransactionType
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.explaining.blockers import say_blockers
from project_invoicing.rules.explaining.explanation import NOTE, Explanation, has_replaced
from project_invoicing.rules.explaining.facts import ActualFacts, OnJournal, OnProposal, is_posted_with, wait_now
from project_invoicing.rules.explaining.not_taken import NotTaken, say_not_taken
from project_invoicing.rules.explaining.steps import (
    deliveries,
    say_next_of_proposal,
    say_written_back,
    version_in_words,
)
from project_invoicing.rules.explaining.words import ROLES, Words, state, tags_in_words
from project_invoicing.rules.proposal_lines import day_of
from project_invoicing.rules.review import who_posts
from project_invoicing.rules.taking import WHAT, described, how
from project_invoicing.setup.lookups import FinanceSetup


def actual_in_words(facts: ActualFacts, setup: FinanceSetup) -> Explanation:
    """Everything known about an actual that has arrived."""
    row, words = facts.row, Words(setup)
    kind, money = words.kind(row.actual), words.money(row.actual.amount, words.currency(row.actual))
    headline = f"{kind[0].upper()}{kind[1:]} of {money}: {state(row, facts.wait)}"
    explanation = Explanation("actual", row.id, words.company(row), headline, _facts(row, words))
    return _ActualInWords(facts, setup, words, explanation).whole()


def not_arrived_in_words(
    id: str,
    not_taken: NotTaken,
    links: Mapping[ConnectionRole, str],
    linked: Mapping[str, StagedRow],
    setup: FinanceSetup,
) -> Explanation | None:
    """What is known about an actual that has not arrived: what was not taken of it, and its connections."""
    explanation = Explanation("actual", id, None, "Actual that has not arrived; only connections of it have")
    say_not_taken(explanation, not_taken)
    if not_taken.outcome:
        explanation.headline = f"Actual that {not_taken.outcome}"
    elif not links:
        return None
    words = Words(setup)
    explanation.linked = [words.linked(ROLES[role], other, linked.get(other)) for role, other in links.items()]
    if not not_taken.outcome:
        explanation.advise(f"fetch it from Dataverse: `invoicing reconcile --repair {id}`")
    return explanation


@dataclass(frozen=True, slots=True)
class _ActualInWords:
    """The explanation of one actual, built step by step."""

    facts: ActualFacts
    setup: FinanceSetup
    words: Words
    explanation: Explanation

    def whole(self) -> Explanation:
        facts, row, explanation = self.facts, self.facts.row, self.explanation
        say_not_taken(explanation, facts.not_taken, accepted_at=row.actual.version.occurred_at)
        self._arrived()
        explanation.linked = [
            self.words.linked(ROLES[role], id, facts.linked.get(id)) for role, id in row.links.items()
        ]
        self._taken()
        self._not_on_a_document()
        if row.journal_id and facts.journal:
            self._on_journal(row.journal_id, facts.journal)
        if row.proposal_id and facts.proposal:
            self._on_proposal(row.proposal_id, facts.proposal)
        if row.intercompany_proposal:
            self._between_companies(row.intercompany_proposal)
        self._late()
        if not explanation.next:
            explanation.advise("nothing: it is done")
        return explanation

    def _arrived(self) -> None:
        row, version = self.facts.row, self.facts.row.actual.version
        same = row.deliveries - row.changes
        repeated = f", {same} of them changed nothing" if same else ""
        text = f"{version_in_words(version.number)}, the newest known: {deliveries(row.deliveries)}{repeated}"
        self.explanation.happened(text, version.occurred_at)

    def _taken(self) -> None:
        """What bills the actual or takes it back, so that nothing else may (99-25)."""
        by, first = self.facts.row.taken_by, self.facts.taker
        if by is None:
            return
        if first:
            self.explanation.happened(f"{WHAT[how(first)]} {described(first, self.setup)}")
        self.explanation.linked.append(self.words.linked(WHAT[how(first)] if first else "is taken by", by, first))

    def _not_on_a_document(self) -> None:
        row, explanation = self.facts.row, self.explanation
        match row.state:
            case StagingState.PENDING:
                self._waits()
            case StagingState.INVALID:
                explanation.happened(f"became invalid: {row.detail}", row.since)
                explanation.advise_on(self.facts.reason)
                explanation.advise("then replay the actual with document_editing")
            case StagingState.SKIPPED:
                explanation.happened(state(row), row.since)
                explanation.advise("nothing: what is skipped gets no line and no voucher")

    def _waits(self) -> None:
        facts, explanation, row, header = self.facts, self.explanation, self.facts.row, self.facts.header
        if header:
            explanation.facts["proposal"] = f"{header.number} ({header.status})"
        if facts.wait is None:
            explanation.advise("nothing: the next import looks at it (staging_import, by its schedule)")
            return
        wait = wait_now(row, header, facts.wait, facts.linked, self.setup)
        since = header.waiting_since if header and row.reason is None else row.since
        explanation.happened(f"waits: {wait.reason}, {wait.detail}", since)
        say_blockers(explanation, facts.blockers, since, explanation.company, self.setup)

    def _on_journal(self, journal_id: str, found: OnJournal) -> None:
        explanation, row, journal, line = self.explanation, self.facts.row, found.journal, found.line
        if journal is None or line is None:
            explanation.happened(f"was put on journal {journal_id}, which has no line for it")
            explanation.advise(
                f"line missing on journal {journal_id}: this must not be; tell whoever looks after the stack"
            )
            return
        if journal.original_journal:
            explanation.happened(
                f"became a line of journal {journal.original_journal}, and moved to {journal_id} with an error"
            )
        explanation.happened(
            f"became line {row.line_number} of journal {journal_id} of {journal.period} ({journal.status})"
        )
        if line.tags:
            explanation.facts["tags"] = tags_in_words(line.tags)
        if row.state is StagingState.POSTED:
            self._posted(line, journal, found.vouchers)
            if row.actual.transaction_type is TransactionType.INTER_ORGANIZATIONAL_SALES:
                explanation.facts["billed between companies"] = row.intercompany_proposal or "not yet"
        elif line.error:
            explanation.happened(f"was not posted: {line.error}")
            explanation.advise_on(line.error.partition(":")[0])
            explanation.advise(f"then reset journal {journal_id} with document_editing, and it posts")
        else:
            explanation.advise(f"post journal {journal_id}: {who_posts(journal, self.setup)}")

    def _posted(self, line: JournalLine, journal: Journal, vouchers: Sequence[Voucher]) -> None:
        explanation, row = self.explanation, self.facts.row
        amount = self.words.money(row.accounting_amount, self.setup.currency_of_company(journal.company))
        with_voucher = f"with voucher {row.voucher}" if row.voucher else "without a ledger entry"
        rate = self.words.show.figure(row.exchange_rate)
        explanation.happened(
            f"was posted in journal {journal.journal_id} {with_voucher}, accounting date {line.accounting_date}: "
            f"{amount} at {rate}"
        )
        explanation.voucher_lines = list(self.words.voucher_lines(v for v in vouchers if v.voucher == row.voucher))
        if not explanation.voucher_lines:
            explanation.facts["ledger"] = (
                "nothing: its profile posts this kind neither to profit and loss nor to the balance"
            )
        say_written_back(explanation, row.write_back, row.write_back_detail, row.id)

    def _on_proposal(self, number: str, found: OnProposal) -> None:
        explanation, row, header = self.explanation, self.facts.row, found.header
        if header is None:
            explanation.happened(f"was put on proposal {number}, which is not there")
            explanation.advise(f"proposal {number} missing: this must not be; tell whoever looks after the stack")
            return
        if row.line_number is not None:
            explanation.happened(f"became line {row.line_number} of invoice proposal {number} ({header.status})")
        else:
            explanation.happened(
                f"is covered by proposal {number} ({header.status}): it has no money and came after it"
            )
        if not is_posted_with(row, header):
            say_next_of_proposal(explanation, header, self.setup)
            return
        explanation.happened(
            f"was posted with customer invoice {header.invoice_number} of {header.invoice_date}, accounting date "
            f"{header.accounting_date}, voucher {row.voucher or f'(none: {_without_voucher(row)})'}"
        )
        if row.accounting_amount is not None:
            explanation.voucher_lines = list(self.words.voucher_lines(found.vouchers))
            say_written_back(explanation, row.write_back, row.write_back_detail, row.id)

    def _between_companies(self, number: str) -> None:
        header = self.facts.between
        invoice = f", invoice {header.invoice_number}" if header and header.invoice_number else ""
        status = f"{header.status}{invoice}" if header else "?"
        self.explanation.happened(f"is on intercompany proposal {number} ({status})")

    def _late(self) -> None:
        explanation, row = self.explanation, self.facts.row
        if row.late and row.actual.inactive:
            explanation.happened("was deactivated in Dataverse after the posting; the books have it")
            explanation.advise(
                "late change: correct the invoice or the actual in Dataverse, so that it is reversed; or activate it"
            )
        elif row.late:
            what = "a newer version with other figures came after the posting; the books have the old one: it"
            explanation.happened(f"{what} {self.facts.late}")
            explanation.advise(
                "late change: correct the invoice or the actual in Dataverse, so that it is reversed and "
                "billed again; what is posted is never changed"
            )


def _without_voucher(row: StagedRow) -> str:
    return "it is not shown on the invoice" if row.accounting_amount is None else "the invoice comes to nothing"


def _facts(row: StagedRow, words: Words) -> dict[str, str]:
    """The actual's own facts, with the set-up's names where they are known."""
    actual = row.actual
    facts = {
        "amount": f"{words.show.figure(actual.quantity)} at {words.money(actual.price, words.currency(actual))}",
        "billing type": str(actual.billing_type).replace("_", " "),
        "date": day_of(row, words.setup),
    }
    for name in ("project", "contract", "customer", "category", "resource"):
        reference = getattr(actual, name)
        if reference:
            facts[name] = words.setup.named(reference) or reference.name or reference.id
    if actual.fee_of:
        facts["fee of"] = f"actual {actual.fee_of}, whose column it is in Dataverse"
    elif actual.fee:
        facts["fee"] = f"{words.money(actual.fee, words.currency(actual))}, as actual {fee_id(actual.id)}"
    if actual.invoice:
        facts["proforma"] = actual.invoice.id
    if actual.billing_status:
        facts["billing status in Dataverse"] = actual.billing_status.replace("_", " ")
    if actual.description:
        facts["description"] = actual.description
    if row.lineage and row.lineage.cost_adjustment:
        added = words.money(row.lineage.cost_adjustment, words.currency(actual))
        facts["cost adjustment"] = f"{added}, which finance's own cost of the item adds to the amount"
    if has_replaced(actual):
        facts["note"] = NOTE
    return {name: text for name, text in facts.items() if text}
