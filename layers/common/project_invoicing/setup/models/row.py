"""The rows of the set-up: their columns are checked when they come in, and read when they are asked for.

A set-up is checked once, by pydantic, when it is loaded (``setup.models.checking``). What is stored was right, so that
reading takes it as it is: a column is turned into its type when it is first asked for (D-158).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Final,
    NamedTuple,
    NoReturn,
    Self,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema, PydanticCustomError

_Read = Callable[[Any], Any]
REQUIRED: Final = object()
"""The default of a column that has to be given."""
_TRUE: Final = frozenset({"1", "t", "true", "y", "yes", "on"})


def told(text: str) -> PydanticCustomError:
    """The error of a value that is not allowed, in words for the person who wrote it."""
    from pydantic_core import PydanticCustomError  # noqa: PLC0415 - whoever only reads starts without it

    return PydanticCustomError("told", "{text}", {"text": text})


class Limited:
    """In an ``Annotated``: what a value must keep to, in the words of pydantic's ``Field`` (``gt``, ``max_length``)."""

    def __init__(self, **limits: Any) -> None:
        self._limits = limits

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic import Field  # noqa: PLC0415

        return handler.generate_schema(Annotated[source, Field(**self._limits)])


class Before:
    """In an ``Annotated``: looks at the value as it was written, and gives it back or raises ``told``."""

    def __init__(self, check: _Read) -> None:
        self._check = check

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415

        return core_schema.no_info_before_validator_function(self._check, handler(source))


class After(Before):
    """As ``Before``, with the value as it was read."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415

        return core_schema.no_info_after_validator_function(self._check, handler(source))


class Written(Before):
    """As ``Before``, for a value that may be written in several ways: this gives the one way. Reading does it, too."""

    def __init__(self, read: _Read) -> None:
        super().__init__(read)
        self.read = read


class ColumnOf(NamedTuple):
    """A column as it is declared: how it is written, its type, and its default or ``REQUIRED``."""

    alias: str
    annotation: Any
    default: Any


class _Column:
    """Reads a column when it is first asked for. From then on the row has the value itself."""

    __slots__ = ("alias", "default", "name")

    def __init__(self, name: str, default: Any) -> None:
        self.name = name
        self.alias = name.removesuffix("_")
        self.default = default

    def __get__(self, row: SetupRow | None, owner: type[SetupRow]) -> Any:
        if row is None:
            return self
        written = row.written
        if self.alias in written:
            value = owner.readers()[self.name](written[self.alias])
        elif self.default is REQUIRED:
            raise AttributeError(f"{owner.__name__} has no {self.name}, which must be given")
        else:
            value = self.default
        vars(row)[self.name] = value
        return value


@dataclass_transform(kw_only_default=True, frozen_default=True)
class SetupRow:
    """A row of the set-up. Its annotations are its columns; a name ends in ``_`` where it would be a word of Python.

    ``CHECKS`` are called with the row when it is checked, and raise ``told``. A row never changes, nor do the defaults
    that rows share.
    """

    CHECKS: ClassVar[tuple[Callable[[Any], None], ...]] = ()
    _columns: ClassVar[dict[str, _Column]] = {}
    _readers: ClassVar[dict[str, _Read] | None] = None
    written: ClassVar[Mapping[str, Any]]
    """Of a row: its columns as they were given, by the names they are written with."""

    if not TYPE_CHECKING:

        def __init__(self, **columns: Any) -> None:
            self._has(columns)

    def __init_subclass__(cls) -> None:
        if foreign := [name for name, value in vars(cls).items() if type(value).__module__.startswith("pydantic")]:
            raise TypeError(f"{cls.__name__}.{foreign[0]}: use Limited and CHECKS, so that readers need no pydantic")
        own = {
            name: _Column(name, vars(cls).get(name, REQUIRED))
            for name, annotation in cls.__annotations__.items()
            if not str(annotation).startswith("ClassVar")
        }
        cls._columns = {**cls._columns, **own}
        cls._readers = None
        for name, column in own.items():
            setattr(cls, name, column)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """The row that was written so, which was checked when it came in."""
        row = object.__new__(cls)
        vars(row)["written"] = written
        return row

    @classmethod
    def model_validate(cls, document: object) -> Self:
        """The row that is written so, checked. Raises pydantic's ``ValidationError``."""
        from project_invoicing.setup.models.checking import checked  # noqa: PLC0415 - not for who only reads

        return checked(cls, document)

    @classmethod
    def columns(cls) -> dict[str, ColumnOf]:
        """The columns by name, as they are declared."""
        hints = get_type_hints(cls, include_extras=True)
        return {name: ColumnOf(one.alias, hints[name], one.default) for name, one in cls._columns.items()}

    @classmethod
    def readers(cls) -> dict[str, _Read]:
        """What reads each column, by name."""
        if cls._readers is None:
            cls._readers = {name: _reader(column.annotation) for name, column in cls.columns().items()}
        return cls._readers

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from project_invoicing.setup.models.checking import schema  # noqa: PLC0415

        return schema(cls, handler)

    @classmethod
    def has(cls, name: str) -> bool:
        """Whether a row has a column of that name."""
        return name in cls._columns

    @property
    def given(self) -> list[str]:
        """The names of the columns that the row gives, and does not leave to their defaults."""
        return [name for name, column in self._columns.items() if column.alias in self.written]

    def model_dump(
        self,
        *,
        mode: str = "python",
        by_alias: bool = False,
        exclude_unset: bool = False,
        exclude_none: bool = False,
        include: frozenset[str] | set[str] | None = None,
        exclude: frozenset[str] | set[str] = frozenset(),
    ) -> dict[str, Any]:
        """The columns and their values as plain data; with ``mode="json"`` as JSON writes them."""
        of_rows = {"mode": mode, "by_alias": by_alias, "exclude_unset": exclude_unset, "exclude_none": exclude_none}
        names = self.given if exclude_unset else self._columns
        found = {name: getattr(self, name) for name in names if name not in exclude}
        return {
            self._columns[name].alias if by_alias else name: _plain(value, of_rows)
            for name, value in found.items()
            if (include is None or name in include) and not (exclude_none and value is None)
        }

    def _has(self, columns: Mapping[str, Any]) -> None:
        """Gives a new row its columns, by name, as they were checked."""
        vars(self).update(columns, written={self._columns[name].alias: value for name, value in columns.items()})

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a row of the set-up never changes: {name}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._columns)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self._columns))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.given)})"


def bare(annotation: Any) -> Any:
    """A type without what an ``Annotated`` says about it."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _plain(value: Any, of_rows: Mapping[str, Any]) -> Any:
    if isinstance(value, SetupRow):
        return value.model_dump(**of_rows)
    if isinstance(value, dict):
        return {key: _plain(one, of_rows) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, of_rows) for one in value]
    if of_rows["mode"] == "json":
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, Decimal | date):
            return str(value)
    return value


def _reader(annotation: Any) -> _Read:
    """What turns a value as it was written into one of the type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        read = _reader(arguments[0])
        return _after([one.read for one in arguments[1:] if isinstance(one, Written)], read)
    if origin in (Union, UnionType):
        read = next(_reader(one) for one in arguments if one is not type(None))
        return lambda value: None if value is None else read(value)
    if origin is dict:
        of_key, read = _reader(arguments[0]), _reader(arguments[1])
        return lambda value: {of_key(key): read(one) for key, one in value.items()}
    if origin is list:
        read = _reader(arguments[0])
        return lambda value: [read(one) for one in value]
    if origin is tuple:
        reads = [_reader(one) for one in arguments]
        return lambda value: tuple(read(one) for read, one in zip(reads, value, strict=True))
    if issubclass(annotation, SetupRow):
        return lambda value: value if isinstance(value, annotation) else annotation.read(value)
    return _VALUES.get(annotation, annotation)


def _after(before: list[_Read], read: _Read) -> _Read:
    if not before:
        return read
    (first,) = before
    return lambda value: read(first(value))


def _flag(value: Any) -> bool:
    return value.lower() in _TRUE if isinstance(value, str) else bool(value)


def _whole(value: Any) -> int:
    return int(Decimal(value.strip())) if isinstance(value, str) else int(value)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


_VALUES: Final[Mapping[Any, _Read]] = {
    bool: _flag,
    int: _whole,
    date: _day,
    str: lambda value: value,
    Any: lambda value: value,
}
"""What pydantic takes, as it takes it. Other types, enums and decimals, are made of what was written."""
