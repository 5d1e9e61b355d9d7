"""Verifies the audit chain: everything is computed again, and what does not agree is named. Pure (D-136).

    chain = AuditChain(at)
    chain.take(item)                  # each page of the ledger, entry of a history and header of a document
    chain.read("USPM", seals, end)    # each chain with its seals
    chain.missing()                   # sealed and not taken: who read the tables while they changed takes these, too
    chain.report()

Whoever may write all tables can make a chain anew in which everything agrees. Only an end of the chain that is kept
elsewhere, or the bucket, shows that (``ends``, ``kept``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.sealed_items import Document, Found, company_of
from project_invoicing.domain.seals import STACK, End, Entry, Seal, Stored, hash_of, is_late, parsed, seal_at
from project_invoicing.errors import Rejected

SHOWN: Final = 100
"""How many faults a report has. All are counted."""
_LAST: Final = 1 << 62
_IN_PROGRESS: Final = frozenset({"posting", "processing"})
_POSTED: Final = "posted"


class Wrong(StrEnum):
    """What can be wrong with an entry or a seal."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    SEALED_TWICE = "sealed twice"
    OUT_OF_ORDER = "out of order"
    SEAL_CHANGED = "seal changed"
    SEAL_REMOVED = "seal removed"
    NOT_IN_BUCKET = "not in the bucket"
    NOT_SEALED = "not sealed for an hour"


class Fault(NamedTuple):
    """What is wrong with seal ``seal`` of a chain, or with the entry at ``position`` in it. ``table`` is empty then."""

    chain: str
    seal: int
    position: int
    what: Wrong
    detail: str
    table: str = ""
    pk: str = ""
    sk: str = ""

    def row(self) -> dict[str, Any]:
        """As JSON."""
        seal = None if self.seal >= _LAST else self.seal
        entry = {"table": self.table, "partition": self.pk, "key": self.sk} if self.table else None
        return {"chain": self.chain or None, "seal": seal, "what": self.what, "entry": entry, "detail": self.detail}


class _Place(NamedTuple):
    chain: str
    seal: int
    position: int
    hash: str


@dataclass(slots=True)
class _Chain:
    """What was read of one chain."""

    name: str
    hashes: dict[int, str] = field(default_factory=dict)
    sealed_at: dict[int, str] = field(default_factory=dict)
    entries: int = 0
    first: str = ""
    last: str = ""

    @property
    def seals(self) -> int:
        return max(self.hashes, default=0)


@dataclass(slots=True)
class AuditChain:
    """One verification at ``at``. ``marked``: everything of earlier versions was marked to be sealed."""

    at: str
    marked: bool = True
    faults: list[Fault] = field(default_factory=list)
    waiting: int = 0
    oldest: str | None = None
    unmarked: int = 0
    later: int = 0
    _found: dict[tuple[str, str, str], Found] = field(default_factory=dict)
    _ledger: dict[str, Document] = field(default_factory=dict)
    _histories: dict[str, Document] = field(default_factory=dict)
    _sealed: dict[tuple[str, str, str], _Place] = field(default_factory=dict)
    _chains: dict[str, _Chain] = field(default_factory=dict)
    _begun: dict[str, str] | None = None
    _company: str | None = None

    def take(self, item: Found | Document) -> None:
        if isinstance(item, Found):
            self._found[item.key] = item
            return
        self._histories[item.history] = item
        if item.ledger:
            self._ledger[item.ledger] = item

    # Seals

    def read(self, name: str, seals: Iterable[Stored], end: End | None, *, first: int = 1) -> None:
        """Reads the seals of a chain in their order, from the ``first`` one on that is verified.

        ``end`` is where the table says that the chain ends.
        """
        chain = self._chains[name] = _Chain(name)
        expected = first
        for stored in seals:
            for number in range(expected, stored.number):
                self._seal(chain, number, Wrong.SEAL_REMOVED, "is not there")
            expected = stored.number + 1
            self._read(chain, stored)
        if end is None:
            self._seal(chain, chain.seals, Wrong.SEAL_REMOVED, "the end of this chain is not there")
            return
        self.ends([end])

    def _read(self, chain: _Chain, stored: Stored) -> None:
        number, made = stored.number, hash_of(stored.text)
        before = chain.hashes.get(number - 1, "")
        chain.hashes[number] = made
        try:
            seal = parsed(stored.text)
        except ValueError as error:
            self._seal(chain, number, Wrong.SEAL_CHANGED, str(error))
            return
        if made != stored.hash or (seal.chain, seal.number) != (chain.name, number):
            self._seal(chain, number, Wrong.SEAL_CHANGED, "its text is not the one that was stored under its number")
        elif seal.previous != before and (before or number == 1):
            detail = f"seal {number} was made after another seal {number - 1}"
            self._seal(chain, max(number - 1, 1), Wrong.SEAL_CHANGED, detail)
        chain.sealed_at[number] = seal.sealed_at
        chain.entries += len(seal.entries)
        chain.first = min(filter(None, (chain.first, seal.first)), default="")
        chain.last = max(chain.last, seal.last)
        self._entries(chain, seal)

    def _entries(self, chain: _Chain, seal: Seal) -> None:
        before: Entry | None = None
        for position, entry in enumerate(seal.entries):
            place = _Place(chain.name, seal.number, position, entry.hash)
            if before and entry.key <= before.key:
                self._entry(place, entry.key, Wrong.OUT_OF_ORDER, "stands in its seal where it does not belong")
            before = entry
            other = self._sealed.setdefault(entry.key, place)
            if other is not place:
                self._entry(place, entry.key, Wrong.SEALED_TWICE, f"is in seal {other.seal} of {other.chain} as well")

    def ends(self, ends: Iterable[End]) -> None:
        """Compares with ends of chains that were kept elsewhere, or that the table has."""
        for end in ends:
            chain = self._chains.setdefault(end.chain, _Chain(end.chain))
            for number in range(chain.seals + 1, end.number + 1):
                self._seal(chain, number, Wrong.SEAL_REMOVED, f"the chain went up to seal {end.number}")
            if end.number in chain.hashes and chain.hashes[end.number] != end.hash:
                self._seal(chain, end.number, Wrong.SEAL_CHANGED, "is not the one at which the chain ended")

    def after(self, places: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
        """Those of some seals, by chain and number, that come after the end of their chain."""
        ends = {name: chain.seals for name, chain in self._chains.items()}
        return [(name, number) for name, number in places if number > ends.get(name, 0)]

    def is_later(self, seal: Seal, hashes: Mapping[tuple[str, int], str]) -> bool:
        """Whether a seal of the bucket was made when what is verified had been read, and goes on from it.

        Something that is being sealed when it is read may have been begun up to an hour before.
        """
        chain, before = self._chains.get(seal.chain), seal.number - 1
        previous = chain.hashes.get(before) if chain else None
        goes_on = seal.previous == (previous or hashes.get((seal.chain, before), ""))
        return goes_on and not is_late(seal.sealed_at, self.at)

    def kept(self, hashes: Mapping[tuple[str, int], str], later: Collection[tuple[str, int]] = ()) -> None:
        """Compares with the hashes of the seals in the bucket, by chain and number, but for those that came ``later``.

        An export lacks these because it is older, which is no fault.
        """
        self.later = len(later)
        for (name, number), made in sorted(hashes.items()):
            if (name, number) in later:
                continue
            chain = self._chains.setdefault(name, _Chain(name))
            if number not in chain.hashes:
                self._seal(chain, number, Wrong.SEAL_REMOVED, "the bucket has it")
            elif chain.hashes[number] != made:
                self._seal(chain, number, Wrong.SEAL_CHANGED, "the bucket has it with another text")
        for chain in self._chains.values():
            for number, sealed_at in chain.sealed_at.items():
                if (chain.name, number) not in hashes and is_late(sealed_at, self.at):
                    self._seal(chain, number, Wrong.NOT_IN_BUCKET, "is more than an hour old")

    # Entries

    def missing(self) -> list[tuple[str, str, str]]:
        """What is sealed and was not taken."""
        return [key for key in self._sealed if key not in self._found]

    def report(self, company: str | None = None) -> dict[str, Any]:
        """Compares everything, and says what is wrong, from the first entry of the first chain on.

        With a ``company`` only of its chain: what is counted, too, is what belongs there. Raises ``Rejected`` for one
        to which nothing belongs: that nothing is wrong would be said of a chain that is misspelt.

            {"at", "ok", "marked", "entries", "posted", "waiting", "oldest", "unmarked", "later", "first", "faults",
             "more", "chains": [{"chain", "seals", "entries", "from", "to", "sealed_at", "hash", "faults"}]}

        ``waiting`` counts what is not sealed yet, ``oldest`` is when the oldest of it was done. ``unmarked`` counts
        what an earlier version may have stored, and ``later`` the seals of the bucket for which an export is too old.
        ``first`` and ``faults`` are as ``Fault.row``, and ``more`` counts those that are not shown.
        """
        self._must_know(company)
        self._company = company
        for key, place in self._sealed.items():
            found = self._found.get(key)
            if found is None:
                self._entry(place, key, Wrong.REMOVED, "is sealed and is not there")
            elif found.hash != place.hash:
                self._entry(place, key, Wrong.CHANGED, "is not as it was when it was sealed")
        for key, found in self._found.items():
            if key not in self._sealed:
                self._not_sealed(found)
        faults = sorted({fault for fault in self.faults if company in (None, fault.chain)})
        return {
            "at": self.at,
            "ok": not faults,
            "marked": self.marked,
            "entries": sum(map(self._counts, self._found.values())),
            "posted": sum(
                one.status == _POSTED and company in (None, one.company or STACK) for one in self._histories.values()
            ),
            "waiting": self.waiting,
            "oldest": self.oldest,
            "unmarked": self.unmarked,
            "later": self.later,
            "first": faults[0].row() if faults else None,
            "faults": [fault.row() for fault in faults[:SHOWN]],
            "more": len(faults[SHOWN:]),
            "chains": [
                self._row(chain, faults) for name, chain in sorted(self._chains.items()) if company in (None, name)
            ],
        }

    def _must_know(self, company: str | None) -> None:
        known = {*self._chains, *map(self._chain_of, self._found.values())}
        if company is not None and company not in known:
            there = f"there are {', '.join(sorted(known))}" if known else "nothing is posted or sealed yet"
            raise Rejected(
                RejectReason.UNKNOWN_CODE, f"nothing belongs to the chain {company}; {there}", field="company"
            )

    def _counts(self, found: Found) -> bool:
        """Whether an entry belongs to what is verified."""
        return self._company is None or self._chain_of(found) == self._company

    def _chain_of(self, found: Found) -> str:
        """The chain in which an entry is, or into which it comes.

        The history of a staged row does not say whose it is before it is sealed; it counts as the stack's own.
        """
        if sealed := self._sealed.get(found.key):
            return sealed.chain
        if found.place is not None:
            return seal_at(found.place)[0]
        document = self._ledger.get(found.pk) or self._histories.get(found.pk)
        return (document.company if document else company_of(found)) or STACK

    def _row(self, chain: _Chain, faults: Iterable[Fault]) -> dict[str, Any]:
        return {
            "chain": chain.name,
            "seals": chain.seals,
            "entries": chain.entries,
            "from": chain.first or None,
            "to": chain.last or None,
            "sealed_at": chain.sealed_at.get(chain.seals),
            "hash": chain.hashes.get(chain.seals),
            "faults": sum(fault.chain == chain.name for fault in faults),
        }

    def _not_sealed(self, found: Found) -> None:
        """An entry in no seal: it waits for one, or it should not be there."""
        document = self._ledger.get(found.pk) if found.table == "ledger" else None
        place = document.place if document else found.place
        since = self._since(found, document)
        if place is None and since is not None:
            if self._counts(found):
                self.waiting += 1
                self.oldest = min(filter(None, (self.oldest, since)))
            if is_late(since, self.at):
                self._stray(found, Wrong.NOT_SEALED, f"waits since {since}")
            return
        if place is not None:
            name, number = seal_at(place)
            chain = self._chains.get(name)
            if number > (chain.seals if chain else 0):
                detail = f"{found.table} {found.pk} {found.sk} names it"
                self._seal(_Chain(name), number, Wrong.SEAL_REMOVED, detail)
                return
            detail = (
                "is in no seal, though its document is sealed" if document else f"names a seal that lacks it: {place}"
            )
        elif self.marked:
            detail = "is in no seal, and nothing says that it is to be sealed"
        else:
            self.unmarked += self._counts(found)
            detail = (
                "is in no seal: an earlier version wrote it (then run: invoicing audit backfill), or somebody added it"
            )
        self._stray(found, Wrong.ADDED, detail)

    def _since(self, found: Found, document: Document | None) -> str | None:
        """Since when an entry waits to be sealed; ``None`` for one that does not."""
        if document is None or document.since is not None:
            return document.since if document else found.since
        if document.status in _IN_PROGRESS:
            # It is sealed when it is posted; its history says since when it is being posted.
            if self._begun is None:
                self._begun = self._last_of_histories()
            return self._begun.get(document.history, self.at)
        return None

    def _last_of_histories(self) -> dict[str, str]:
        """When the last entry of each history was made."""
        found: dict[str, str] = {}
        for one in self._found.values():
            if one.at and one.pk in self._histories:
                found[one.pk] = max(found.get(one.pk, ""), one.at)
        return found

    # Faults

    def _seal(self, chain: _Chain, number: int, what: Wrong, detail: str) -> None:
        self.faults.append(Fault(chain.name, number, -1, what, detail))

    def _entry(self, place: _Place, key: tuple[str, str, str], what: Wrong, detail: str) -> None:
        self.faults.append(Fault(place.chain, place.seal, place.position, what, detail, *key))

    def _stray(self, found: Found, what: Wrong, detail: str) -> None:
        document = self._ledger.get(found.pk) or self._histories.get(found.pk)
        # What the document says counts for more than the place that a slipped-in entry claims for itself.
        chain = (document.company if document else None) or self._chain_of(found)
        self.faults.append(Fault(chain, _LAST, 0, what, detail, *found.key))
