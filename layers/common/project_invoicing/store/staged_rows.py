"""Items of the staging table as rows. A row that cannot be read is not mistaken for one that has not arrived."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from project_invoicing.domain.actual import Connection, RowVersion, is_newer
from project_invoicing.domain.codes import ConnectionRole, StagingState, WaitReason, WriteBackState
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.staged_row import Correction, StagedRow
from project_invoicing.store.items import Item, readable
from project_invoicing.store.lineage_columns import lineage_in
from project_invoicing.store.staging_columns import accrual_of, actual_of, cost_accounts_of
from project_invoicing.store.staging_queue import RELINKED, blocker_of, is_outdated

if TYPE_CHECKING:
    from project_invoicing.domain.accrued_revenue import AccrualCorrection

ROW: Final = "A"
LINK: Final = "l_"
_WAIT_REASONS: Final = frozenset(WaitReason)


def version_of(item: Item) -> RowVersion:
    return RowVersion(item.get("rv"), item["ot"], item["h"])


def link_text(connection: Connection) -> str:
    """The stored form of a connection: ``version|linked id``, without an id once it is deleted (D-004)."""
    version = connection.version
    order = version.occurred_at if version.number is None else f"{version.number:020d}"
    return f"{order}|{'' if connection.deleted else connection.linked_id}"


def links_of(item: Item) -> dict[ConnectionRole, str]:
    """The linked actual by role: of several connections, the newest version that is not deleted."""
    links: dict[ConnectionRole, str] = {}
    for _, name, linked in sorted(
        (version, name, linked)
        for name, value in item.items()
        if name.startswith(LINK)
        for version, _, linked in (str(value).partition("|"),)
    ):
        if linked:
            links[ConnectionRole(name.removeprefix(LINK).partition("_")[0])] = linked
    return links


def taker_of(item: Item) -> str | None:
    """Who has taken the actual of an item, which may not have arrived yet."""
    return str(UUID(bytes=bytes(item["tk"]))) if "tk" in item else None


def row_of(item: Item) -> StagedRow | None:
    """The row in an item of the table or its index; ``None`` for an item that holds links only."""
    if "a" not in item:
        return None
    rate = item.get("xr")
    amount = item.get
    accrual = accrual_of(item["ac"]) if "ac" in item else None
    return StagedRow(
        actual=actual_of(item["pk"], version_of(item), item["a"]),
        state=StagingState(item["st"]),
        changes=item["ch"],
        deliveries=item["dl"],
        reason=_reason_of(item),
        detail=item.get("rd"),
        since=item.get("rs"),
        blocker=blocker_of(bytes(item["bk"])) if "bk" in item else None,
        company=item.get("co"),
        journal_id=item.get("jn"),
        proposal_id=item.get("pn"),
        line_number=item.get("ln"),
        voucher=item.get("vo"),
        accounting_amount=None if amount("aa") is None else Decimal(item["aa"]),
        exchange_rate=None if amount("er") is None else Decimal(item["er"]),
        sales_tax_amount=None if amount("tx") is None else Decimal(item["tx"]),
        write_back=WriteBackState(item.get("wb", WriteBackState.PENDING)),
        write_back_detail=item.get("wd"),
        price_rate=ExchangeRate(*map(Decimal, rate.split("/"))) if rate else None,
        accrual=accrual,
        cost_accounts=cost_accounts_of(item["ca"]) if "ca" in item else None,
        outdated=is_outdated(item.get("qs", "")),
        relinked=str(item.get("qs", "")).startswith(RELINKED),
        late=bool(item.get("lt")),
        intercompany_proposal=item.get("ip"),
        links=links_of(item),
        links_accepted=item.get("lk", 0),
        lineage=lineage_in(item["li"], accrual, item.get("tx")) if "li" in item else None,
        taken_by=taker_of(item),
        accrual_corrections=_corrections_of(item["ar"]) if "ar" in item else (),
        correction_journal=item.get("aj"),
        corrections=tuple(Correction(*one.split("#", 2)) for one in item.get("cv", ())),
    )


def _corrections_of(text: str) -> tuple[AccrualCorrection, ...]:
    # Imported late: hardly a row has any.
    from project_invoicing.store.correction_columns import corrections_of  # noqa: PLC0415

    return corrections_of(text)


def readable_row(item: Item) -> StagedRow | None:
    """As ``row_of``, and ``None`` for a row that this code cannot read, such as one with an unknown state."""
    return readable(row_of, item)


def _reason_of(item: Item) -> WaitReason | None:
    """Why a row waits. An unknown reason counts as none: the next import finds its own."""
    known = item["st"] == StagingState.PENDING and item.get("re") in _WAIT_REASONS
    return WaitReason(item["re"]) if known else None


def state_of(item: Item) -> StagingState:
    """The state of a row; an unknown state is derived from what the row carries."""
    try:
        return StagingState(item["st"])
    except (LookupError, ValueError):
        if "vo" in item:
            return StagingState.POSTED
        return StagingState.IMPORTED if "jn" in item or "pn" in item else StagingState.PENDING


def is_known(version: RowVersion, item: Item) -> bool:
    """Whether a stored row has this version or a newer one. A version that cannot be read counts as older."""
    try:
        return not is_newer(version, version_of(item))
    except (LookupError, TypeError):
        return False


class UnreadableRowError(Exception):
    """A row exists but this code cannot read it: whatever depends on it has to wait."""


class Rows(dict[str, StagedRow]):
    """Rows by actual. Looking up an unreadable one raises ``UnreadableRowError`` rather than "has not arrived".

    So whatever depends on it waits, and other rows do not.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        super().__init__()
        self._unreadable: set[str] = set()
        for item in items:
            if row := readable_row(item):
                self[row.id] = row
            elif "a" in item:
                self._unreadable.add(item["pk"])

    def hide(self, rows: Iterable[StagedRow]) -> None:
        """Treats these rows as unreadable too, because something that belongs to them cannot be read."""
        for row in rows:
            self.pop(row.id, None)
            self._unreadable.add(row.id)

    def get(self, id: str, default: Any = None) -> Any:
        self._check(id)
        return super().get(id, default)

    def __missing__(self, id: str) -> StagedRow:
        self._check(id)
        raise KeyError(id)

    def __contains__(self, id: object) -> bool:
        self._check(id)
        return super().__contains__(id)

    def _check(self, id: object) -> None:
        if id in self._unreadable:
            raise UnreadableRowError(id)
