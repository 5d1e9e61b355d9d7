"""What an invoice proposal waits for, short enough to be kept on its header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Final

from project_invoicing.domain.codes import SECOND_REASONS, WaitReason
from project_invoicing.domain.refusals import POLICY, Wait
from project_invoicing.domain.text import number_of

SHOWN_WAITS: Final = 50
"""The number of waits that a header lists; it only counts the others."""
ANY_JOURNAL: Final = "*journal"
ANY_INVOICE: Final = "*invoice"
"""Stand for a document whose posting a proposal waits for, while it is not known which one it is."""
ANY_OF: Final = "*any"
"""What a proposal is found by that waits for something that each of several rows could end."""
_KEPT_DOCUMENTS: Final = 500


@dataclass(frozen=True, slots=True)
class Waits:
    """The first fifty waits, a count of the others by reason and document, and the documents to be posted first.

    ``documents`` are journals by number and invoices by the id of their proforma.
    """

    listed: tuple[Wait, ...] = ()
    unlisted: Mapping[tuple[str, str | None], int] = field(default_factory=dict)
    documents: frozenset[str] = frozenset()

    @classmethod
    def for_these(cls, waits: Sequence[Wait], documents: frozenset[str]) -> Waits:
        """What a header keeps of ``waits``; too many documents collapse into any journal and any invoice."""
        more = Counter((wait.reason.value, wait.document) for wait in waits[SHOWN_WAITS:])
        kept = documents if len(documents) <= _KEPT_DOCUMENTS else frozenset({ANY_INVOICE, ANY_JOURNAL})
        return cls(tuple(waits[:SHOWN_WAITS]), more, kept)

    def without(self, documents: Set[str]) -> Waits:
        """The remaining waits once these documents are posted."""
        listed = tuple(wait for wait in self.listed if wait.document not in documents)
        unlisted = {of: rows for of, rows in self.unlisted.items() if of[1] not in documents}
        return replace(self, listed=listed, unlisted=unlisted, documents=self.documents - documents)

    @property
    def blockers(self) -> frozenset[str]:
        """The master data that could end one of the listed waits.

        Those of the others need not be known: whatever ends a listed wait has all of them judged again.
        """
        return frozenset(blocker for wait in self.listed for blocker in (wait.blocked_by, *wait.also) if blocker)

    @property
    def blocker(self) -> str | None:
        """The one that its proposal is found by when it comes: a row or a rate before the policy (D-128).

        All waits have to end, so one of them is enough; but a wait that each of several rows can end is found by none.
        """
        ordered = [ANY_OF if wait.also else blocker for wait in self.listed if (blocker := wait.blocked_by)]
        certain = next((one for one in ordered if one not in (POLICY, ANY_OF)), None)
        return certain or (ANY_OF if ANY_OF in ordered else POLICY if ordered else None)

    @property
    def shown(self) -> tuple[Wait, ...]:
        """The listed waits, and one that counts the others."""
        if not self.unlisted:
            return self.listed
        named = sorted({of for _, of in self.unlisted if of and of not in (ANY_INVOICE, ANY_JOURNAL)})
        others = f" and {len(named) - 3} more" if len(named) > 3 else ""
        posting = f", for the posting of {', '.join(named[:3])}{others}" if named else ""
        more = number_of(sum(self.unlisted.values()), "more row", "more rows")
        detail = f"and {more}{posting}; explain says what each waits for"
        return (*self.listed, Wait(WaitReason(next(iter(self.unlisted))[0]), detail))

    @property
    def second(self) -> bool:
        """Whether some row waits because another document has taken what it would take (99-25)."""
        return any(wait.reason in SECOND_REASONS for wait in self.listed) or any(
            reason in SECOND_REASONS for reason, _ in self.unlisted
        )

    def names(self, documents: Set[str]) -> bool:
        """Whether the waits name each of ``documents``; headers written by the previous version do not."""
        return documents <= {wait.document for wait in self.listed} | {document for _, document in self.unlisted}
