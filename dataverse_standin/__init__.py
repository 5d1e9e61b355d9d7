"""A stand-in for Dataverse on this machine: its rows, its Web API and its webhooks (D-027, D-028).

rows = Rows(clock, seed="scenario")
with running(rows, Settings()) as server:
    webhooks = Webhooks(rows, deliver, steps=STEPS)
    rows.create("msdyn_actual", {...})
    webhooks.deliver()

It imports neither ``local`` nor ``operate``, and of the layer only ``dataverse``, for the names of columns: a mistake
that both sides share would be noticed by neither. Its tests are beside it (``make test-standin``).
"""

from dataverse_standin.rows import Change, Lookup, Refused, Rows
from dataverse_standin.server import Server, running
from dataverse_standin.settings import Faults, Limits, Settings
from dataverse_standin.webhooks import (
    DeliveryFaults,
    HttpHeader,
    HttpQueryString,
    Post,
    Registration,
    Step,
    SystemJob,
    WebhookKey,
    Webhooks,
    post_over_http,
)

__all__ = [
    "Change",
    "DeliveryFaults",
    "Faults",
    "HttpHeader",
    "HttpQueryString",
    "Limits",
    "Lookup",
    "Post",
    "Refused",
    "Registration",
    "Rows",
    "Server",
    "Settings",
    "Step",
    "SystemJob",
    "WebhookKey",
    "Webhooks",
    "post_over_http",
    "running",
]
