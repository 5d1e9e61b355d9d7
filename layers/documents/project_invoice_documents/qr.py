"""QR codes for payments, drawn from segno's modules."""

from __future__ import annotations

from collections.abc import Iterator

import segno

from project_invoice_documents.payment_codes import CodeKind, PaymentCode

SWISS_SIDE = 46.0
"""Millimetres, as the Swiss standard says; its cross has 7."""


def matrix_of(code: PaymentCode) -> list[list[bool]]:
    """Rows of modules, true where dark, without the quiet zone. Error level M, as both standards say."""
    made = segno.make_qr(code.payload, error="m", boost_error=False, encoding="utf-8")
    return [[bool(module & 1) for module in row] for row in made.matrix]


def runs(code: PaymentCode) -> tuple[int, Iterator[tuple[int, int, int]]]:
    """Modules of a side, and the dark runs as column, row and length."""
    matrix = matrix_of(code)

    def found() -> Iterator[tuple[int, int, int]]:
        for y, row in enumerate(matrix):
            start = None
            for x, dark in enumerate([*row, False]):
                if dark and start is None:
                    start = x
                elif not dark and start is not None:
                    yield start, y, x - start
                    start = None

    return len(matrix), found()


def cross() -> list[tuple[str, float, float, float, float]]:
    """The Swiss cross in millimetres from the middle: colour, x, y, width, height, in the order of drawing."""
    return [
        ("white", -3.5, -3.5, 7.0, 7.0),
        ("black", -3.05, -3.05, 6.1, 6.1),
        ("white", -0.6, -2.0, 1.2, 4.0),
        ("white", -2.0, -0.6, 4.0, 1.2),
    ]


def svg(code: PaymentCode) -> str:
    side, dark = runs(code)
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in dark)
    quiet = 4
    full = side + 2 * quiet
    shapes = [
        f'<rect x="-{quiet}" y="-{quiet}" width="{full}" height="{full}" fill="white"/>',
        f'<path fill="black" shape-rendering="crispEdges" d="{path}"/>',
    ]
    if code.kind is CodeKind.SWISS:
        scale = side / SWISS_SIDE
        for colour, x, y, width, height in cross():
            left, top = side / 2 + x * scale, side / 2 + y * scale
            size = f'width="{width * scale:.3f}" height="{height * scale:.3f}"'
            shapes.append(f'<rect x="{left:.3f}" y="{top:.3f}" {size} fill="{colour}"/>')
    return f'<svg viewBox="-{quiet} -{quiet} {full} {full}" role="img" aria-label="QR">{"".join(shapes)}</svg>'
