"""The bucket that keeps seals where nobody can change them: one object per seal, put there once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, unquote

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.errors import Unavailable

FOLDER: Final = "seals/"
_THERE: Final = 412
_LATER: Final = frozenset({409, 429, 500, 502, 503, 504})


class SealBucket:
    """Access to the seals in a bucket: ``seals/<chain>/000000012.json``, the chain's name as in an address."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def put(self, chain: str, number: int, text: str) -> bool:
        """Puts a seal there unless there is one. Whether the bucket has this very text then. Raises ``Unavailable``."""
        try:
            self._s3.put_object(
                Bucket=self.bucket,
                Key=_key(chain, number),
                Body=text.encode(),
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if _status(error) == _THERE:
                return self.text(chain, number) == text
            raise self._unavailable(error) from error
        except BotoCoreError as error:
            raise self._unavailable(error) from error
        return True

    def text(self, chain: str, number: int) -> str | None:
        """The seal as the bucket has it, ``None`` where it has none. Raises ``Unavailable``."""
        try:
            found = self._s3.get_object(Bucket=self.bucket, Key=_key(chain, number))
            return bytes(found["Body"].read()).decode(errors="replace")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise self._unavailable(error) from error
        except BotoCoreError as error:
            raise self._unavailable(error) from error

    def numbers(self) -> Iterator[tuple[str, int]]:
        """Chain and number of each seal in the bucket, chain by chain. Raises ``Unavailable``."""
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=FOLDER)
            for page in pages:
                for one in page.get("Contents", ()):
                    chain, _, name = str(one["Key"]).removeprefix(FOLDER).rpartition("/")
                    number = name.removesuffix(".json")
                    if number.isascii() and number.isdigit():
                        yield unquote(chain), int(number)
        except (ClientError, BotoCoreError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> Exception:
        """``Unavailable`` for what may succeed later; the error itself for what somebody has to put right."""
        if isinstance(error, ClientError) and _status(error) not in _LATER:
            return error
        return Unavailable(f"the bucket {self.bucket} did not answer: {type(error).__name__}")


def _key(chain: str, number: int) -> str:
    return f"{FOLDER}{quote(chain, safe='')}/{number:09d}.json"


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
