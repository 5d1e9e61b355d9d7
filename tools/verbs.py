"""The table of verbs in ``README.md``, from the command line's own parser.

python -m tools.verbs      # writes it again
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from typing import Final

from local import ROOT, cli

README: Final = ROOT / "README.md"
_BEGIN: Final = "<!-- generated from the command line: python -m tools.verbs -->"
_END: Final = "<!-- end of the verbs -->"


def leaves(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that can be called, by its words, such as ``setup load``."""
    for action in parser._actions:  # noqa: SLF001  argparse has no public way to walk commands
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for word, below in action.choices.items():
                yield from leaves(below, f"{name} {word}".strip())
            return
    yield name, parser


def examples(parser: argparse.ArgumentParser) -> list[str]:
    """The calls that its help shows."""
    return [line.strip() for line in str(parser.epilog or "").splitlines()[1:]]


def words(example: str) -> list[str]:
    """The words of a call as a shell passes them, without what it sends elsewhere."""
    return shlex.split(example.partition(" > ")[0])


def table() -> Iterator[str]:
    yield "| verb | does | for example |"
    yield "| --- | --- | --- |"
    for name, parser in leaves(cli._parser("invoicing")):  # noqa: SLF001
        does = str(parser.description).removesuffix(".")
        yield f"| `{name}` | {does[0].lower()}{does[1:]} | `{examples(parser)[0]}` |"


def with_table(text: str) -> str:
    """The text of the README with the table of now between its marks."""
    before, _, rest = text.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{README.name} has no place for the verbs: {_BEGIN} … {_END}")
    return f"{before}{_BEGIN}\n\n" + "\n".join(table()) + f"\n\n{_END}{after}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text("utf-8")), "utf-8")
