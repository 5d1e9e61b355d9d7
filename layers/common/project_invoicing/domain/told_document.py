"""What Dataverse was told of the document of a posted invoice."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.codes import DocumentStanding, WriteBackState


@dataclass(frozen=True, slots=True)
class ToldDocument:
    """``link`` and ``standing`` are what was told last, or is to be told.

    ``takers`` counts who began to tell, ``detail`` is Dataverse's refusal.
    """

    company: str
    invoice_number: str
    state: WriteBackState
    takers: int
    link: str | None = None
    standing: DocumentStanding | None = None
    detail: str | None = None

    def is_due(self, standing: DocumentStanding) -> bool:
        """Whether Dataverse has not taken that the document has come so far."""
        return self.state is not WriteBackState.DONE or self.standing is not standing
