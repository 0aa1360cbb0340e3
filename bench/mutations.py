"""The small faults of ``mutants.py``: the ways in which one place of a source can be wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

#: An operator and what is written in its place.
OPERATORS: dict[type[ast.AST], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
    ast.Add: ("+", ("-",)),
    ast.Sub: ("-", ("+",)),
    ast.Mult: ("*", ("/",)),
    ast.Div: ("/", ("*",)),
    ast.FloorDiv: ("//", ("*",)),
    ast.BitAnd: ("&", ("|",)),
    ast.BitOr: ("|", ("&",)),
}
#: A function and the one it is mistaken for.
FUNCTIONS = {
    "nanmean": "mean",
    "nansum": "sum",
    "nanstd": "std",
    "nanmedian": "median",
    "nanmin": "nanmax",
    "nanmax": "nanmin",
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "fmin": "fmax",
    "fmax": "fmin",
    "argmin": "argmax",
    "argmax": "argmin",
    "any": "all",
    "all": "any",
    "cumsum": "cumprod",
    "cumprod": "cumsum",
    "floor": "ceil",
    "ceil": "floor",
    "log1p": "log",
    "expm1": "exp",
    "mean": "median",
    "move_max": "move_min",
    "move_min": "move_max",
}
WORDS = {"left": "right", "right": "left", "forward": "backward", "backward": "forward"}
#: Names that stand for a session or a position: reading them one late is looking ahead.
POSITIONS = set("t at i k end start first last day now before".split())
#: Arguments that say how arrays lie or what is checked: no value changes, or all fails at once.
LAYOUT = {"axis", "copy", "repr", "strict", "stacklevel", "frozen", "slots", "encoding"}
SKIPPED = (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Mutant:
    """``text`` is the source of ``file`` with one fault in the statement of these lines."""

    file: str
    line: int
    end: int
    was: str
    now: str
    text: str
    on_import: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line}\n    - {self.was}\n    + {self.now}"


class Finder(ast.NodeVisitor):
    """Collects the faults: (first line, last line, start, end, replacement), ends in bytes."""

    def __init__(self, source: str) -> None:
        self.source = source.encode()
        self.starts = [0]
        for line in self.source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.faults: list[tuple[int, int, int, int, str]] = []

    def at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def span(self, node: ast.expr) -> tuple[int, int]:
        return (
            self.at(node.lineno, node.col_offset),
            self.at(node.end_lineno or 0, node.end_col_offset or 0),
        )

    def add(self, node: ast.expr | ast.stmt, start: int, end: int, text: str) -> None:
        self.faults.append((node.lineno, node.end_lineno or node.lineno, start, end, text))

    def replace(self, node: ast.expr, text: str) -> None:
        self.add(node, *self.span(node), text)

    def text(self, node: ast.expr) -> str:
        start, end = self.span(node)
        return self.source[start:end].decode()

    def operator(self, node: ast.expr, left: ast.expr, right: ast.expr, kind: ast.AST) -> None:
        sign, others = OPERATORS.get(type(kind), ("", ()))
        start, end = self.span(left)[1], self.span(right)[0]
        place = re.search(re.escape(sign).encode(), self.source[start:end])
        for other in others if place else ():
            self.add(node, start + place.start(), start + place.end(), other)  # type: ignore[union-attr]

    def visit(self, node: ast.AST) -> None:
        if not isinstance(node, SKIPPED):
            super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Annotations are no code."""
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *node.body):
            if part is not None:
                self.visit(part)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        left = node.left
        for kind, right in zip(node.ops, node.comparators, strict=True):
            self.operator(node, left, right, kind)
            left = right
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        text_on_a_side = any(
            isinstance(side, (ast.JoinedStr, ast.Constant))
            and not isinstance(getattr(side, "value", ""), (int, float))
            for side in (node.left, node.right)
        )
        if not text_on_a_side:
            self.operator(node, node.left, node.right, node.op)
        if isinstance(node.op, ast.Pow):
            self.replace(node, f"({self.text(node.left)} * {self.text(node.right)})")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.operator(node, node.target, node.value, node.op)  # type: ignore[arg-type]
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = " or " if isinstance(node.op, ast.And) else " and "
        self.replace(node, "(" + other.join(f"({self.text(v)})" for v in node.values) + ")")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if not isinstance(node.op, ast.UAdd):
            start, end = self.span(node)[0], self.span(node.operand)[0]
            self.add(node, start, end, "(" * self.source[start:end].count(b"("))
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        self.replace(node.test, f"not ({self.text(node.test)})")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.replace(node.test, f"(not ({self.text(node.test)}))")
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        start = self.at(node.lineno, node.col_offset)
        self.add(node, start, start + len("continue"), "break")

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self.replace(node, str(not value))
        elif isinstance(value, int):
            self.replace(node, str(value + 1))
            self.replace(node, str(value - 1) if value else "-1")
        elif isinstance(value, float):
            self.replace(node, repr(value * 1.5 if value else 1.0))
        elif isinstance(value, str) and value in WORDS:
            self.replace(node, f'"{WORDS[value]}"')

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in LAYOUT:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """Names are changed where they are called or index something."""

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        name = getattr(function, "attr", getattr(function, "id", ""))
        if name in FUNCTIONS:
            end = self.span(function)[1]
            self.add(node, end - len(name), end, FUNCTIONS[name])
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if getattr(node.value, "attr", "") == "shape":
            return
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for part in parts:
            if isinstance(part, ast.Slice):
                for bound in (part.lower, part.upper):
                    if bound is not None and not isinstance(bound, (ast.Constant, ast.UnaryOp)):
                        self.replace(bound, f"({self.text(bound)}) + 1")
            elif isinstance(part, ast.Name) and part.id in POSITIONS:
                self.replace(part, f"{part.id} + 1")
                self.replace(part, f"{part.id} - 1")
        self.generic_visit(node)


def in_functions(source: str) -> set[int]:
    """The lines of function bodies; all others are executed when the module is imported."""
    return {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1)
    }


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Every mutant of one file that compiles, in the order of its lines."""
    finder, inner = Finder(source), in_functions(source)
    finder.visit(ast.parse(source))
    data, lines = finder.source, source.splitlines()
    for first, last, start, end, text in sorted(finder.faults):
        changed = (data[:start] + text.encode() + data[end:]).decode()
        try:
            compile(changed, file, "exec")
        except SyntaxError:
            continue
        line = data[:start].count(b"\n")
        after = changed.splitlines()
        more = len(after) - len(lines)
        until = data[:end].count(b"\n")
        was = " ".join(x.strip() for x in lines[line : until + 1])
        now = " ".join(x.strip() for x in after[line : until + 1 + more])
        yield Mutant(file, first, last, was, now, changed, first not in inner)
