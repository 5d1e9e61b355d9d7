"""The locks: what was tested is what is deployed, and nothing in them names a registry or a machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local import ROOT

LAYERS = [ROOT / "layers/common/requirements.txt", ROOT / "layers/documents/requirements.txt"]
LOCKS = [ROOT / "requirements-dev.txt", *LAYERS, *ROOT.glob("tools/*/requirements.txt")]
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    return dict(PIN.findall(lock.read_text("utf-8")))


@pytest.mark.parametrize("layer", LAYERS, ids=lambda lock: str(lock.parent.name))
def test_a_layer_has_the_versions_that_the_tests_ran_with(layer: Path) -> None:
    deployed, tested = pins(layer), pins(ROOT / "requirements-dev.txt")

    assert deployed.items() <= tested.items()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_a_lock_has_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text("utf-8")
    requirements = re.split(r"\n(?=\S)", text)

    assert all(PIN.match(requirement) and "--hash=sha256:" in requirement for requirement in requirements)
    assert re.findall(r"://|--index|--extra-index|--find-links|file:", text) == []


def test_the_lock_of_dynoxide_has_a_hash_and_no_address() -> None:
    text = (ROOT / "tools/dynoxide/package-lock.json").read_text("utf-8")

    assert '"integrity": "sha512-' in text
    assert "://" not in text
