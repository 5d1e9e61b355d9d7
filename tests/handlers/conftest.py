"""Handlers on moto: the functions as Lambda calls them, over tables that each test finds empty."""

from tests.rules.conftest import books, new_books, stack

__all__ = ["books", "new_books", "stack"]
