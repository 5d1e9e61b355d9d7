"""Cells that know the names of their columns, so that a phone can show a row as a card."""

from __future__ import annotations

import re

from project_invoicing.workspace.render import TEMPLATES
from project_invoicing.workspace.tables import labelled

PAGE = """<p>before</p><table class="a"><thead><tr><td><input type="checkbox"></td><th scope="col">When</th>
<th colspan="2">The <b>"sum"</b></th></tr></thead>
<tbody><tr><td></td><td class="code">today</td><td>1</td><td>2</td></tr><tr><td colspan="3">&lt;td&gt;</td></tr></tbody>
<tfoot><tr><th scope="row" colspan="2">all</th><td>3</td></tr></tfoot></table><td>after</td>"""


def test_each_cell_has_the_name_of_its_column_and_each_part_its_role() -> None:
    made = labelled(PAGE)
    assert '<td class="code" role="cell" data-label="When">today</td>' in made
    assert made.count('data-label="The &#34;sum&#34;"') == 3
    assert '<td colspan="3" role="cell">&lt;td&gt;</td>' in made
    assert '<th scope="col" role="columnheader">' in made
    assert '<th scope="row" colspan="2" role="rowheader">all</th>' in made
    roles = re.findall(r'role="(table|rowgroup|row)"', made)
    assert roles == ["table", "rowgroup", "row", "rowgroup", "row", "row", "rowgroup", "row"]
    assert made.startswith("<p>before</p><table")
    assert made.endswith("</table><td>after</td>")


def test_every_table_can_be_shown_as_cards() -> None:
    """The style sheet does it within ``wide``."""
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text("utf-8")
        assert len(re.findall(r'class="wide">\s*<table', text)) == text.count("<table"), path.name
