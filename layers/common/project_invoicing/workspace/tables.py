"""Tables that a phone shows as one card for each row: every cell knows the name of its column.

The style sheet does the rest, without a script. As cells that are no longer laid out as a table lose their meaning to
screen readers, each part says its role. It is done to the finished page, so that a template writes a table as ever.
"""

from __future__ import annotations

import re
from typing import Final

_TABLE: Final = re.compile(r"<table\b.*?</table>", re.DOTALL)
_HEAD: Final = re.compile(r"<thead\b.*?</thead>", re.DOTALL)
_NAME: Final = re.compile(r"<t[hd]\b([^>]*)>(.*?)</t[hd]>", re.DOTALL)
_PART: Final = re.compile(r"<(table|thead|tbody|tfoot|tr|th|td)\b([^>]*)>")
_TAG: Final = re.compile(r"<[^>]*>")
_SPAN: Final = re.compile(r'colspan="(\d+)"')
_ROLES: Final = dict(table="table", thead="rowgroup", tbody="rowgroup", tfoot="rowgroup", tr="row")  # noqa: C408


def labelled(html: str) -> str:
    """The page with the names of columns on the cells of its tables (``data-label``), and with roles."""
    return _TABLE.sub(_table, html)


def _table(found: re.Match[str]) -> str:
    table = found.group()
    head = _HEAD.search(table)
    names = _names(head.group()) if head else []
    column, inside = 0, False

    def part(found: re.Match[str]) -> str:
        nonlocal column, inside
        kind, attributes = found.groups()
        if kind in _ROLES:
            column, inside = 0, kind == "thead" or (inside and kind == "tr")
            return f'<{kind}{attributes} role="{_ROLES[kind]}">'
        at, span = column, _SPAN.search(attributes)
        column += int(span.group(1)) if span else 1
        if kind == "th":
            return f'<th{attributes} role="{"columnheader" if inside else "rowheader"}">'
        label = names[at] if at < len(names) and span is None else ""
        named = f' data-label="{label}"' if label else ""
        return f'<td{attributes} role="cell"{named}>'

    return _PART.sub(part, table)


def _names(head: str) -> list[str]:
    """The name of each column, as a value of an attribute; one that several columns have is that of each."""
    names: list[str] = []
    for attributes, text in _NAME.findall(head):
        span = _SPAN.search(attributes)
        name = " ".join(_TAG.sub("", text).split()).replace('"', "&#34;")
        names += [name] * (int(span.group(1)) if span else 1)
    return names
