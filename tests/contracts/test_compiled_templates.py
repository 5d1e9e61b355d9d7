"""Templates are compiled by the build, all of them, and in a checkout they are read as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader, ModuleLoader, TemplateNotFound

from local import ROOT
from project_invoicing.workspace import render
from tools.compile_templates import compile_templates

LAYER = ROOT / "layers" / "common"


def test_the_compiled_folder_has_every_template(tmp_path: Path) -> None:
    compile_templates(tmp_path)
    loader = render.loader_of(tmp_path)
    assert isinstance(loader, ChoiceLoader)
    compiled, sources = loader.loaders
    assert isinstance(compiled, ModuleLoader)
    names = sources.list_templates()
    assert {"overview.html", "parts/list.html"} <= set(names)
    environment = render.environment()
    for name in names:
        assert compiled.load(environment, name).name == name
    (tmp_path / ModuleLoader.get_module_filename("overview.html")).unlink()
    with pytest.raises(TemplateNotFound):
        ModuleLoader(tmp_path).load(environment, "overview.html")


def test_a_checkout_reads_its_templates_and_cannot_be_given_compiled_ones() -> None:
    assert isinstance(render.environment().loader, FileSystemLoader)
    command = [sys.executable, str(ROOT / "tools" / "compile_templates.py"), str(LAYER)]
    done = subprocess.run(command, env={"PYTHONPATH": str(LAYER)}, capture_output=True, text=True, check=False)
    assert (done.returncode, "is not the built layer" in done.stderr) == (1, True)
    assert not render.COMPILED.exists()
