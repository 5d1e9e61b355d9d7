"""Files that somebody publishes: at an address on the web, or as an object in a bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.errors import Rejected, Unavailable

MOST_BYTES: Final = 5_000_000
TIMEOUT: Final = urllib3.Timeout(connect=5, read=20)
_RETRIES: Final = urllib3.Retry(total=2, redirect=0, status=0, backoff_factor=0.5, raise_on_redirect=False)
_LATER: Final = frozenset({408, 429, 500, 502, 503, 504})


class PublishedFiles:
    """Reads ``https://…`` and ``s3://bucket/key``. ``s3`` makes the client, where one is needed."""

    def __init__(self, pool: urllib3.PoolManager, s3: Callable[[], Any]) -> None:
        self._pool = pool
        self._s3 = s3

    def read(self, address: str) -> bytes:
        """The file as it is now. Raises ``Unavailable``, and ``Rejected`` for an address that leads to no such file."""
        parts = urlsplit(address)
        if parts.scheme == "https" and parts.hostname:
            return self._page(address)
        if parts.scheme == "s3" and parts.netloc and parts.path.strip("/"):
            return self._object(address, parts.netloc, parts.path.lstrip("/"))
        raise _refused(address, "is neither https://… nor s3://bucket/key")

    def _page(self, address: str) -> bytes:
        try:
            answer = self._pool.request("GET", address, preload_content=False, retries=_RETRIES, timeout=TIMEOUT)
            try:
                status, data = answer.status, answer.read(MOST_BYTES + 1, decode_content=True)
            finally:
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"{address} did not answer: {type(error).__name__}") from error
        if status in _LATER:
            raise Unavailable(f"{address} answered with {status}")
        if status != 200:
            raise _refused(address, f"answered with {status}")
        return _whole(address, data)

    def _object(self, address: str, bucket: str, key: str) -> bytes:
        try:
            return _whole(address, self._s3().get_object(Bucket=bucket, Key=key)["Body"].read(MOST_BYTES + 1))
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in _LATER:
                raise Unavailable(f"{address} cannot be read: {code}") from error
            raise _refused(address, f"cannot be read: {code}") from error
        except (BotoCoreError, urllib3.exceptions.HTTPError) as error:
            raise Unavailable(f"{address} cannot be read: {type(error).__name__}") from error


def _whole(address: str, data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise _refused(address, f"has more than {MOST_BYTES} bytes")
    return data


def _refused(address: str, problem: str) -> Rejected:
    return Rejected("schema", f"{address} {problem}")
