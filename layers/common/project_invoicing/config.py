"""Settings of a function, read from its environment at first use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of the tables, of the bus and of the queues for work that is handed on, and how to reach Dataverse.

    A function that does not use one of them has no variable for it. ``dataverse_url`` is empty where no Dataverse is
    connected; ``dataverse_credentials`` and ``webhook_keys`` name secrets of Secrets Manager.
    """

    staging_table: str
    journals_table: str
    proposals_table: str
    ledger_table: str
    setup_table: str
    event_bus: str
    invoice_posting_queue: str = ""
    accounting_writeback_queue: str = ""
    dataverse_table: str = ""
    dataverse_url: str = ""
    dataverse_credentials: str = ""
    webhook_keys: str = ""


@cache
def settings() -> Settings:
    """The settings of this process. Tests that change the environment call ``settings.cache_clear()``."""
    read = os.environ.get
    return Settings(
        staging_table=read("STAGING_TABLE", ""),
        journals_table=read("JOURNALS_TABLE", ""),
        proposals_table=read("PROPOSALS_TABLE", ""),
        ledger_table=read("LEDGER_TABLE", ""),
        setup_table=read("SETUP_TABLE", ""),
        event_bus=read("EVENT_BUS_NAME", ""),
        invoice_posting_queue=read("INVOICE_POSTING_QUEUE", ""),
        accounting_writeback_queue=read("ACCOUNTING_WRITEBACK_QUEUE", ""),
        dataverse_table=read("DATAVERSE_TABLE", ""),
        dataverse_url=read("DATAVERSE_URL", ""),
        dataverse_credentials=read("DATAVERSE_CREDENTIALS", ""),
        webhook_keys=read("WEBHOOK_KEYS", ""),
    )
