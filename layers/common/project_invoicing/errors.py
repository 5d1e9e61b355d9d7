"""The errors of the integration: one root, three kinds.

The class decides how an error is handled, never its text:

* ``Rejected``: the input is wrong. Keep it, say why, do not retry.
* ``Conflict``: another run was faster. Read again and decide again.
* ``Unavailable``: a service did not answer. Try later; Lambda's retry does it.
"""

from __future__ import annotations


class IntegrationError(Exception):
    """The root of every error that this package raises on purpose."""


class Rejected(IntegrationError):
    """An input that cannot be accepted, with what its sender needs to fix it.

    ``reason`` is one of the contract's codes (``schema``, ``unknown_code`` …), ``field`` the column at fault.
    """

    def __init__(self, reason: str, detail: str, *, entity: str = "", id: str = "", field: str | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.entity = entity
        self.id = id
        self.field = field
        where = f"{entity} {id}".strip()
        super().__init__(f"{where}: {detail}" if where else detail)


class Conflict(IntegrationError):
    """A condition of a write did not hold: another run was faster, or the document has moved on."""


class Unavailable(IntegrationError):
    """A service throttled, timed out or failed; the same call may succeed later."""
