"""Which entities' tables a module writes, as its text shows: what it hands to a transaction's methods. An area
writes its own tables only; the list of exceptions is here and only gets shorter.

What an entity is called is followed within a module: parameters, what a function says it gives, `replace(before, …)`,
what a loop or a pattern takes out of it. Of what stays unknown nothing is said.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

# (area, table of another's) → why. The list only gets shorter.
WRITTEN_BY_OTHERS: dict[tuple[str, str], str] = {
    ("programme", "performance"): "its life is programme's; catalogue declares it for whoever stands between them",
    ("first_run", "operator"): "the first person is there before anybody may invite one",
    ("first_run", "operator_role"): "and their role, which nobody is there to give",
}

ONE = {"insert", "insert_all", "insert_if_absent", "append", "update", "delete"}
"""Of a transaction: what takes entities."""
OF_KIND = {"insert_row", "insert_row_if_absent", "append_rows", "rewrite", "rewritten", "remove", "gone"}
"""Of a transaction: what takes their kind first (tools/checks.py follows it through whoever hands it on)."""
GIVE = {"get", "get_locked", "find"}  # give the kind that they are asked for
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
NOT_LOOKED_INTO = frozenset(dir(builtins))
Tables = frozenset[str]
NONE: Tables = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """Of the whole tree: entities and their tables, functions and fields with those that their annotations name (where
    several of one name say different things, nothing)."""

    kinds: Mapping[str, str]
    gives: Mapping[str, Tables]
    fields: Mapping[str, Tables]


@dataclass(slots=True)
class _Scope:
    """What names stand for in a function, within what is around it."""

    known: Known
    kinds: Mapping[str, list[str]]
    names: dict[str, list[ast.expr | Tables]] = field(default_factory=dict)
    around: "_Scope | None" = None

    def of(self, node: ast.expr | None, seen: frozenset[int] = frozenset()) -> Tables:
        """The tables of the entities that an expression gives, alone, in an outcome or as many."""
        if node is None or id(node) in seen:
            return NONE
        seen |= {id(node)}
        match node:
            case ast.Name(id=name):
                return self._named(name, seen)
            case ast.Call(func=ast.Attribute(attr=how) | ast.Name(id=how), args=[first, *_]) if how in GIVE:
                return frozenset(self.kinds.get(first.id, ())) if isinstance(first, ast.Name) else NONE
            case ast.Call(func=ast.Name(id="replace" | "Ok"), args=[first, *_]):
                return self.of(first, seen)
            case ast.Call(func=ast.Attribute(attr=how), args=[*_, last]) if how in ONE:
                return self.of(last, seen)  # what was written
            case ast.Call(func=ast.Attribute(value=ast.Name(id=kind))) if kind in self.kinds:
                return frozenset(self.kinds[kind])  # `Allocation.of_seat(…)`
            case ast.Call(func=ast.Attribute(value=of, attr="values" | "items" | "get" | "pop")):
                return self.of(of, seen)
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=args):
                if called in self.kinds:
                    return frozenset(self.kinds[called])
                if called in self.known.gives:
                    return self.known.gives[called]
                return self._of_all(args, seen) if called in NOT_LOOKED_INTO else NONE
            case ast.Attribute(value=of, attr="value"):
                return self.of(of, seen)
            case ast.Attribute(attr=name):
                return self.known.fields.get(name, NONE)
            case ast.ListComp(elt=of) | ast.SetComp(elt=of) | ast.GeneratorExp(elt=of) | ast.DictComp(value=of):
                return self.of(of, seen)
            case ast.Subscript(value=of) | ast.Await(value=of) | ast.Starred(value=of) | ast.NamedExpr(value=of):
                return self.of(of, seen)
            case ast.List(elts=many) | ast.Tuple(elts=many) | ast.BoolOp(values=many):
                return self._of_all(many, seen)
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
                return self.of(one, seen) | self.of(other, seen)
        return NONE

    def _of_all(self, many: Iterable[ast.expr], seen: frozenset[int]) -> Tables:
        return NONE.union(*(self.of(each, seen) for each in many))

    def _named(self, name: str, seen: frozenset[int]) -> Tables:
        if name not in self.names:
            return self.around._named(name, seen) if self.around else NONE
        return NONE.union(*(self.of(each, seen) if isinstance(each, ast.expr) else each for each in self.names[name]))

    def binds(self, target: ast.expr | None, to: ast.expr | Tables) -> None:
        match target, to:
            case ast.Name(id=name), _:
                self.names.setdefault(name, []).append(to)
            case (ast.Tuple(elts=targets), ast.Tuple(elts=values)) if len(targets) == len(values):
                for one, value in zip(targets, values, strict=True):
                    self.binds(one, value)
            case ((ast.Tuple(elts=targets) | ast.List(elts=targets)), _):
                for one in targets:
                    self.binds(one.value if isinstance(one, ast.Starred) else one, to)


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All of it: many look at the same."""
    return tuple(ast.walk(tree))


def known(trees: Iterable[ast.AST], kinds: Mapping[str, str]) -> Known:
    gives: dict[str, Tables] = {}
    fields: dict[str, Tables] = {}
    for tree in trees:
        for node in nodes(tree):
            match node:
                case ast.FunctionDef(name=name, returns=said) | ast.AsyncFunctionDef(name=name, returns=said):
                    _agreed(gives, name, _in_words(said, kinds))
                case ast.AnnAssign(target=ast.Name(id=name), annotation=said):
                    _agreed(fields, name, _in_words(said, kinds))
    return Known(kinds, gives, fields)


def _agreed(there: dict[str, Tables], name: str, said: Tables) -> None:
    there[name] = said if there.get(name, said) == said else NONE


def _in_words(annotation: ast.expr | None, kinds: Mapping[str, str]) -> Tables:
    """The entity that an annotation names, be it in a list or an outcome; where it names several, nothing is sure."""
    if annotation is None:
        return NONE
    named = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)} & kinds.keys()
    return frozenset(kinds[each] for each in named) if len(named) == 1 else NONE


def written(tree: ast.AST, known: Known, kinds: Mapping[str, list[str]]) -> Iterator[tuple[ast.expr, Tables]]:
    """Each call that hands entities to a transaction to write, with their tables (none: not known). `kinds`: what this
    module calls entities."""
    yield from _within(tree, _Scope(known, kinds))


def _within(node: ast.AST, scope: _Scope) -> Iterator[tuple[ast.expr, Tables]]:
    own = list(_own(node))
    for each in own:
        _bind(each, scope)
    for each in own:
        if isinstance(each, ast.expr) and (given := _given(each)):
            yield each, scope.of(given)
        if isinstance(each, FUNCTIONS):
            inner = _Scope(scope.known, scope.kinds, around=scope)
            for taken in (*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs):
                inner.names[taken.arg] = [_in_words(taken.annotation, scope.known.kinds)]
            yield from _within(each, inner)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function, without what stands in those within it."""
    for each in ast.iter_child_nodes(node):
        yield each
        if not isinstance(each, FUNCTIONS):
            yield from _own(each)


def _bind(node: ast.AST, scope: _Scope) -> None:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                scope.binds(target, value)
        case ast.AnnAssign(target=target, annotation=said, value=value):
            scope.binds(target, _in_words(said, scope.known.kinds) or value or NONE)
        case ast.NamedExpr(target=target, value=value):
            scope.binds(target, value)
        case ast.For(target=target, iter=many) | ast.comprehension(target=target, iter=many):
            scope.binds(target, many)
        case ast.Match(subject=subject, cases=cases):
            for case in cases:
                for pattern in ast.walk(case.pattern):
                    if isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name:
                        scope.binds(ast.Name(pattern.name), subject)


def _given(node: ast.AST) -> ast.expr | None:
    """What is handed over in `tx.update(before, after)`, `partial(tx.delete, row)`."""
    match node:
        case ast.Call(func=ast.Name(id="partial"), args=[ast.Attribute(value=tx, attr=how), *args], keywords=keywords):
            pass
        case ast.Call(func=ast.Attribute(value=tx, attr=how), args=args, keywords=keywords):
            pass
        case _:
            return None
    if how not in ONE or ast.unparse(tx).rpartition(".")[2].lstrip("_") != "tx":
        return None
    return ast.Tuple([*args, *(each.value for each in keywords)])
