"""The bucket of the invoices' documents: each file is put there once, and never under other bytes."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.ledger_bucket import THERE, LedgerBucket, in_key, status_of

ATTACHMENTS: Final = "attachments/"
OUTBOX: Final = "outbox/"


class DocumentBucket(LedgerBucket):
    """Access to the files of documents: ``USPM/2026/FTI-00000042/invoice.pdf``."""

    def put_bytes(self, key: str, data: bytes, content_type: str) -> str:
        """Puts a file there unless there is one. The sha256 of what the bucket has then.

        Raises ``Unavailable`` or ``Refused``.
        """
        digest = hashlib.sha256(data)
        try:
            self._s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=data,
                ContentType=content_type,
                ChecksumSHA256=b64encode(digest.digest()).decode(),
                IfNoneMatch="*",
            )
        except ClientError as error:
            if status_of(error) == THERE:
                return self.sha256(key) or ""
            raise self._translated(error) from error
        except BotoCoreError as error:
            raise self._translated(error) from error
        return digest.hexdigest()

    def content(self, key: str) -> bytes:
        """A whole file. Raises ``FileNotFoundError``, ``Unavailable`` or ``Refused``."""
        return b"".join(self.read(key))


def document_folder(company: str, year: int, number: str) -> str:
    """Where an invoice has its files, with a slash at its end. Two invoices never have the same place."""
    return f"{in_key(company)}/{year:04d}/{in_key(number)}/"


def outbox_folder(company: str, number: str) -> str:
    """Where an access point fetches what it is to send, with a slash at its end."""
    return f"{OUTBOX}{in_key(company)}/{in_key(number)}/"
