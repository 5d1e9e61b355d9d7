"""What commands have in common on the command line: how they name a stack, and texts that may not be empty."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from operate import aws, local_stack
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.documents.given import given_day

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  it has no public name


def verb(commands: Commands, name: str, does: str, example: str, *more: str) -> argparse.ArgumentParser:
    """Adds a command: what it does, in words that begin small and end without a stop, and an example of a call."""
    calls = "\n".join(f"  invoicing {one}" for one in (example, *more))
    return commands.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.",
        epilog=f"{'Examples' if more else 'Example'}:\n{calls}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def given_date(text: str) -> str:
    """A date as ``2026-08-31``. Refuses anything else before a function is asked."""
    try:
        return given_day(text.strip(), "a date").isoformat()
    except Rejected as rejected:
        raise argparse.ArgumentTypeError(rejected.detail) from None


def stack_option(parser: argparse.ArgumentParser) -> None:
    """Which stack: ``--stack``, or ``--stack-prefix`` as it was called at first."""
    told = "the stack's name; default: the tables that the environment names, else the local stack"
    parser.add_argument("--stack", "--stack-prefix", dest="stack_prefix", metavar="NAME", type=named_text, help=told)


def ask_a_stack(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]) -> None:
    stack_option(parser)
    json_option(parser)
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
