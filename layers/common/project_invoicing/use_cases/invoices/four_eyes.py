"""Two people for a posting: whoever has edited a proposal may not post it."""

from __future__ import annotations

from project_invoicing.domain.actor import Actor
from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.history import Done
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.proposals import Proposals


def four_eyes(proposals: Proposals, setup: FinanceSetup, header: Proposal, actor: Actor) -> None:
    """Refuses to let a person post what it has edited, where the company posts with four eyes.

    One request, and none for a proposal that nobody has edited. The posting is refused, too, if somebody edits it
    meanwhile: its claim names the number of edits that it has read.
    """
    if actor.is_system or not header.edit_count or not setup.parameters(str(header.company)).four_eyes:
        return
    if not actor.is_known:
        detail = f"{header.company} posts with four eyes: say who posts proposal {header.number}"
        raise Refused(PostingFailure.FOUR_EYES, detail)
    for made in proposals.history(header.id):
        if made.what is Done.EDITED and made.who.id.casefold() == actor.id.casefold():
            detail = f"{actor.name} has edited proposal {header.number} on {made.at}, so somebody else has to post it"
            raise Refused(PostingFailure.FOUR_EYES, detail)
