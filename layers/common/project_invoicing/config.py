"""Settings of a function, read from its environment at first use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of the tables, the bus and the work queues, and how to reach Dataverse.

    A function has no variable for a setting that it does not use. ``dataverse_url`` is empty where no Dataverse is
    connected; ``dataverse_credentials`` and ``webhook_keys`` name secrets in Secrets Manager. ``master_data_maps`` is
    ``running`` or ``stopped``: the state of the maps of master data that nobody has changed yet.
    ``reference_rates_url`` and ``reference_rates_object`` (``bucket/key``) are empty where rates come from elsewhere.
    ``workspace_…``, ``oidc_…`` and ``api_audience`` are the sign-in of the workspace, see docs/sign-in.md;
    ``workspace_local_user`` is only set by a stack on this machine.
    ``audit_bucket`` is empty where seals are kept in the audit table alone. ``ledger_bucket`` takes ledger batches,
    ``document_bucket`` is the one of the documents of invoices, ``invoice_documents_function`` what makes them.
    ``invoice_sending_function`` mails them; it is empty where nothing is mailed. ``reconciliation_function`` compares.
    ``mail_sender`` is whom their mails are from, sent through ``mail_configuration_set`` of SES. Without a sender, as
    on this machine, mails stay in the bucket.
    """

    staging_table: str
    journals_table: str
    proposals_table: str
    ledger_table: str
    setup_table: str
    event_bus_name: str
    master_data_table: str = ""
    invoice_posting_queue: str = ""
    accounting_writeback_queue: str = ""
    dataverse_table: str = ""
    dataverse_url: str = ""
    dataverse_credentials: str = ""
    webhook_keys: str = ""
    reference_rates_url: str = ""
    reference_rates_object: str = ""
    reference_rates_checksum: str = ""
    master_data_maps: str = ""
    workspace_url: str = ""
    workspace_secret: str = ""
    workspace_local_user: str = ""
    workspace_local_roles: str = ""
    workspace_local_companies: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_roles_claim: str = ""
    oidc_roles: str = ""
    oidc_companies_claim: str = ""
    oidc_companies: str = ""
    api_audience: str = ""
    audit_table: str = ""
    audit_bucket: str = ""
    ledger_batches_table: str = ""
    ledger_bucket: str = ""
    document_bucket: str = ""
    invoice_documents_function: str = ""
    invoice_sending_function: str = ""
    reconciliation_function: str = ""
    mail_sender: str = ""
    mail_configuration_set: str = ""


@cache
def settings() -> Settings:
    """The settings of this process. Tests that change the environment call ``settings.cache_clear()``."""
    return settings_in(os.environ)


def settings_in(environment: Mapping[str, str]) -> Settings:
    """The settings in ``environment``, each under a variable of its own name, such as ``STAGING_TABLE``."""
    return Settings(**{one.name: environment.get(one.name.upper(), "") for one in fields(Settings)})
