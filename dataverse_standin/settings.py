"""How the stand-in behaves: who may call it, its limits, and the faults that a test wants from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dataverse_standin.metadata import TABLES, Column, Table
from dataverse_standin.rows import Refused
from dataverse_standin.webhooks import Registration


@dataclass(frozen=True, slots=True)
class Limits:
    """Service protection: what one user may ask for within ``window`` seconds, and at once."""

    requests: int = 6_000
    execution_seconds: float = 1_200
    concurrent: int = 52
    window: float = 300


@dataclass(slots=True)
class Faults:
    """What goes wrong on purpose. May be changed while the server runs.

    ``throttle_every_request`` and ``throttle_every_batch`` answer each n-th one with 429, ``throttle_code`` and
    ``retry_after`` seconds. ``unavailable_next`` answers as many requests with 503. ``drop_next_before`` closes the
    connection before the work, ``drop_next_after`` when it is done but not answered. ``refuse`` are writes that the
    business refuses, by the id of the row. ``expire_delta_tokens`` makes each delta token too old.
    """

    throttle_every_request: int = 0
    throttle_every_batch: int = 0
    throttle_code: str = "0x80072322"
    retry_after: int = 1
    unavailable_next: int = 0
    drop_next_before: int = 0
    drop_next_after: int = 0
    refuse: dict[str, Refused] = field(default_factory=dict)
    expire_delta_tokens: bool = False


@dataclass(slots=True, kw_only=True)
class Settings:
    """``limits`` are off unless given: scenarios run faster than the world they show.

    ``resource`` is what access tokens must be for, the server's own address unless another one is given.
    ``seconds`` is the clock of tokens and limits, that of the rows dates the delta tokens. No public source gives the
    HTTP status of an expired delta token: a client must go by its code, and ``expired_token_status`` is there to prove
    it. ``columns`` are those that an environment has more: table -> name -> column. ``untracked`` tables have change
    tracking off. ``registrations`` are the webhooks, and ``privileges`` what the application user may do, where that is
    not everything: name (``prvReadaccount``) -> depth, empty for not at all. These three only show in the definitions.
    """

    tenant: str = "8a3f5a5e-3d0c-4c0b-8a57-0f9a1f6f2b11"
    client_id: str = "b7e0cf3c-9f4d-4a0e-a6a4-2a8a3f0d9c22"
    client_secret: str = "local-secret"  # noqa: S105 (opens nothing but the stand-in)
    token_lifetime: int = 3_599
    resource: str | None = None
    page_size: int = 5_000
    change_tracking_days: int = 7
    expired_token_status: int = 400
    limits: Limits | None = None
    seconds: Callable[[], float] = time.monotonic
    columns: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)
    untracked: frozenset[str] = frozenset()
    registrations: tuple[Registration, ...] = ()
    privileges: Mapping[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)

    def tables(self) -> Mapping[str, Table]:
        return {name: table.with_columns(self.columns.get(name, {})) for name, table in TABLES.items()}
