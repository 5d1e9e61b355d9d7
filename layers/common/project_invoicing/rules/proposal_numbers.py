"""Which number a proposal may have in its company (NUM-01, NUM-10, 99-28)."""

from __future__ import annotations

from project_invoicing.domain.number_sequence import counter_beside, counter_in
from project_invoicing.setup.models.numbers import ProposalNumbers


def needs_order(rule: ProposalNumbers) -> bool:
    """Whether the company's numbers have to follow some order."""
    return not (rule.allow_lower and rule.allow_higher)


def out_of_order(number: str, last: str | None, rule: ProposalNumbers, company: str) -> str | None:
    """Why a number may not follow ``last`` (NUM-01, 99-28), ``None`` if it may."""
    if rule.format:
        counter = counter_in(number, rule.format, company)
        before = counter_in(last, rule.format, company) if last else None
    else:
        counter = counter_beside(number, last or "")
        before = counter_beside(last, number) if last else None
    setting = f"number_sequences.{company}.proposal"
    if counter is None:
        form = f"is not of the form {rule.format}" if rule.format else "has no digits"
        return f"number {number} {form}, which {setting} needs; correct its format, or set allow_lower and allow_higher"
    step = 1 if before is None else counter - before
    if (step < 1 and not rule.allow_lower) or (step > 1 and not rule.allow_higher):
        needed = "allow_lower" if step < 1 else "allow_higher"
        return f"number {number} comes after {last}, which {setting} does not allow; set {needed}"
    return None
