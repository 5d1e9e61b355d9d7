"""``docs/setup.md`` says what the models check."""

from local import ROOT
from tools import setup_reference


def test_the_page_is_what_the_models_say() -> None:
    written = (ROOT / "docs" / "setup.md").read_text(encoding="utf-8")
    assert written == "\n".join(setup_reference.describe()) + "\n", "run: make goldens"
