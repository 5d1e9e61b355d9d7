"""Checks the end of the audit chain every night: the last seals, what they hold, and what should have been sealed.

The whole chain is verified by ``invoicing audit verify``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.reconciliation import Check, Difference
from project_invoicing.domain.seals import End, hash_of, is_late
from project_invoicing.rules.audit_chain import AuditChain, Fault
from project_invoicing.store import whole_audit
from project_invoicing.store.sealable import Sealable
from project_invoicing.store.seals import Head, Seals

if TYPE_CHECKING:
    from project_invoicing.seal_bucket import SealBucket

SEALS: Final = 5
"""How many seals of each chain are verified."""


@dataclass(frozen=True, slots=True)
class AuditTail:
    """The chains of a stack, and the bucket that keeps their seals, if any."""

    seals: Seals
    sealable: Sealable
    bucket: SealBucket | None = None

    def judge(self, check: Check, at: str) -> None:
        chain = AuditChain(at)
        hashes: dict[tuple[str, int], str] = {}
        for head in self.seals.heads().values():
            self._read(chain, head, hashes)
        for row in whole_audit.again(self.sealable, chain.missing()):
            chain.take(whole_audit.found(row))
        if self.bucket:
            chain.kept(hashes)
        report = chain.report()
        check.count("entries", report["entries"])
        for fault in chain.faults:
            check.differs(_difference(fault))
        for one in self.sealable.waiting():
            if is_late(one.since, at):
                detail = f"{one.pk} {one.sk} is to be sealed since {one.since}"
                check.differs(Difference(one.table, one.pk, detail))

    def _read(self, chain: AuditChain, head: Head, hashes: dict[tuple[str, int], str]) -> None:
        """The last seals of a chain, and their hashes in the bucket."""
        first = max(1, head.number - SEALS + 1)
        seals = list(self.seals.of(head.chain, first=first, last=head.number))
        chain.read(head.chain, seals, End(head.chain, head.number, head.hash), first=first)
        for stored in seals if self.bucket else ():
            text = self.bucket.text(head.chain, stored.number) if self.bucket else None
            if text is not None:
                hashes[head.chain, stored.number] = hash_of(text)


def _difference(fault: Fault) -> Difference:
    if fault.table:
        where = f"seal {fault.seal}: {fault.pk} {fault.sk}"
        return Difference(fault.table, fault.pk, f"{fault.what}: {where} {fault.detail}", fault.chain)
    return Difference("seal", f"{fault.chain}#{fault.seal}", f"{fault.what}: {fault.detail}", fault.chain)
