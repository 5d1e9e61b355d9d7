"""Forms with files, as browsers send them."""

from __future__ import annotations

import pytest

from project_invoicing.errors import Rejected
from project_invoicing.workspace.upload import Upload, parts_of

KIND = "multipart/form-data; boundary=----WebKit7"


def part(said: str, data: bytes) -> bytes:
    return b"------WebKit7\r\nContent-Disposition: form-data; " + said.encode() + b"\r\n\r\n" + data + b"\r\n"


def test_fields_and_files_are_read_byte_for_byte() -> None:
    body = b"".join(
        (
            part('name="to"', b"a"),
            part('name="to"', "ü".encode()),
            part('name="file"; filename="C:\\x\\a%22b.pdf"\r\nContent-Type: application/pdf', b"\r\n\x00--\r\n\r\n"),
            part('name="none"; filename=""', b""),
            b"------WebKit7--\r\n",
        )
    )
    assert parts_of(KIND, body) == ({"to": ["a", "ü"]}, {"file": Upload('a"b.pdf', b"\r\n\x00--\r\n\r\n")})
    assert parts_of('multipart/form-data; boundary="----WebKit7"', body) == parts_of(KIND, body)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", part('name="a"', b"") + b"------WebKit7--"),
        (KIND, b""),
        (KIND, b"a=b"),
        (KIND, part('name="a"', b"cut off")),
        (KIND, part("", b"without a name") + b"------WebKit7--"),
        (KIND, part('name="a"', b"") * 30 + b"------WebKit7--"),
    ],
)
def test_what_is_no_form_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(Rejected, match="no form"):
        parts_of(kind, body)
