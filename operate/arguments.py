"""What commands have in common on the command line: how they name a stack, and texts that may not be empty."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from operate import aws, local_stack

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  it has no public name


def stack_option(parser: argparse.ArgumentParser) -> None:
    """Which stack: ``--stack``, or ``--stack-prefix`` as it was called at first."""
    told = "the stack's name; default: the tables that the environment names, else the local stack"
    parser.add_argument("--stack", "--stack-prefix", dest="stack_prefix", metavar="NAME", type=named_text, help=told)


def ask_a_stack(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]) -> None:
    stack_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.set_defaults(command=at_a_stack(command))


def at_a_stack(
    command: Callable[[argparse.Namespace], int],
    *,
    names: str = "stack_prefix",
    variables: tuple[str, ...] = local_stack.NAMED_BY,
) -> Callable[[argparse.Namespace], int]:
    """The command, with a sentence for what AWS refuses. In a local run that would be a defect, and is raised.

    It acts on the stack that ``invoicing serve`` keeps up, unless the option ``names`` or one of the ``variables`` of
    the environment names another one.
    """

    def asked(options: argparse.Namespace) -> int:
        with local_stack.unless_named(getattr(options, names, None), variables), aws.asking():
            return command(options)

    return asked


def named_text(text: str) -> str:
    """A name, an id or a number. Refuses the empty text of a shell variable that was never set."""
    if text.strip():
        return text
    raise argparse.ArgumentTypeError("is empty; name one")
