"""Indexes over a version of the policy, made once however many views of master data are laid over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class shared(Generic[T]):  # noqa: N801 (used as cached_property is)
    """As ``cached_property``, for what depends on the document alone: one value for all that see the same version."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, setup: Any, owner: type | None = None) -> T:
        made: dict[str, Any] = setup.indexes
        if self._name not in made:
            made[self._name] = self._make(setup)
        value: T = made[self._name]
        vars(setup)[self._name] = value  # the next look-up finds it without asking here
        return value
