"""Elements as text. What has nothing to say is left out, as both syntaxes forbid empty elements."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from project_invoicing.rules.e_invoice.statement import clean

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def element(name: str, text: str | None, **attributes: str) -> str:
    """An element with a text; nothing where there is none."""
    said = clean(text)
    if not said:
        return ""
    given = "".join(f" {key}={quoteattr(clean(value))}" for key, value in attributes.items())
    return f"<{name}{given}>{escape(said)}</{name}>"


def group(name: str, *children: str) -> str:
    """An element with elements; nothing where it has none."""
    inside = "".join(children)
    return f"<{name}>{inside}</{name}>" if inside else ""
