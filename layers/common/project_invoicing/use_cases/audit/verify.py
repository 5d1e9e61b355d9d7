"""Verifies the audit chain of a stack, from its tables or from an export of them (D-136)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from project_invoicing.domain.sealed_items import Document, Found
from project_invoicing.domain.seals import End, Stored, hash_of, parsed
from project_invoicing.rules.audit_chain import AuditChain
from project_invoicing.store import whole_audit

if TYPE_CHECKING:
    from project_invoicing.seal_bucket import SealBucket
    from project_invoicing.store.sealable import Sealable
    from project_invoicing.store.seals import Seals

Key = tuple[str, str, str]


class Source(Protocol):
    """Where a verification reads: first the items, then the chains, then once more what was sealed meanwhile."""

    def items(self) -> Iterator[Found | Document]: ...

    def marked(self) -> bool: ...

    @property
    def may_be_old(self) -> bool:
        """Whether something may have been sealed since it was written."""

    def chains(self) -> Iterator[tuple[str, Iterable[Stored], End | None]]: ...

    def again(self, keys: Iterable[Key]) -> Iterator[Found | Document]: ...


class Tables:
    """The tables of a stack as a source."""

    def __init__(self, seals: Seals, sealable: Sealable) -> None:
        self._seals = seals
        self._sealable = sealable

    def items(self) -> Iterator[Found | Document]:
        return whole_audit.rows(self._sealable, whole_audit.found)

    def marked(self) -> bool:
        return self._seals.backfilled() is not None

    @property
    def may_be_old(self) -> bool:
        return False

    def chains(self) -> Iterator[tuple[str, Iterable[Stored], End | None]]:
        # In this order: a chain that begins in between has its end.
        names = self._seals.chains()
        heads = self._seals.heads()
        for name in sorted(heads.keys() | names):
            head = heads.get(name)
            # What is sealed from now on is none of this verification.
            last = head.number if head else None
            yield name, self._seals.of(name, last=last), End(name, head.number, head.hash) if head else None

    def again(self, keys: Iterable[Key]) -> Iterator[Found | Document]:
        return map(whole_audit.found, whole_audit.again(self._sealable, keys))


def verify(
    source: Source,
    at: str,
    *,
    company: str | None = None,
    ends: Iterable[End] = (),
    bucket: SealBucket | None = None,
) -> dict[str, Any]:
    """``AuditChain.report`` of a source.

    It is compared with ``ends`` of chains that were kept elsewhere, and with the seals in the bucket.
    """
    chain = AuditChain(at)
    # The bucket comes first: what it has by now is in the table when that is read.
    kept = _hashes(bucket) if bucket else {}
    for item in source.items():
        chain.take(item)
    for name, seals, end in source.chains():
        chain.read(name, seals, end)
    for item in source.again(chain.missing()):
        chain.take(item)
    chain.marked = source.marked()
    chain.ends(ends)
    if bucket:
        chain.kept(kept, _later(chain, bucket, kept) if source.may_be_old else ())
    return chain.report(company)


def _later(chain: AuditChain, bucket: SealBucket, kept: Mapping[tuple[str, int], str]) -> set[tuple[str, int]]:
    """The seals of the bucket that were made since an export was written."""
    found = set()
    for place in chain.after(kept):
        try:
            seal = parsed(bucket.text(*place) or "")
        except ValueError:  # whatever that is, no seal of ours came later
            continue
        if (seal.chain, seal.number) == place and chain.is_later(seal, kept):
            found.add(place)
    return found


def _hashes(bucket: SealBucket) -> Mapping[tuple[str, int], str]:
    """The hash of each seal in the bucket."""

    def made(place: tuple[str, int]) -> str:
        return hash_of(bucket.text(*place) or "")

    places = list(bucket.numbers())
    with ThreadPoolExecutor(whole_audit.THREADS) as pool:
        return dict(zip(places, pool.map(made, places), strict=True))
