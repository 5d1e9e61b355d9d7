"""DynamoDB's expressions: conditions, filters, key conditions, projections and updates.

A text is parsed once. What it refers to by ``#alias`` and ``:alias`` comes with each request, in a ``Scope``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tests.fast_store.values import EXACT, Failure, Item, Unfit, Value, canonical, invalid, kind_of, order

_LONGEST: Final = 4096
_TOKEN: Final = re.compile(r"\s*([A-Za-z]\w*|[#:]\w+|\d+|<>|<=|>=|[=<>(),.\[\]+-])", re.ASCII)
_KEYWORDS: Final = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"})
_ORDERED: Final = frozenset({"S", "N", "B"})
_TYPES: Final = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"})


@dataclass(frozen=True)
class Scope:
    """What an expression is about: an item, and what stands behind the aliases."""

    names: Mapping[str, str]
    values: Mapping[str, Value]
    item: Item = field(default_factory=dict)


# --- operands ---


@dataclass(frozen=True)
class Path:
    parts: tuple[str | int, ...]

    def named(self, scope: Scope) -> tuple[str | int, ...]:
        """With the names that its aliases stand for."""
        return tuple(scope.names[part] if isinstance(part, str) and part[0] == "#" else part for part in self.parts)

    def value(self, scope: Scope) -> Value | None:
        return at(scope.item, self.named(scope))


@dataclass(frozen=True)
class Literal:
    alias: str

    def value(self, scope: Scope) -> Value | None:
        return scope.values[self.alias]


@dataclass(frozen=True)
class Size:
    path: Path

    def value(self, scope: Scope) -> Value | None:
        found = self.path.value(scope)
        if found is None or kind_of(found) in ("N", "BOOL", "NULL"):
            return None
        return {"N": str(len(found[kind_of(found)]))}


@dataclass(frozen=True)
class IfNotExists:
    path: Path
    otherwise: Any

    def value(self, scope: Scope) -> Value | None:
        found = self.path.value(scope)
        return needed(self.otherwise, scope) if found is None else found


@dataclass(frozen=True)
class ListAppend:
    first: Any
    second: Any

    def value(self, scope: Scope) -> Value | None:
        lists = [needed(one, scope) for one in (self.first, self.second)]
        if any(kind_of(one) != "L" for one in lists):
            raise _wrong_operand()
        return {"L": [*lists[0]["L"], *lists[1]["L"]]}


@dataclass(frozen=True)
class Arithmetic:
    sign: str
    left: Any
    right: Any

    def value(self, scope: Scope) -> Value | None:
        return added(needed(self.left, scope), needed(self.right, scope), -1 if self.sign == "-" else 1)


def added(left: Value, right: Value, factor: int = 1) -> Value:
    """AWS refuses a result of more than 38 digits, and calls it an overflow."""
    if kind_of(left) != "N" or kind_of(right) != "N":
        raise _wrong_operand()
    total = EXACT.add(Decimal(left["N"]), EXACT.multiply(Decimal(right["N"]), Decimal(factor)))
    try:
        return {"N": canonical(total)}
    except Failure as failure:
        raise Unfit(failure.message) from None


def needed(operand: Any, scope: Scope) -> Value:
    found: Value | None = operand.value(scope)
    if found is None:
        raise Unfit("The provided expression refers to an attribute that does not exist in the item")
    return found


def _wrong_operand() -> Failure:
    return Unfit("An operand in the update expression has an incorrect data type")


# --- conditions ---


@dataclass(frozen=True)
class Comparison:
    sign: str
    left: Any
    right: Any

    def holds(self, scope: Scope) -> bool:
        return _compared(self.sign, self.left.value(scope), self.right.value(scope))


@dataclass(frozen=True)
class Between:
    it: Any
    low: Any
    high: Any

    def holds(self, scope: Scope) -> bool:
        it = self.it.value(scope)
        return _compared("<=", self.low.value(scope), it) and _compared("<=", it, self.high.value(scope))


@dataclass(frozen=True)
class In:
    it: Any
    options: tuple[Any, ...]

    def holds(self, scope: Scope) -> bool:
        it = self.it.value(scope)
        return any(_compared("=", it, option.value(scope)) for option in self.options)


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Any, ...]

    def holds(self, scope: Scope) -> bool:
        return _PREDICATES[self.function](*(argument.value(scope) for argument in self.arguments))


@dataclass(frozen=True)
class Group:
    """What stands in parentheses."""

    it: Any

    def holds(self, scope: Scope) -> bool:
        return bool(self.it.holds(scope))


@dataclass(frozen=True)
class Not:
    it: Any

    def holds(self, scope: Scope) -> bool:
        return not self.it.holds(scope)


@dataclass(frozen=True)
class All:
    parts: tuple[Any, ...]

    def holds(self, scope: Scope) -> bool:
        return all(part.holds(scope) for part in self.parts)


@dataclass(frozen=True)
class Either:
    parts: tuple[Any, ...]

    def holds(self, scope: Scope) -> bool:
        return any(part.holds(scope) for part in self.parts)


def _compared(sign: str, left: Value | None, right: Value | None) -> bool:
    """What is absent equals nothing, and what it equals nothing differs from."""
    if sign in ("=", "<>"):
        return (left is not None and left == right) == (sign == "=")
    if left is None or right is None or kind_of(left) != kind_of(right) or kind_of(left) not in _ORDERED:
        return False
    one, other = order(left), order(right)
    return bool({"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[sign])


def _begins(value: Value | None, prefix: Value | None) -> bool:
    if value is None or prefix is None or kind_of(value) != kind_of(prefix) or kind_of(value) not in ("S", "B"):
        return False
    return bool(order(value).startswith(order(prefix)))


def _contains(value: Value | None, part: Value | None) -> bool:
    if value is None or part is None:
        return False
    kind, sought = kind_of(value), kind_of(part)
    if kind == "L":
        return part in value["L"]
    if kind in ("S", "B"):
        return kind == sought and part[sought] in value[kind]
    return kind == f"{sought}S" and part[sought] in value[kind]


_PREDICATES: Final[Mapping[str, Callable[..., bool]]] = {
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "attribute_type": lambda value, kind: value is not None and kind_of(value) == kind["S"],
    "begins_with": _begins,
    "contains": _contains,
}
_ARGUMENTS: Final = {"attribute_exists": 1, "attribute_not_exists": 1}


# --- updates ---


@dataclass(frozen=True)
class Action:
    verb: str
    path: Path
    operand: Any = None


def updated(actions: Sequence[Action], scope: Scope, key: Item) -> Item:
    """A new item; all that the actions read is of the old one, which has no attributes if there is none."""
    item: Item = dict(scope.item) or dict(key)
    steps = [(action.verb, action.path.named(scope), _operand(action, scope)) for action in actions]
    # What goes behind the end of a list goes there in the order of its numbers.
    for verb, path, value in sorted(steps, key=lambda step: _numbers(step[1])):
        if verb == "SET":
            _place(item, path, value)
        elif verb == "ADD":
            _place(item, path, _sum(at(item, path), value))
        elif verb == "DELETE":
            _take(item, path, value)
    # Places in lists are those of the old item, so the last goes first. AWS removes anything from what is not there.
    for verb, path, _ in sorted(steps, key=lambda step: _numbers(step[1]), reverse=True):
        if verb == "REMOVE" and (scope.item or len(path) == 1):
            _remove(item, path)
    return item


def _operand(action: Action, scope: Scope) -> Value:
    return {} if action.operand is None else needed(action.operand, scope)


def _numbers(path: Sequence[str | int]) -> tuple[int, ...]:
    return tuple(part for part in path if isinstance(part, int))


def _sum(before: Value | None, value: Value) -> Value:
    kind = kind_of(value)
    if kind == "N":
        return added(before or {"N": "0"}, value)
    if before is None:
        return value
    if kind_of(before) != kind:
        raise _wrong_operand()
    return {kind: _sorted(kind, {*before[kind], *value[kind]})}


def _take(item: Item, path: Sequence[str | int], value: Value) -> None:
    before = at(item, path)
    if before is None:
        return
    kind = kind_of(value)
    if kind_of(before) != kind:
        raise _wrong_operand()
    if left := {*before[kind]} - {*value[kind]}:
        _place(item, path, {kind: _sorted(kind, left)})
    else:
        _remove(item, path)


def _sorted(kind: str, values: Iterable[Any]) -> list[Any]:
    return sorted(values, key=Decimal if kind == "NS" else None)


def at(item: Item, path: Sequence[str | int]) -> Value | None:
    found: Value | None = {"M": item}
    for part in path:
        held = (found or {}).get("M" if isinstance(part, str) else "L")
        if isinstance(part, str):
            found = held.get(part) if held is not None else None
        else:
            found = held[part] if held is not None and part < len(held) else None
    return found


def _place(item: Item, path: Sequence[str | int], value: Value) -> None:
    held, part = _parent(item, path), path[-1]
    if isinstance(part, int) and part >= len(held):
        held.append(value)
    else:
        held[part] = value


def _remove(item: Item, path: Sequence[str | int]) -> None:
    held, part = _parent(item, path), path[-1]
    if isinstance(part, str):
        held.pop(part, None)
    elif part < len(held):
        del held[part]


def _parent(item: Item, path: Sequence[str | int]) -> Any:
    """What holds the last part of a path, as a copy in the item, so that the old item stays as it is."""
    held: Any = item
    for part, following in pairwise(path):
        kind = "M" if isinstance(following, str) else "L"
        known = part in held if isinstance(part, str) else part < len(held)
        if not known or kind not in held[part]:
            raise Unfit("The document path provided in the update expression is invalid for update")
        inner = held[part][kind]
        copied = dict(inner) if kind == "M" else list(inner)
        held[part] = {kind: copied}
        held = copied
    return held


def projected(item: Item, paths: Iterable[Sequence[str | int]]) -> Item:
    """Only these parts of an item; lists close up."""
    tree: dict[Any, Any] = {}
    for path in paths:
        if at(item, path) is not None:
            branch = tree
            for part in path:
                branch = branch.setdefault(part, {})
    found: Item = _picked({"M": item}, tree)["M"] if tree else {}
    return found


def _picked(value: Value, tree: Mapping[Any, Any]) -> Value:
    if not tree:
        return value
    if "M" in value:
        return {"M": {name: _picked(value["M"][name], branch) for name, branch in tree.items()}}
    return {"L": [_picked(value["L"][place], tree[place]) for place in sorted(tree)]}


# --- parsing ---


@dataclass
class Parsed:
    """A text, parsed: ``tree`` is a condition, a list of actions or of paths."""

    tree: Any
    aliases: frozenset[str]
    checks: tuple[Callable[[Mapping[str, Value]], None], ...]


@lru_cache(maxsize=5000)
def condition(text: str, kind: str) -> Parsed:
    return _Parser(text, kind).whole(_Parser.any_of)


@lru_cache(maxsize=5000)
def update(text: str) -> Parsed:
    return _Parser(text, "UpdateExpression").whole(_Parser.clauses)


@lru_cache(maxsize=5000)
def projection(text: str) -> Parsed:
    return _Parser(text, "ProjectionExpression").whole(lambda parser: tuple(parser.many(parser.path)))


class _Parser:
    def __init__(self, text: str, kind: str) -> None:
        self.kind, self.text, self.at = kind, text, 0
        self.aliases: set[str] = set()
        self.checks: list[Callable[[Mapping[str, Value]], None]] = []
        if not text.strip():
            raise self.wrong("The expression can not be empty;")
        if len(text.encode()) > _LONGEST:
            raise self.wrong("Expression size has exceeded the maximum allowed size;")
        self.tokens = list(self.split())

    def wrong(self, message: str) -> Failure:
        return invalid(f"Invalid {self.kind}: {message}")

    def split(self) -> Iterator[str]:
        place = 0
        text = self.text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if not found:
                raise self.wrong(f'Syntax error; token: "{text[place:].strip()[:1]}"')
            yield found[1]
            place = found.end()

    def whole(self, read: Callable[[_Parser], Any]) -> Parsed:
        tree = read(self)
        if self.at < len(self.tokens):
            raise self.unexpected()
        return Parsed(tree, frozenset(self.aliases), tuple(self.checks))

    def unexpected(self) -> Failure:
        return self.wrong(f'Syntax error; token: "{self.peek() or "<EOF>"}"')

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def word(self) -> str:
        return self.peek().upper()

    def next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def take(self, token: str) -> bool:
        found = self.word() == token
        self.at += found
        return found

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise self.unexpected()

    def many(self, read: Callable[[], Any]) -> list[Any]:
        found = [read()]
        while self.take(","):
            found.append(read())
        return found

    # conditions

    def any_of(self) -> Any:
        parts = [self.all_of()]
        while self.take("OR"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def all_of(self) -> Any:
        parts = [self.one()]
        while self.take("AND"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Any:
        if self.take("NOT"):
            return Not(self.one())
        if self.take("("):
            inner = self.any_of()
            self.expect(")")
            if isinstance(inner, Group):
                raise self.wrong("The expression has redundant parentheses;")
            return Group(inner)
        if self.peek() in _PREDICATES:
            return self.predicate()
        return self.comparison()

    def predicate(self) -> Call:
        function = self.next()
        self.expect("(")
        arguments = tuple(self.many(self.operand))
        self.expect(")")
        if len(arguments) != _ARGUMENTS.get(function, 2):
            raise self.wrong(f"Incorrect number of operands for operator or function: {function}")
        if function in _ARGUMENTS and not isinstance(arguments[0], Path):
            raise self.wrong(f"Operator or function requires a document path; operator or function: {function}")
        if len(arguments) == 2 and arguments[0] == arguments[1]:
            raise self.wrong("The first operand must be distinct from the remaining operands for this operator")
        if function == "begins_with":
            self._literals(arguments, frozenset({"S", "B"}), function)
        if function == "attribute_type":
            self._type(arguments[1])
        return Call(function, arguments)

    def _type(self, named: Any) -> None:
        if not isinstance(named, Literal):
            raise self.wrong("Incorrect operand type for operator or function: attribute_type")

        def check(values: Mapping[str, Value]) -> None:
            if values[named.alias].get("S") not in _TYPES:
                raise self.wrong("Invalid attribute type name found;")

        self.checks.append(check)

    def comparison(self) -> Any:
        left = self.operand()
        if self.take("BETWEEN"):
            low = self.operand()
            self.expect("AND")
            high = self.operand()
            self._literals((left, low, high), _ORDERED, "BETWEEN")
            self._bounds(low, high)
            return Between(left, low, high)
        if self.take("IN"):
            self.expect("(")
            options = tuple(self.many(self.operand))
            self.expect(")")
            if len(options) > 100:
                raise self.wrong("Incorrect number of operands for operator or function: IN")
            return In(left, options)
        sign = self.next()
        if sign not in ("=", "<>", "<", "<=", ">", ">="):
            self.at -= 1
            raise self.unexpected()
        right = self.operand()
        if left == right:
            raise self.wrong("The first operand must be distinct from the remaining operands for this operator")
        if sign not in ("=", "<>"):
            self._literals((left, right), _ORDERED, sign)
        return Comparison(sign, left, right)

    def _literals(self, operands: Sequence[Any], kinds: frozenset[str], what: str) -> None:
        given = [operand.alias for operand in operands if isinstance(operand, Literal)]

        def check(values: Mapping[str, Value]) -> None:
            for alias in given:
                if kind_of(values[alias]) not in kinds:
                    raise self.wrong(f"Incorrect operand type for operator or function; operator or function: {what}")

        self.checks.append(check)

    def _bounds(self, low: Any, high: Any) -> None:
        def check(values: Mapping[str, Value]) -> None:
            ends = values[low.alias], values[high.alias]
            if kind_of(ends[0]) != kind_of(ends[1]) or _compared(">", *ends):
                raise self.wrong("The BETWEEN operator requires upper bound to be greater than or equal to lower bound")

        if isinstance(low, Literal) and isinstance(high, Literal):
            self.checks.append(check)

    def operand(self) -> Any:
        if self.peek() == "size":
            self.next()
            self.expect("(")
            path = self.path()
            self.expect(")")
            return Size(path)
        if self.peek().startswith(":"):
            return self.literal()
        return self.path()

    def literal(self) -> Literal:
        if not self.peek().startswith(":"):
            raise self.unexpected()
        self.aliases.add(self.peek())
        return Literal(self.next())

    def path(self) -> Path:
        parts: list[str | int] = [self.name()]
        while True:
            if self.take("."):
                parts.append(self.name())
            elif self.take("["):
                if not self.peek().isdigit():
                    raise self.unexpected()
                parts.append(int(self.next()))
                self.expect("]")
            else:
                return Path(tuple(parts))

    def name(self) -> str:
        token = self.peek()
        if token.startswith("#"):
            self.aliases.add(token)
        elif not token[:1].isalpha() or token.upper() in _KEYWORDS:
            raise self.unexpected()
        elif token.upper() in ReservedKeywords.get_reserved_keywords():
            raise self.wrong(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return self.next()

    # updates

    def clauses(self) -> tuple[Action, ...]:
        actions: list[Action] = []
        seen: set[str] = set()
        while self.peek():
            verb = self.word()
            if verb not in ("SET", "REMOVE", "ADD", "DELETE"):
                raise self.unexpected()
            if verb in seen:
                raise self.wrong(f'The "{verb}" section can only be used once in an update expression;')
            seen.add(verb)
            self.next()
            actions += self.many(lambda verb=verb: self.action(verb))  # type: ignore[misc]
        return tuple(actions)

    def action(self, verb: str) -> Action:
        path = self.path()
        if verb == "REMOVE":
            return Action(verb, path)
        if verb == "SET":
            self.expect("=")
            return Action(verb, path, self.sum())
        value = self.literal()
        kinds = frozenset({"SS", "NS", "BS"}) | ({"N"} if verb == "ADD" else frozenset())
        self._literals((value,), kinds, verb)
        return Action(verb, path, value)

    def sum(self) -> Any:
        left = self.value()
        for sign in ("+", "-"):
            if self.take(sign):
                right = self.value()
                self._literals((left, right), frozenset({"N"}), sign)
                return Arithmetic(sign, left, right)
        return left

    def value(self) -> Any:
        function = self.peek()
        if function == "if_not_exists":
            self.next()
            self.expect("(")
            path = self.path()
            self.expect(",")
            otherwise = self.value()
            self.expect(")")
            return IfNotExists(path, otherwise)
        if function == "list_append":
            self.next()
            self.expect("(")
            first = self.value()
            self.expect(",")
            second = self.value()
            self.expect(")")
            self._literals((first, second), frozenset({"L"}), function)
            return ListAppend(first, second)
        return self.operand()


def scope_of(parsed: Iterable[Parsed], names: Mapping[str, str], values: Mapping[str, Value]) -> Scope:
    """What the expressions of one request refer to. Whatever is asked for must be there, and the other way round."""
    used: set[str] = set()
    for one in parsed:
        used |= one.aliases
    for alias in sorted(used - names.keys() - values.keys()):
        what = "name" if alias.startswith("#") else "value"
        raise invalid(f"An expression attribute {what} used in the document path is not defined; {alias}")
    for given, what in ((names, "Names"), (values, "Values")):
        if unused := sorted(given.keys() - used):
            raise invalid(f"Value provided in ExpressionAttribute{what} unused in expressions: keys: {{{unused}}}")
    for one in parsed:
        for check in one.checks:
            check(values)
    return Scope(names, values)


def refuse_overlaps(actions: Sequence[Action], scope: Scope) -> None:
    paths = [action.path.named(scope) for action in actions]
    for number, one in enumerate(paths):
        for other in paths[number + 1 :]:
            shared = min(len(one), len(other))
            if one[:shared] == other[:shared]:
                raise invalid("Invalid UpdateExpression: Two document paths overlap with each other;")
            apart = next(place for place in range(shared) if one[place] != other[place])
            if isinstance(one[apart], int) != isinstance(other[apart], int):
                raise invalid("Invalid UpdateExpression: Two document paths conflict with each other;")
