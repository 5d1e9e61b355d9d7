"""Published files are read within bounds, and what is wrong with them is either for later or for a person."""

from __future__ import annotations

import io
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError, ConnectTimeoutError

from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.published_files import MOST_BYTES, PublishedFiles

PAGE = "https://rates.example/daily.csv"
OBJECT = "s3://rates/daily/rates.csv"


class Web:
    """Answers every request, or fails as told."""

    def __init__(self, body: bytes = b"", status: int = 200, fails: Exception | None = None) -> None:
        self.body, self.status, self.fails = body, status, fails
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, address: str, **how: Any) -> urllib3.HTTPResponse:
        assert how["retries"].redirect == 0
        assert how["timeout"].read_timeout
        self.asked.append((method, address))
        if self.fails:
            raise self.fails
        return urllib3.HTTPResponse(io.BytesIO(self.body), status=self.status, preload_content=False)


class Bucket:
    def __init__(self, body: bytes = b"", fails: Exception | None = None) -> None:
        self.body, self.fails = body, fails
        self.asked: dict[str, str] = {}

    def get_object(self, **asked: str) -> dict[str, Any]:
        self.asked = asked
        if self.fails:
            raise self.fails
        return {"Body": io.BytesIO(self.body)}


def files(web: Web | None = None, bucket: Bucket | None = None) -> PublishedFiles:
    pool: Any = web or Web(fails=AssertionError())
    return PublishedFiles(pool, lambda: bucket)


def refused_by_s3(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetObject")


def test_a_page_is_read_whole() -> None:
    web = Web(b"from,to")
    assert files(web).read(PAGE) == b"from,to"
    assert web.asked == [("GET", PAGE)]


def test_an_object_is_read_by_its_bucket_and_key() -> None:
    bucket = Bucket(b"from,to")
    assert files(bucket=bucket).read(OBJECT) == b"from,to"
    assert bucket.asked == {"Bucket": "rates", "Key": "daily/rates.csv"}


@pytest.mark.parametrize(
    ("reader", "address", "told"),
    [
        (files(Web(b"x" * (MOST_BYTES + 1))), PAGE, "has more than 5000000 bytes"),
        (files(Web(status=404)), PAGE, "answered with 404"),
        (files(Web(status=302)), PAGE, "answered with 302"),
        (files(bucket=Bucket(b"x" * (MOST_BYTES + 1))), OBJECT, "has more than 5000000 bytes"),
        (files(bucket=Bucket(fails=refused_by_s3("NoSuchKey", 404))), OBJECT, "cannot be read: NoSuchKey"),
        (files(), "http://rates.example/daily.csv", "is neither https"),
        (files(), "s3://rates", "is neither https"),
        (files(), "/etc/passwd", "is neither https"),
    ],
)
def test_what_no_retry_helps_is_refused_with_the_address(reader: PublishedFiles, address: str, told: str) -> None:
    with pytest.raises(Rejected) as caught:
        reader.read(address)
    assert caught.value.detail.startswith(f"{address} {told}")


@pytest.mark.parametrize(
    ("reader", "address"),
    [
        (files(Web(status=503)), PAGE),
        (files(Web(fails=urllib3.exceptions.ReadTimeoutError(Any, PAGE, "late"))), PAGE),  # type: ignore[arg-type]
        (files(bucket=Bucket(fails=refused_by_s3("SlowDown", 503))), OBJECT),
        (files(bucket=Bucket(fails=ConnectTimeoutError(endpoint_url=OBJECT))), OBJECT),
    ],
)
def test_what_may_work_later_is_unavailable(reader: PublishedFiles, address: str) -> None:
    with pytest.raises(Unavailable):
        reader.read(address)
