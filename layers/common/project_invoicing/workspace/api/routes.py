"""Every operation of the API in one table: what is called, what it needs, and where it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROOT: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Operation:
    """``path`` below ``/api/v1``; a name in braces at its end stands for all the rest of a path.

    ``does`` is ``module:function`` under ``workspace/api``, imported at the first call.
    ``open``: it is answered without a token. ``long``: the field of its body that may be a whole file, in base64.
    """

    method: str
    path: str
    does: str
    open: bool = False
    long: str = ""

    @property
    def name(self) -> str:
        return self.does.partition(":")[2]

    @property
    def stem(self) -> str:
        """The path before the name in braces."""
        return f"{ROOT}{self.path.partition('{')[0]}"

    def part(self, path: str) -> str | None:
        """What a path has in place of the name, an empty text where there is no name; ``None`` for another path."""
        if "{" not in self.path:
            return "" if path == self.stem else None
        return path.removeprefix(self.stem) or None if path.startswith(self.stem) else None


OPERATIONS: Final = (
    Operation("GET", "/openapi.json", "openapi:description", open=True),
    Operation("GET", "/lists/{kind}", "operations:list_rows"),
    Operation("GET", "/explain/{id}", "operations:explain"),
    Operation("GET", "/documents/{invoice_number}", "documents:show_document"),
    Operation("POST", "/documents", "documents:make_document"),
    Operation("POST", "/documents/months", "documents:make_documents"),
    Operation("POST", "/documents/previews", "documents:preview_document"),
    Operation("POST", "/documents/attachments", "documents:attach_file", long="content"),
    Operation("POST", "/documents/mails", "documents:resend_document"),
    Operation("POST", "/commands", "operations:command"),
    Operation("POST", "/postings/invoices", "operations:post_invoices"),
    Operation("POST", "/postings/journals", "operations:post_journals"),
    Operation("POST", "/ledger/batches", "operations:build_batches"),
    Operation("POST", "/ledger/deliveries", "operations:deliver_batch"),
    Operation("POST", "/ledger/answers", "operations:acknowledge_batch"),
    Operation("POST", "/receivables/payments", "operations:record_payment"),
    Operation("POST", "/imports", "operations:import_staging"),
    Operation("POST", "/write-backs", "operations:retry_write_back"),
    Operation("POST", "/repairs", "operations:repair_differences"),
    Operation("POST", "/table-maps", "operations:control_map"),
)
