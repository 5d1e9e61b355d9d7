"""The bucket in which ledger batches leave: each object is put there once, and never under other bytes."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.errors import Rejected, Unavailable

FOLDER: Final = "ledger/"
THERE: Final = 412
_LATER: Final = frozenset({409, 429, 500, 502, 503, 504})
_PART: Final = 1 << 20


class Refused(Rejected):
    """The bucket is not there, or may not be used. A person has to put it right; the next run goes on."""

    def __init__(self, bucket: str, why: str) -> None:
        super().__init__("ledger_bucket", f"the bucket {bucket} refused a request: {why}")


class LedgerBucket:
    """Access to the files of batches: ``ledger/COMPANY/2026-09/ledger/000003/lines.jsonl``."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def put(self, key: str, file: Path, sha256: str, content_type: str, *, packed: bool = False) -> bool:
        """Puts a file there unless there is one. Whether the bucket has this very content then.

        ``sha256`` is of the file; of a ``packed`` one of what it unpacks to. Raises ``Unavailable`` or ``Refused``.
        """
        checksum = {} if packed else {"ChecksumSHA256": b64encode(bytes.fromhex(sha256)).decode()}
        try:
            with file.open("rb") as body:
                self._s3.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=body,
                    ContentType=content_type,
                    IfNoneMatch="*",
                    **(checksum or {"ChecksumAlgorithm": "SHA256"}),
                )
        except ClientError as error:
            if status_of(error) == THERE:
                return self.sha256(key, packed=packed) == sha256
            raise self._translated(error) from error
        except BotoCoreError as error:
            raise self._translated(error) from error
        return True

    def sha256(self, key: str, *, packed: bool = False) -> str | None:
        """Of an object as the bucket has it, of a ``packed`` one of what it unpacks to; ``None`` where it has none."""
        digest = hashlib.sha256()
        unpacked = zlib.decompressobj(wbits=31) if packed else None
        try:
            for part in self.read(key):
                digest.update(unpacked.decompress(part) if unpacked else part)
        except FileNotFoundError:
            return None
        except zlib.error:
            return ""
        return digest.hexdigest()

    def read(self, key: str) -> Iterator[bytes]:
        """An object, part by part. Raises ``FileNotFoundError``, ``Unavailable`` or ``Refused``."""
        try:
            body = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"]
            yield from body.iter_chunks(_PART)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                raise FileNotFoundError(key) from error
            raise self._translated(error) from error
        except BotoCoreError as error:
            raise self._translated(error) from error

    def link(self, key: str, name: str, seconds: int) -> str:
        """An address where the object can be loaded for so many seconds, as a file with this name. No request."""
        wanted = {
            "Bucket": self.bucket,
            "Key": key,
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        }
        return str(self._s3.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds))

    def _translated(self, error: Exception) -> Exception:
        """``Unavailable`` for what may succeed later, ``Refused`` for what somebody has to put right."""
        if isinstance(error, ClientError) and status_of(error) not in _LATER:
            return Refused(self.bucket, str(error.response.get("Error", {}).get("Code") or status_of(error)))
        return Unavailable(f"the bucket {self.bucket} did not answer: {type(error).__name__}")


def folder_of(company: str, period: str, kind: str, number: int) -> str:
    """Where a batch has its files, with a slash at its end. Two companies never have the same place."""
    return f"{FOLDER}{in_key(company)}/{period}/{kind}/{number:06d}/"


def in_key(name: str) -> str:
    """A name as one part of a key or path: percent-encoded, and never ``.`` or ``..``."""
    quoted = quote(name, safe="")
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")


def status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
