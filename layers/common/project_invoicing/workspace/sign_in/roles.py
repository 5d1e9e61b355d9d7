"""Who a token is about, and what that person may do (D-148)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from project_invoicing.config import Settings
from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.workspace.secret import NotSetUp
from project_invoicing.workspace.sign_in.tokens import NotValid

USUAL_CLAIM: Final = "roles"
ALL_COMPANIES: Final = "*"
_NAMES: Final = ("name", "preferred_username", "email", "username", "cognito:username", "azp", "appid", "client_id")
_LONGEST_ID, _LONGEST_NAME = 255, 100


class NoRole(Exception):
    """Somebody who is known and may do nothing here. The text says what is missing."""


class Roles:
    """``claim`` is where a token has roles or groups; ``mapping`` is JSON: a value of it -> a role or several roles.

    Without a mapping, the values are roles themselves. With one, no other value counts.
    """

    def __init__(self, claim: str, mapping: str) -> None:
        self.claim = claim or USUAL_CLAIM
        self._of = _mapping(mapping)

    def of(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        """The roles in a token. Raises ``NoRole`` where there is none."""
        values = _values(claims, self.claim)
        found = frozenset[Role]().union(*(self._of.get(value, frozenset()) for value in values))
        if found:
            return found
        if self.claim in (claims.get("_claim_names") or {}) or claims.get("hasgroups"):
            raise NoRole(f"the token leaves {self.claim} out: there are too many; assign roles of the application")
        if not values:
            raise NoRole(f"the token has no {self.claim}")
        raise NoRole(f"none of the values of {self.claim} in the token stands for a role")


class Companies:
    """``claim`` is where a token names companies, empty where everybody may see all of them (D-162).

    ``mapping`` is JSON as that of ``Roles``: a value of it -> a company or several. Without one, the values are
    companies themselves. ``*`` stands for all.
    """

    def __init__(self, claim: str, mapping: str) -> None:
        self.claim = claim
        self._of = _named_companies(mapping) if claim and mapping else None

    def of(self, claims: Mapping[str, Any]) -> frozenset[str] | None:
        """The companies in a token, ``None`` for all. Raises ``NoRole`` where it names none."""
        if not self.claim:
            return None
        values = _values(claims, self.claim)
        found = (
            frozenset(values) if self._of is None else frozenset[str]().union(*(self._of.get(v, ()) for v in values))
        )
        if ALL_COMPANIES in found:
            return None
        if not found:
            raise NoRole(f"the token names no company in {self.claim}")
        return found


def person_of(claims: Mapping[str, Any], named: Settings, how: How) -> Actor:
    """Who a token is about. Raises ``NotValid``, and ``NoRole`` for who may do nothing here."""
    roles = Roles(named.oidc_roles_claim, named.oidc_roles).of(claims)
    companies = Companies(named.oidc_companies_claim, named.oidc_companies).of(claims)
    return actor_of(claims, roles, how, companies)


def actor_of(
    claims: Mapping[str, Any], roles: frozenset[Role], how: How, companies: frozenset[str] | None = None
) -> Actor:
    """The person, or the program, under the id that is the same in all tokens of the issuer about it.

    Entra ID has that in ``oid``, since ``sub`` differs from application to application. Raises ``NotValid``.
    """
    id = claims.get("oid") or claims["sub"]
    if not isinstance(id, str) or not 0 < len(id) <= _LONGEST_ID or not id.isprintable() or " " in id:
        raise NotValid("subject", "the token does not say who it is about")
    names = (_shown(claims.get(claim)) for claim in _NAMES)
    return Actor(id, next((name for name in names if name), id), how, roles, companies)


def _shown(name: object) -> str:
    return "".join(sign for sign in name if sign.isprintable()).strip()[:_LONGEST_NAME] if isinstance(name, str) else ""


def _values(claims: Mapping[str, Any], claim: str) -> list[str]:
    """The texts of a claim; ``realm_access.roles`` is looked for in ``realm_access``, too."""
    found = claims.get(claim)
    if found is None and "." in claim:
        outer, _, inner = claim.partition(".")
        within = claims.get(outer)
        found = within.get(inner) if isinstance(within, Mapping) else None
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str)]


def _mapping(text: str) -> Mapping[str, frozenset[Role]]:
    if not text:
        return {str(role): frozenset({role}) for role in Role}
    given = _object(text, 'OIDC_ROLES is no JSON object such as {"value of the claim": "viewer"}')
    return {value: _roles(named) for value, named in given.items()}


def _named_companies(text: str) -> Mapping[str, frozenset[str]]:
    wrong = 'OIDC_COMPANIES is no JSON object such as {"value of the claim": ["USPM", "GBPM"]}'
    of = {}
    for value, named in _object(text, wrong).items():
        names = named if isinstance(named, list) else [named]
        if not names or not all(isinstance(one, str) and one for one in names):
            raise NotSetUp(wrong)
        of[value] = frozenset(names)
    return of


def _object(text: str, wrong: str) -> Mapping[str, Any]:
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not given:
        raise NotSetUp(wrong)
    return given


def _roles(named: object) -> frozenset[Role]:
    names = named if isinstance(named, list) else [named]
    found = frozenset(role for role in Role if role in names)
    if not names or len(found) < len(names):
        raise NotSetUp(f"OIDC_ROLES has {named!r} for a role; the roles are {', '.join(Role)}")
    return found
