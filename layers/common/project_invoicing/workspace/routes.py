"""Every address of the workspace, the page behind it, and the role that a person needs.

A page is imported at the first call of its route, so that a cold start loads one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from project_invoicing.domain.actor import Role


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` has its variables in angle brackets, which the page gets by name. ``page`` is ``module:function``.

    ``role`` is ``None`` where nobody has to be signed in. A POST is checked for where it comes from.
    """

    method: str
    path: str
    page: str
    role: Role | None = Role.VIEWER


ROUTES: Final = (
    Route("GET", "/", "pages.overview:show"),
    Route("GET", "/proposals", "pages.proposals:listed"),
    # what anybody may load
    Route("GET", "/sign-in", "sign_in.pages:begin", role=None),
    Route("GET", "/signed-in", "sign_in.pages:callback", role=None),
    Route("POST", "/sign-out", "sign_in.pages:end", role=None),
    Route("GET", "/signed-out", "sign_in.pages:ended", role=None),
    Route("GET", "/static/<name>", "pages.static:show", role=None),
)
