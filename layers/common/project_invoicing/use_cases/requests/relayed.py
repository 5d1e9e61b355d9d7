"""Requests that other functions make for people; apart from the others as few functions take them."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.actor import Actor, relayed
from project_invoicing.use_cases.requests.request import ActorName, Door, SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayedRequest(SignedRequest):
    """A request that another function may make for a person who came through its door."""

    actor_name: ActorName = None
    how: Door = None

    @property
    def who(self) -> Actor:
        """Who asks, through which door."""
        return relayed(self.actor, self.actor_name, self.how)
