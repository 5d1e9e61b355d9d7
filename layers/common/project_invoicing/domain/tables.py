"""The Dataverse tables that the integration reads and writes. Dataverse's invoice is finance's proforma."""

from __future__ import annotations

from typing import Final

ACTUAL: Final = "msdyn_actual"
CONNECTION: Final = "msdyn_transactionconnection"
PROFORMA: Final = "invoice"
