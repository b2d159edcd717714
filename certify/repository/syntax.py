"""Ask about a syntax tree what the tree alone does not tell: what stands around a node, what a name means."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

#: Parts of a sum of strings that are looked at.
_MOST_PARTS = 100


class Syntax:
    """A module's tree with its nodes in order, the parent of each, and its imports."""

    def __init__(self, tree: ast.Module) -> None:
        self.parents: dict[ast.AST, ast.AST] = {}
        self.nodes = list(self._walk(tree))

    def _walk(self, tree: ast.Module) -> Iterator[ast.AST]:
        """Every node, parents first, without recursion: a tree may be a thousand levels deep."""
        waiting: list[ast.AST] = [tree]
        while waiting:
            node = waiting.pop()
            yield node
            children = _children(node)
            self.parents.update(dict.fromkeys(children, node))
            waiting.extend(reversed(children))

    @cached_property
    def imports(self) -> dict[str, str]:
        """What imported names stand for: `np` for `numpy`, `get` for `requests.get`."""
        names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for one in node.names:
                    first = one.name.partition(".")[0]
                    names[one.asname or first] = one.name if one.asname else first
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.update((one.asname or one.name, f"{node.module}.{one.name}") for one in node.names)
        return names

    @cached_property
    def imported_packages(self) -> frozenset[str]:
        """The top-level names of what is imported."""
        return frozenset(dotted.partition(".")[0] for dotted in self.imports.values())

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """Names that are bound once in the whole module, and to what."""
        bound: dict[str, list[ast.expr | None]] = {}
        for node in self.nodes:
            if isinstance(node, ast.arg):
                bound.setdefault(node.arg, []).append(None)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                # Loops, `with … as`, `:=`, `+=` and unpacking give a name no value that could be read here.
                parent = self.parents[node]
                value = parent.value if isinstance(parent, ast.Assign | ast.AnnAssign) else None
                bound.setdefault(node.id, []).append(value)
        once = ((name, values[0]) for name, values in bound.items() if len(values) == 1)
        return {name: value for name, value in once if value is not None}

    def dotted(self, node: ast.AST) -> str:
        """`requests.get` for what a chain of names and attributes means, through imports; "" for all else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ".".join(["", *reversed(parts)]) if parts else ""
        return ".".join([self.imports.get(node.id, node.id), *reversed(parts)])

    def constant(self, node: ast.expr | None) -> object:
        """The value of a literal, or of a name that is bound to one and never again; else `...`."""
        if isinstance(node, ast.Name):
            node = self.constants.get(node.id)
        return node.value if isinstance(node, ast.Constant) else ...

    def text(self, node: ast.expr | None) -> str | None:
        """A string as it is written, `{}` for what is filled in at run time; None for what is no string."""
        if isinstance(node, ast.Name):
            node = self.constants.get(node.id)
        if isinstance(node, ast.JoinedStr):
            return "".join(_literal(part) for part in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            # A long sum leans to the left: its first part says where the URL leads.
            fields = 0
            while (
                isinstance(node, ast.BinOp)
                and isinstance(node.op, ast.Add | ast.Mod)
                and fields < _MOST_PARTS
            ):
                fields += isinstance(node.op, ast.Add)
                node = node.left
            return _literal(node) + "{}" * bool(fields) if _is_text(node) else None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            node = node.func.value
        return _literal(node) if node is not None and _is_text(node) else None

    def scope(self, node: ast.AST) -> ast.AST | None:
        """The function, class or module whose name space a node stands in."""
        scopes = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | ast.Module
        return next((one for one in self.ancestors(node) if isinstance(one, scopes)), None)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, innermost first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent


def _children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below one, in order; without `ctx`, of which all names share a few."""
    children: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            children += [one for one in value if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST) and name != "ctx":
            children.append(value)
    return children


def defaults_of(arguments: ast.arguments) -> dict[str, ast.expr]:
    """The parameters that have a default, each with it."""
    positional = [*arguments.posonlyargs, *arguments.args]
    last = positional[len(positional) - len(arguments.defaults) :]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    pairs = [*zip(last, arguments.defaults, strict=True), *named]
    return {argument.arg: default for argument, default in pairs if default is not None}


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _literal(node: ast.AST) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "{}"
