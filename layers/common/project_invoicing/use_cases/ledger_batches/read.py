"""Reads what is in a batch from its files, which are what the other ledger has: never from the ledger again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from project_invoicing.errors import Rejected
from project_invoicing.ledger_bucket import folder_of
from project_invoicing.rules.ledger_files import JSONL, MANIFEST, parsed
from project_invoicing.use_cases.ledger_batches.files import Differs

if TYPE_CHECKING:
    from project_invoicing.domain.ledger_batch import BatchLine, LedgerBatch
    from project_invoicing.ledger_bucket import LedgerBucket


@dataclass(frozen=True, slots=True)
class BatchReader:
    """The files of ready batches. Whatever has other bytes than the batch says is refused."""

    bucket: LedgerBucket

    def manifest(self, batch: LedgerBatch) -> dict[str, Any]:
        """The manifest of a batch. Raises ``Differs`` where it is missing or altered, and what the bucket raises."""
        text = b"".join(self._read(batch, MANIFEST))
        if hashlib.sha256(text).hexdigest() != batch.manifest_sha256:
            raise Differs(batch.id, f"{MANIFEST} in the bucket has other bytes than it had when the batch was made")
        found: dict[str, Any] = json.loads(text)
        return found

    def lines(self, batch: LedgerBatch) -> Iterator[BatchLine]:
        """The lines of a batch. Raises ``Differs``, at its end at the latest; nothing counts before that."""
        expected = self.manifest(batch)["files"][JSONL]["sha256"]
        digest = hashlib.sha256()
        rest = b""
        for part in self._read(batch, JSONL):
            digest.update(part)
            *whole, rest = (rest + part).split(b"\n")
            yield from map(parsed, whole)
        if rest or digest.hexdigest() != expected:
            raise Differs(batch.id, f"{JSONL} in the bucket has other bytes than its manifest says")

    def text(self, key: str, most: int) -> bytes:
        """An object of at most so many bytes. Raises ``Rejected`` where there is none, or a larger one."""
        found = b""
        try:
            for part in self.bucket.read(key):
                found += part
                if len(found) > most:
                    raise Rejected("too_large", f"{key} has more than {most} bytes", field="key")
        except FileNotFoundError:
            raise Rejected("schema", f"the bucket {self.bucket.bucket} has no {key}", field="key") from None
        return found

    def _read(self, batch: LedgerBatch, name: str) -> Iterator[bytes]:
        key = f"{folder_of(batch.company, batch.period, batch.kind, batch.number)}{name}"
        try:
            yield from self.bucket.read(key)
        except FileNotFoundError:
            raise Differs(batch.id, f"the bucket {self.bucket.bucket} has no {key}") from None
