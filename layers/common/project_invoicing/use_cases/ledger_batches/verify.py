"""Makes the files of batches again, from their lists and the ledger, and compares them with what is in the bucket."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project_invoicing.domain.account_sums import unpacked
from project_invoicing.domain.ledger_batch import BatchKind, BatchState, LedgerBatch
from project_invoicing.ledger_bucket import folder_of
from project_invoicing.rules.ledger_files import CSV, MANIFEST
from project_invoicing.use_cases.ledger_batches.deliver import folder_of_delivery
from project_invoicing.use_cases.ledger_batches.files import LARGE, PACKED, Differs
from project_invoicing.use_cases.ledger_batches.lines import DocumentMissing

if TYPE_CHECKING:
    from project_invoicing.ledger_bucket import LedgerBucket
    from project_invoicing.store.batch_deliveries import BatchDeliveries
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.use_cases.ledger_batches.files import BatchFiles

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a batch, or with one of its files."""

    batch: str
    what: str
    file: str | None = None

    def row(self) -> Json:
        return {"batch": self.batch, "file": self.file, "what": self.what}


@dataclass(frozen=True, slots=True)
class Verification:
    """Reads the bucket and the tables, and changes nothing."""

    batches: LedgerBatches
    deliveries: BatchDeliveries
    files: BatchFiles
    bucket: LedgerBucket

    def of(self, company: str, kinds: Iterable[BatchKind], number: int | None = None) -> Json:
        """Verifies a company's batches, or the one with this ``number``.

            {"batches", "files", "ok", "faults": [{"batch", "file", "what"}]}

        A file is missing, altered, or not what the list gives; a manifest does not name the one before it; a number is
        left out. Raises what the bucket raises where it cannot be asked.
        """
        faults: list[Fault] = []
        checked = files = 0
        for kind in kinds:
            for batch, found in self._batches(company, kind, number):
                checked += 1
                faults += found
                of_files = list(self._files(batch))
                files += len(of_files)
                faults += [fault for fault in of_files if fault]
        return {"batches": checked, "files": files, "ok": not faults, "faults": [fault.row() for fault in faults]}

    def _batches(self, company: str, kind: BatchKind, number: int | None) -> Iterator[tuple[LedgerBatch, list[Fault]]]:
        """The batches that have files, and what is wrong with their numbers and their chain."""
        last = self.batches.last(company, kind)
        if last is None:
            return
        first, until = (max(number - 1, 1), number) if number else (1, last.number)
        before: LedgerBatch | None = None
        periods: dict[str, int] = {}
        expected = first
        for start in range(first, until + 1, _TOGETHER):
            for batch in self.batches.between(company, kind, start, min(until, start + _TOGETHER - 1)):
                found = [Fault(str(batch.id), f"there is no batch {expected}")] if batch.number != expected else []
                if before and batch.manifest_sha256 and batch.previous_sha256 != before.manifest_sha256:
                    found.append(Fault(str(batch.id), f"it does not name the manifest of {before.id}", MANIFEST))
                known = periods.get(batch.period)
                if known is not None and batch.period_number != known + 1:
                    found.append(Fault(str(batch.id), f"it is number {batch.period_number} of {batch.period}"))
                periods[batch.period] = batch.period_number
                before, expected = batch, batch.number + 1
                if batch.state not in (BatchState.CLAIMING, BatchState.SEALED) and number in (None, batch.number):
                    yield batch, found

    def _files(self, batch: LedgerBatch) -> Iterator[Fault | None]:
        """One entry for each file: what is wrong with it, if anything is."""
        folder = folder_of(batch.company, batch.period, batch.kind, batch.number)
        with tempfile.TemporaryDirectory(prefix="verify-") as place:
            try:
                made = self.files.again(batch, Path(place))
            except Differs as differs:
                yield Fault(str(batch.id), differs.what)
                return
            except DocumentMissing as missing:
                yield Fault(str(batch.id), str(missing))
                return
        sums = {account: amount for account, amount in made.sums.items() if amount}
        if batch.account_sums is not None and unpacked(batch.account_sums) != sums:
            yield Fault(str(batch.id), "its header has other sums by account than its list gives")
        for name, file in made.files.items():
            in_bucket = self.bucket.sha256(f"{folder}{name}")
            if name == MANIFEST and file.sha256 != batch.manifest_sha256:
                yield Fault(str(batch.id), "its list gives other bytes than it had when it was made", name)
            else:
                yield self._compared(batch, name, file.sha256, in_bucket)
        if made.files[CSV].bytes >= LARGE:
            unpacked_in_bucket = self.bucket.sha256(f"{folder}{PACKED}", packed=True)
            yield self._compared(batch, PACKED, made.files[CSV].sha256, unpacked_in_bucket)
        for delivery in self.deliveries.of(batch.id)[0]:
            where = folder_of_delivery(batch, delivery)
            for part in delivery.parts:
                shown = f"{where.removeprefix(folder)}{part.name}"
                yield self._compared(batch, shown, part.sha256, self.bucket.sha256(f"{where}{part.name}"))

    def _compared(self, batch: LedgerBatch, name: str, expected: str, found: str | None) -> Fault | None:
        if found == expected:
            return None
        what = "is missing in the bucket" if found is None else f"has the sha256 {found} in the bucket, not {expected}"
        return Fault(str(batch.id), what, name)


_TOGETHER = 100
