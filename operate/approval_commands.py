"""The steps of the approval of proposals on the command line: ``invoicing proposal …``."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Final

from operate import document_verbs as verbs
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, named_text, verb
from operate.calling import stack_named
from operate.found import PROPOSAL, Document
from operate.outcomes import Outcome, answered, show

if TYPE_CHECKING:
    from operate.arguments import Commands

STEPS: Final = (
    ("submit", "submit_proposal", "submit proposals for approval, as posting them now would post them", False),
    ("approve", "approve_proposal", "approve proposals that are submitted", False),
    ("reject", "reject_proposal", "refuse approval; what is rejected can be edited and submitted again", True),
    ("request-changes", "request_changes", "send submitted proposals back for changes", True),
    ("recall", "recall_proposal", "take proposals that you submitted out of approval, approved ones included", False),
    ("reset", "reset_approval", "take proposals out of approval that are stuck, whoever submitted them", False),
)
"""What a step is called, its action, what it does, and whether it needs a comment."""


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    proposals = commands.add_parser("proposal", help="approval of proposals, where a company approves them")
    steps = proposals.add_subparsers(required=True, metavar="WHAT")
    for name, action, does, must_say in STEPS:
        example = f"proposal {name} INV-0001"
        step = verb(steps, name, does, f'{example} --comment "the tax group is wrong"' if must_say else example)
        step.add_argument("numbers", type=named_text, nargs="+", metavar="NUMBER", help="the number of a proposal")
        step.add_argument("--company", type=named_text, help="where several companies have a proposal with this number")
        step.add_argument("--comment", type=named_text, required=must_say, help="what is said with it, in its history")
        ask_a_stack(step, partial(_step, action=action))
        actor_option(step)


def _step(options: argparse.Namespace, action: str) -> int:
    asker = verbs.Asker.of(stack_named(options.stack_prefix), options.stack_prefix, acting(options.actor))
    said = {"comment": options.comment} if options.comment else {}

    def act(document: Document) -> Outcome:
        answer = asker.edit(action, {**verbs.name_of(document), **said})
        return answered(document, answer, str(answer["outcome"]).replace("_", " "))

    made = verbs.on_each(asker, options.numbers, options.company, (PROPOSAL,), act)
    return show(made, "Approval", as_json=options.json, nothing="Nothing to do.")
