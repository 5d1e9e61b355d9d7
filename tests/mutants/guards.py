"""The guards of the code, and the operators of its rules: each can be weakened by itself, while the code runs.

``instrumented`` gives a module with a switch at each of them, so that one import serves all: a switch notes that it
was reached, and weakens what is there if it is the one that is on. A guard is known by its module, function and text
and not by its line, so a note about it outlives what is written around it.

What is at work only while a module is imported (tables of states, defaults) has no switch: nothing could turn it on.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from tools.imports import ROOT

LAYER: Final = ROOT / "layers" / "common" / "project_invoicing"
FUNCTIONS: Final = ROOT / "functions"
PURE: Final = ("rules", "domain")
"""Rooms whose operators are weakened; those that reach a service have guards."""
GUARDED: Final = ("store", "use_cases", "dataverse", "workspace")
SWITCH: Final = "__mutant_on__"
"""The name under which modules find the switch, among the built-in ones."""
NO_ATTRIBUTE: Final = "zz"
"""No item has it, so a condition that it is absent always holds."""
_LONGEST: Final = 70

_WORDS: Final = re.compile(
    r"""
    status|state|st|versions?|changes|ch|hash|digest|etag|token|claim(ed)?|held|holder|taken|taker|pinned|outdated|
    posted|delet(ed|ing)|newer|duplicate|known|seen|sealed|sent|told|closed|open|begun|withdrawn|cancell?ed|finished|done|
    again|already|late|approved|submitted|editable|final|faster|lost|failed|reasons|once|completed|acknowledged|delivered|
    continued|corrected|credited|reversed|released|same|overtaken
    """,
    re.VERBOSE,
)
"""What a test asks for that looks whether somebody else was there: a word of a name in it."""
_CONDITIONS: Final = frozenset({"unless_exists", "expected", "IfNoneMatch"})
"""Arguments under which a write is given its condition."""
_CONDITION_OF: Final = {"_written": 3, "changed": 5}
"""Functions of stores that are given a written condition, and its place among their arguments."""
_LOSING: Final = frozenset(
    {"Conflict", "ConditionFailed", "TransactionCancelled", "BucketRefused", "Overtaken", "NameTaken"}
)
"""Errors that say that another run was faster."""
_COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COUNTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}


@dataclass(frozen=True)
class Mutant:
    """One guard or operator, weakened: ``id`` is its name for good, ``line`` where it is today."""

    id: str
    file: str
    line: int
    kind: str

    @property
    def path(self) -> str:
        """The file, as git names it."""
        inside = LAYER / self.file
        return str((inside if inside.exists() else ROOT / self.file).relative_to(ROOT))

    @property
    def function(self) -> str:
        """File and function: what tests reach it by, as long as nobody has looked."""
        return ":".join(self.id.split(":", 2)[:2])


def sources() -> Iterator[Path]:
    """The files that have guards or operators of rules."""
    for room in (*GUARDED, *PURE):
        yield from sorted((LAYER / room).rglob("*.py"))
    yield from sorted(LAYER.glob("*.py"))
    yield from sorted(FUNCTIONS.rglob("*.py"))


def name_of(file: Path) -> str:
    return str(file.relative_to(LAYER if file.is_relative_to(LAYER) else ROOT))


def is_rule(file: Path) -> bool:
    return name_of(file).partition("/")[0] in PURE


def all_mutants() -> list[Mutant]:
    return [one for file in sources() for one in mutants_of(file)]


def mutants_of(file: Path) -> list[Mutant]:
    return instrumented(file)[1]


def instrumented(file: Path) -> tuple[ast.Module, list[Mutant]]:
    """The module with its switches, and what they weaken, in their order."""
    tree = ast.parse(file.read_text("utf-8"), str(file))
    writer = _Operators(name_of(file)) if is_rule(file) else _Guards(name_of(file), tree)
    changed = writer.visit(tree)
    return ast.fix_missing_locations(changed), writer.found


class _Switches(ast.NodeTransformer):
    """Walks through what functions do, and knows in which it is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[Mutant] = []
        self._places: list[str] = []
        self._in_function = 0
        self._seen: Counter[str] = Counter()

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._places.append(node.name)
        node.body = [self.visit(one) for one in node.body]
        self._places.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Its body alone: defaults and decorators are made by the import."""
        self._places.append(node.name)
        self._in_function += 1
        node.body = [self.visit(one) for one in node.body]
        self._in_function -= 1
        self._places.pop()
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value:
            node.value = self.visit(node.value)
        return node

    def switch(self, node: ast.AST, kind: str, what: str) -> ast.expr | None:
        """A call that says whether this one is weakened; ``None`` where only the import gets to."""
        if not self._in_function:
            return None
        base = f"{self.name}:{'.'.join(self._places)}:{kind} {what}"
        self._seen[base] += 1
        id = base if self._seen[base] == 1 else f"{base} ({self._seen[base]})"
        self.found.append(Mutant(id, self.name, getattr(node, "lineno", 0), kind))
        return ast.Call(ast.Name(SWITCH, ast.Load()), [ast.Constant(id)], [])

    def choose(self, node: ast.expr, weakened: ast.expr, kind: str, what: str) -> ast.expr:
        on = self.switch(node, kind, what)
        return ast.copy_location(ast.IfExp(on, weakened, node), node) if on else node


class _Guards(_Switches):
    """Conditions of writes, tests of states and versions, handlers of lost races."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        super().__init__(name)
        self._conditions = _conditions(tree) if name.startswith(("store/", "use_cases/")) else set()

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        expected = id(node) in self._conditions
        raw = {"ConditionExpression"}
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for key, value in zip(node.keys, node.values, strict=True):
            as_written = short(value)
            inner = self.visit(value)
            if expected and isinstance(key, ast.Constant):
                on = self.switch(key, "condition", f"without {key.value!s}: {as_written}")
                again = ast.Call(ast.Name(SWITCH, ast.Load()), [ast.Constant(self.found[-1].id)], []) if on else None
                if on and again:
                    keys.append(ast.IfExp(on, ast.Constant(NO_ATTRIBUTE), key))
                    values.append(ast.IfExp(again, ast.Constant(None), inner))
                    continue
            if isinstance(key, ast.Constant) and key.value in raw:
                inner = self._always(inner, as_written)
            keys.append(key)
            values.append(inner)
        node.keys, node.values = keys, values
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        newer = _called(node) == "is_newer"
        text = short(node) if newer or any(one.arg in _CONDITIONS for one in node.keywords) else ""
        keywords: list[ast.keyword] = []
        for one in node.keywords:
            value = one.value
            if one.arg == "unless_exists" and isinstance(value, ast.Constant) and value.value is True:
                one.value = self.choose(value, ast.Constant(False), "condition", f"replaces what exists: {text}")
            elif one.arg == "IfNoneMatch":
                on = self.switch(value, "condition", f"without IfNoneMatch: {text}")
                pair = ast.Dict([ast.Constant("IfNoneMatch")], [value])
                if on:
                    keywords.append(ast.keyword(None, ast.IfExp(on, ast.Dict([], []), pair)))
                    continue
            elif one.arg == "ConditionExpression":
                as_written = short(value)
                one.value = self._always(self.visit(value), as_written)
            elif (
                one.arg == "expected"
                and id(value) in self._conditions
                and not isinstance(value, (ast.Dict, ast.DictComp))
            ):
                nothing = ast.Dict([ast.Constant(NO_ATTRIBUTE)], [ast.Constant(None)])
                one.value = self.choose(self.visit(value), nothing, "condition", f"none: {text}")
            else:
                one.value = self.visit(value)
            keywords.append(one)
        node.keywords = keywords
        self._visit_arguments(node)
        node.func = self.visit(node.func)
        if _called(node) == "suppress" and {ast.unparse(one) for one in node.args} & _LOSING:
            return self.choose(node, ast.Call(node.func, [], []), "handler", f"raises on: {ast.unparse(node)}")
        if newer:
            return self.choose(node, _after(node, True), "version", f"always newer: {text}")
        return node

    def _visit_arguments(self, node: ast.Call) -> None:
        """Those without a name, of which one may be a written condition."""
        place = _CONDITION_OF.get(_called(node)) if self.name.startswith("store/") else None
        for number, argument in enumerate(node.args):
            as_written = short(argument) if number == place else ""
            given = self.visit(argument)
            node.args[number] = self._always(given, as_written) if number == place else given

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0]
        written = isinstance(target, ast.Subscript) and ast.unparse(target.slice) == "'ConditionExpression'"
        text = short(node.value) if written else ""
        node.value = self.visit(node.value)
        if written:
            node.value = self._always(node.value, text)
        if id(node) in self._conditions and isinstance(target, ast.Subscript):
            on = self.switch(node, "condition", f"without {ast.unparse(target.slice)}: {short(node.value)}")
            return ast.copy_location(ast.If(on, [ast.Pass()], [node]), node) if on else node
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        leaves = isinstance(node.body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))
        node.test = self._test(node.test, holds=not leaves)
        node.body = [self.visit(one) for one in node.body]
        node.orelse = [self.visit(one) for one in node.orelse]
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = self.visit(node.iter)
        node.ifs = [self._test(one, holds=True) for one in node.ifs]
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        named = set(re.findall(r"\w+", ast.unparse(node.type))) if node.type else set()
        node.body = [self.visit(one) for one in node.body]
        if named & _LOSING and not isinstance(node.body[0], ast.Raise):
            on = self.switch(node, "handler", f"raises on: except {ast.unparse(node.type) if node.type else ''}")
            if on:
                node.body.insert(0, ast.copy_location(ast.If(on, [ast.Raise()], []), node))
        return node

    def _test(self, test: ast.expr, *, holds: bool) -> ast.expr:
        """A test with each part that looks whether somebody was there made one that lets everybody pass."""
        if isinstance(test, ast.BoolOp):
            test.values = [self._test(one, holds=holds) for one in test.values]
            return test
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test.operand = self._test(test.operand, holds=not holds)
            return test
        guards = not _about_none(test) and any(map(_WORDS.fullmatch, _words(test)))
        text = short(test) if guards else ""
        inner: ast.expr = self.visit(test)
        if not guards:
            return inner
        return self.choose(inner, _after(inner, holds), "test", f"{'holds' if holds else 'never'}: {text}")

    def _always(self, condition: ast.expr, text: str) -> ast.expr:
        """A written condition that holds always, and still uses all its names and values."""
        whole = ast.JoinedStr(
            [
                ast.Constant("("),
                ast.FormattedValue(condition, -1),
                ast.Constant(f") OR attribute_not_exists({NO_ATTRIBUTE})"),
            ]
        )
        return self.choose(condition, whole, "condition", f"always holds: {text}")


class _Operators(_Switches):
    """Comparisons, signs, numbers, and, or, not."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        text = short(node)
        self.generic_visit(node)
        if len(node.ops) > 1 or type(node.ops[0]) not in _COMPARED:
            return node
        other = _COMPARED[type(node.ops[0])]()
        return self.choose(node, ast.Compare(node.left, [other], node.comparators), "compares", text)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        text = short(node)
        self.generic_visit(node)
        words = any(isinstance(one, (ast.JoinedStr, ast.List, ast.Tuple)) for one in (node.left, node.right))
        if type(node.op) not in _COUNTED or words or any(_is_text(one) for one in (node.left, node.right)):
            return node
        other = _COUNTED[type(node.op)]()
        return self.choose(node, ast.BinOp(node.left, other, node.right), "counts", text)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        text = short(node)
        self.generic_visit(node)
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return self.choose(node, ast.BoolOp(other, node.values), "joins", text)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        text = short(node)
        self.generic_visit(node)
        if isinstance(node.op, ast.USub):
            return self.choose(node, node.operand, "sign", text)
        if isinstance(node.op, ast.Not):
            return self.choose(node, ast.Call(ast.Name("bool", ast.Load()), [node.operand], []), "not", text)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) is int:
            return self.choose(node, ast.Constant(node.value + 1), "number", str(node.value))
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Words for people."""
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.visit(node.value)
        return node


def short(node: ast.AST) -> str:
    """The text of a node as one line, shortened with a hash of the whole."""
    text = ast.unparse(node)
    if len(text) <= _LONGEST and "\n" not in text:
        return text
    return f"{' '.join(text.split())[: _LONGEST - 8]}~{blake2b(text.encode(), digest_size=3).hexdigest()}"


def _after(node: ast.expr, value: bool) -> ast.expr:
    """``value``, once ``node`` is worked out: it may do something, or give a name to something."""
    return ast.Subscript(ast.Tuple([node, ast.Constant(value)], ast.Load()), ast.Constant(1), ast.Load())


def _words(test: ast.expr) -> set[str]:
    names = {one.id for one in ast.walk(test) if isinstance(one, ast.Name)}
    names |= {one.attr for one in ast.walk(test) if isinstance(one, ast.Attribute)}
    names |= {one.value for one in ast.walk(test) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {word for name in names for word in re.split(r"[\W_]+", name.lower())} | names


def _about_none(test: ast.expr) -> bool:
    """``x is None``: without it the next line fails, and nobody needs a test for that."""
    return isinstance(test, ast.Compare) and any(
        isinstance(one, ast.Constant) and one.value is None for one in test.comparators
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _conditions(tree: ast.Module) -> set[int]:
    """The expressions that become the condition of a write: what is given as one, and what that was made of."""
    functions = {one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
    inside = {id(node): one for one in functions.values() for node in ast.walk(one)}  # the inner one comes later
    ahead = [given for call in ast.walk(tree) if isinstance(call, ast.Call) for given in _given_as_condition(call)]
    found: set[int] = set()
    while ahead:
        node = ahead.pop()
        if id(node) in found:
            continue
        found.add(id(node))
        ahead += _parts(node)
        if isinstance(node, ast.Name) and id(node) in inside:
            ahead += _set_to(node.id, inside[id(node)])
            found |= _added_to(node.id, inside[id(node)])
        elif isinstance(node, ast.Attribute):
            ahead += _set_to(ast.unparse(node), tree)
            found |= _added_to(ast.unparse(node), tree)
        elif isinstance(node, ast.Call) and (called := functions.get(_called(node))):
            ahead += [one.value for one in ast.walk(called) if isinstance(one, ast.Return) and one.value]
    return found


def _given_as_condition(call: ast.Call) -> Iterator[ast.expr]:
    yield from (one.value for one in call.keywords if one.arg in ("expected", "free_for"))
    if _called(call) == "_row":
        yield from call.args[2:3]
    written = [one.value for one in call.keywords if one.arg == "ConditionExpression"]
    if place := _CONDITION_OF.get(_called(call)):
        written += call.args[place : place + 1]
    for inner in (one for text in written for one in ast.walk(text)):
        if isinstance(inner, ast.Call) and _called(inner) == "all_equal":
            yield from inner.args


def _parts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Dict):
        return [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
    return node.args if isinstance(node, ast.Call) and _called(node) == "dict" else []


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _added_to(name: str, around: ast.AST) -> set[int]:
    """The statements that add to it one by one."""
    return {
        id(node)
        for node in ast.walk(around)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and ast.unparse(node.targets[0].value) == name
    }


def _set_to(name: str, around: ast.AST) -> Iterator[ast.expr]:
    """What a name is set to, and what is added to it."""
    for node in ast.walk(around):
        if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets):
            yield node.value
        if isinstance(node, (ast.AnnAssign, ast.AugAssign)) and ast.unparse(node.target) == name and node.value:
            yield node.value
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{name}.update":
            yield from node.args
