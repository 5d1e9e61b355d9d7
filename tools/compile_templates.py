"""Compiles the workspace's templates into a built layer, so that no cold start does it.

    PYTHONPATH=FOLDER/CommonLayer/python python tools/compile_templates.py FOLDER/CommonLayer

It runs with the layer's own Jinja, and only for a built layer: in a checkout, templates change.
"""

from __future__ import annotations

import sys
from pathlib import Path

from project_invoicing.workspace import render


def compile_templates(target: Path) -> None:
    """Writes a module for each template. Raises ``TemplateSyntaxError``."""
    render.environment().compile_templates(target, extensions=["html"], zip=None, ignore_errors=False)


if __name__ == "__main__":
    layer = Path(sys.argv[1]).resolve()
    if layer / "python" / "project_invoicing" / "workspace" / render.COMPILED.name != render.COMPILED:
        sys.exit(f"{layer} is not the built layer that is imported: set PYTHONPATH to its folder python.")
    compile_templates(render.COMPILED)
