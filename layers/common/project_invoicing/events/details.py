"""Objects with typed fields that travel as JSON: details of events and tasks, written and read by one class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from re import fullmatch
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin, get_type_hints

from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected


@dataclass(frozen=True, slots=True)
class Says:
    """What a field means and what its text looks like: a ``pattern`` for the whole text, or one of ``values``."""

    meaning: str
    pattern: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """A field: its Python type, whether it may be null or left out, whether it is a list of that type."""

    name: str
    type: type
    says: Says
    nullable: bool
    optional: bool
    many: bool = False


class Detail:
    """An object with typed fields that is written as JSON.

    A field with the default ``None`` is left out where it has no value; any other nullable field is written as null.
    ``EITHER`` lists groups of fields that exclude each other: exactly one group is given, and given completely.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]
    EITHER: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def as_detail(self) -> dict[str, Any]:
        """The JSON object, with its keys in the order of the fields."""
        found: dict[str, Any] = {}
        for shape in shapes(type(self)):
            value = getattr(self, shape.name)
            if value is None and shape.optional:
                continue
            found[shape.name] = _written(value)
        return found

    @classmethod
    def of_detail(cls, detail: object, where: str) -> Self:
        """Reads what ``as_detail`` wrote; unknown fields are ignored, since a later version may add some.

        Raises ``Rejected`` (``schema``) that names ``where`` and the field.
        """
        if not isinstance(detail, Mapping):
            raise unreadable(where, "detail", f"has {detail!r} in place of an object")
        values = {shape.name: _read(shape, detail, where) for shape in shapes(cls)}
        given = {name for name, value in values.items() if value is not None}
        groups = [group for group in cls.EITHER if given.issuperset(group)]
        if cls.EITHER and len(groups) != 1:
            raise unreadable(where, "detail", f"must name {either(cls.EITHER)}")
        return cls(**values)


def shapes(cls: type[Detail]) -> tuple[Shape, ...]:
    """The fields of a class, in the order in which they are written."""
    known: Any = cls
    return _shapes(known)


@cache
def _shapes(cls: Any) -> tuple[Shape, ...]:
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_shape(one.name, hints[one.name], one.default is not MISSING) for one in fields(cls))


def either(groups: Iterable[Sequence[str]]) -> str:
    """Fields that exclude each other, in words: ``actual_id, or proposal_id and company``."""
    named = list(groups)
    return (", or " if any(len(group) > 1 for group in named) else " or ").join(" and ".join(group) for group in named)


def _written(value: Any) -> Any:
    if isinstance(value, Detail):
        return value.as_detail()
    return [_written(one) for one in value] if isinstance(value, tuple) else value


def _shape(name: str, hint: Any, optional: bool) -> Shape:
    if get_origin(hint) is not Annotated:  # ``X | None`` with the default None
        raise TypeError(f"{name} does not say what it means")
    kind, says = get_args(hint)
    kinds = [one for one in _alternatives(kind) if one is not type(None)]
    many = get_origin(kinds[0]) is tuple
    one = get_args(kinds[0])[0] if many else kinds[0]
    return Shape(name, one, says, nullable=kinds[0] is not kind and not optional, optional=optional, many=many)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return (kind,) if get_origin(kind) is tuple else get_args(kind) or (kind,)


def _read(shape: Shape, detail: Mapping[str, Any], where: str) -> Any:
    value = detail.get(shape.name)
    if value is None:
        if shape.optional or (shape.nullable and shape.name in detail):
            return None
        raise unreadable(where, shape.name, f"has no {shape.name}: {shape.says.meaning}")
    if shape.many:
        return tuple(_read_many(shape, value, where))
    if issubclass(shape.type, Detail):
        return shape.type.of_detail(value, f"{shape.name} of {where}")
    if not _fits(shape, value):
        raise unreadable(where, shape.name, f"has {value!r} as {shape.name}: {shape.says.meaning}")
    return value


def _read_many(shape: Shape, value: object, where: str) -> Iterator[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise unreadable(where, shape.name, f"has {value!r} as {shape.name}: {shape.says.meaning}")
    for number, one in enumerate(value, start=1):
        if issubclass(shape.type, Detail):
            yield shape.type.of_detail(one, f"{shape.name} number {number} of {where}")
        elif _fits(shape, one):
            yield one
        else:
            raise unreadable(where, shape.name, f"has {value!r} as {shape.name}: {shape.says.meaning}")


def _fits(shape: Shape, value: object) -> bool:
    if not isinstance(value, shape.type) or (isinstance(value, bool) and shape.type is int):
        return False
    says = shape.says
    if says.pattern and not fullmatch(says.pattern, str(value)):
        return False
    return not says.values or value in says.values


def unreadable(where: str, field: str, problem: str) -> Rejected:
    """The refusal of an object that does not match its description."""
    return Rejected(RejectReason.SCHEMA, f"{where} {problem}", field=field)
