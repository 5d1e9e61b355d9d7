"""Whether a logo is a whole picture: asked when a set-up is loaded, as what draws it would find out too late."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from project_invoicing.domain.document_codes import MOST_LOGO_POINTS

PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = b"\xff\xd8\xff"
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bits of a channel, by the colour type of a PNG."""
_PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Where the passes of an interlaced PNG begin, and their steps: across, down, across, down."""
_FRAMES: Final = (0xC0, 0xC1, 0xC2)
"""What begins a picture of a JPEG that can be drawn: sequential or progressive, in Huffman's code."""
_ALONE: Final = (0x01, *range(0xD0, 0xD8))
"""Marks of a JPEG that have no length."""


class Damaged(ValueError):
    """Why a picture cannot be drawn."""


def fault_of(data: bytes) -> str | None:
    """Why this is no picture that a document can show; ``None`` if it is one."""
    try:
        if data.startswith(PNG):
            _read_png(data)
        elif data.startswith(JPEG):
            _read_jpeg(data)
        else:
            return "is neither a PNG nor a JPEG"
    except (Damaged, struct.error, IndexError) as fault:
        return f"is damaged: {fault}" if isinstance(fault, Damaged) else "is damaged: it ends too early"
    return None


def _must(holds: bool, fault: str) -> None:
    if not holds:
        raise Damaged(fault)


def _read_png(data: bytes) -> None:
    chunks = list(_chunks(data))
    name, head = chunks[0]
    _must(name == b"IHDR" and len(head) == 13, "it does not begin with its size")
    width, height, depth, colour, compression, filtering, interlaced = struct.unpack(">IIBBBBB", head)
    _must(depth in _DEPTHS.get(colour, ()), f"it has no colours of type {colour} with {depth} bits")
    _must((compression, filtering) == (0, 0) and interlaced in (0, 1), "it is packed in an unknown way")
    _points(width, height)
    _must(colour != 3 or b"PLTE" in dict(chunks), "its colours are missing")
    bits = depth * _CHANNELS[colour]
    lines = list(_lines(width, height, bits, interlaced=bool(interlaced)))
    expected = sum(length * count for length, count in lines)
    unpacking = zlib.decompressobj()
    try:
        points = unpacking.decompress(b"".join(part for name, part in chunks if name == b"IDAT"), expected + 1)
    except zlib.error as error:
        raise Damaged(f"its points cannot be unpacked ({error})") from None
    _must(len(points) >= expected, f"it has {len(points)} bytes of points in place of {expected}")
    at = 0
    for length, count in lines:
        _must(all(points[at + n * length] <= 4 for n in range(count)), "a line of it is packed in an unknown way")
        at += length * count


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, name = len(PNG), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        part = data[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", data, at + 8 + length)
        _must(zlib.crc32(name + part) == check, f"its part {name.decode('latin-1')!r} does not fit its check sum")
        yield name, part
        at += 12 + length


def _lines(width: int, height: int, bits: int, *, interlaced: bool) -> Iterator[tuple[int, int]]:
    """The bytes of a line of points with what says how it is packed, and how many of them there are."""
    for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            yield 1 + -(-columns * bits // 8), rows


def _read_jpeg(data: bytes) -> None:
    at, drawn = 2, False
    while True:
        _must(data[at] == 0xFF, "a part of it begins nowhere")
        mark = data[at + 1]
        if mark == 0xFF:  # any number of these may stand before a mark
            at += 1
            continue
        if mark in _ALONE:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        _must(length >= 2 and at + 2 + length <= len(data), "it ends too early")
        if mark in _FRAMES:
            bits, height, width, channels = struct.unpack_from(">BHHB", data, at + 4)
            _must(bits == 8 and channels in (1, 3, 4), f"it has {channels} colours of {bits} bits")
            _points(width, height)
            drawn = True
        at += 2 + length
        if mark == 0xDA:
            break
    _must(drawn, "it has no size")
    _must(any(pair == (0xFF, 0xD9) for pair in pairwise(data[at:])), "it ends too early")


def _points(width: int, height: int) -> None:
    _must(width > 0 and height > 0, "it has no points")
    _must(width * height <= MOST_LOGO_POINTS, f"it has {width} x {height} points, and {MOST_LOGO_POINTS} are the most")
