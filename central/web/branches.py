"""The tree of contexts as somebody sees it: where they hold a right, what lies below, and the way there. A house may
have thousands, so a page shows the whole tree of a small one; of a larger one the way to the chosen context, and some
of what hangs on each context of it. All others are found on a page of their own (branch_pages.py)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from central.kernel.contexts import Context, contexts_below, path_of
from central.kernel.db import in_list
from central.kernel.reach import PathOf
from central.kernel.search_index import folded
from central.kernel.tx import Read
from shared.ids import Id, is_id

SMALL = 60  # contexts of which all are shown
MOST_BESIDE = 20  # that hang on one
MOST_FOUND = 50
MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Branch:
    """A context in the tree: its children in alphabetical order of their codes; `more`: there are others."""

    id: str
    parent_id: str | None
    kind: str
    code: str
    names: dict[str, str]
    children: tuple["Branch", ...]
    more: bool = False

    def all(self) -> Iterator["Branch"]:
        yield self
        for child in self.children:
            yield from child.all()


@dataclass(frozen=True, slots=True)
class Reached:
    """`held`: contexts in which the asker holds a right; `ways`: these and all above them."""

    held: frozenset[str]
    ways: frozenset[str]

    def sees(self, path: Sequence[str]) -> bool:
        return bool(path) and (path[0] in self.ways or not self.held.isdisjoint(path))


def small_house(read: Read) -> list[Context] | None:
    """All contexts by their codes, in one statement; None: there are many."""
    known = read.find(Context, "ORDER BY code LIMIT :most", most=SMALL + 1)
    return known if len(known) <= SMALL else None


def whole_tree(read: Read, known: Sequence[Context]) -> tuple[Branch, ...]:
    """Of a small house, what the asker sees."""
    parents = {each.id: each.parent_id for each in known}
    held, shown = {context for _, context in read.actor.grants}, set[str]()
    for leaf in parents:
        path: list[str] = []
        at: str | None = leaf
        while at:
            path.append(at)
            at = parents.get(Id(at))
        if not held.isdisjoint(path):
            shown.update(path)
    return _grown([each for each in known if each.id in shown], None)


def reached(read: Read, path: PathOf = path_of) -> Reached:
    held = frozenset(context for _, context in read.actor.grants)
    return Reached(held, frozenset(each for context in held for each in path(read, context)))


def tree(read: Read, at: str | None = None) -> tuple[Branch, ...]:
    """What the asker sees of it, with the way to `at`: one root, or none where they hold no right."""
    known = small_house(read)
    if known is not None:
        return whole_tree(read, known)
    seen = reached(read)
    if not seen.ways:
        return ()
    below = contexts_below(read, *sorted(seen.held), most=SMALL + 1)
    if len({*below, *seen.ways}) <= SMALL:
        among, params = in_list("c", sorted({*below, *seen.ways}))
        return _grown(read.find(Context, f"WHERE id IN {among} ORDER BY code", **params), None)
    way = path_of(read, at) if at else ()
    way = way if seen.sees(way) else ()
    top = next(iter(read.find(Context, "WHERE parent_id IS NULL")))
    return (_narrowed(read, seen, top, frozenset({*way, top.id})),)


def _grown(known: Iterable[Context], parent: str | None) -> tuple[Branch, ...]:
    hung: dict[str | None, list[Context]] = {}
    for each in known:
        hung.setdefault(each.parent_id, []).append(each)

    def branches(at: str | None) -> tuple[Branch, ...]:
        return tuple(branch_of(each, branches(each.id)) for each in hung.get(at, ()))

    return branches(parent)


def branch_of(context: Context, children: tuple[Branch, ...] = ()) -> Branch:
    return Branch(context.id, context.parent_id, context.kind, context.code, context.names, children)


def _narrowed(read: Read, seen: Reached, context: Context, way: frozenset[str]) -> Branch:
    if context.id not in way:
        return branch_of(context)
    found = _hung(read, seen, context.id, MOST_BESIDE + 1)
    more, found = len(found) > MOST_BESIDE, found[:MOST_BESIDE]
    if not way.isdisjoint(each.id for each in found):
        on_way: list[Context] = []
    else:
        among, params = in_list("w", sorted(way))
        on_way = read.find(Context, f"WHERE parent_id = :at AND id IN {among}", at=context.id, **params)
    children = sorted((*found, *on_way), key=lambda each: each.code)
    made = branch_of(context, tuple(_narrowed(read, seen, each, way) for each in children))
    return replace(made, more=more)


def children_of(read: Read, at: str, most: int) -> tuple[Branch, ...]:
    """What hangs on a context, as far as it is seen."""
    return tuple(branch_of(each) for each in _hung(read, reached(read), at, most))


def _hung(read: Read, seen: Reached, at: str, most: int) -> list[Context]:
    order = "ORDER BY code, id LIMIT :most"
    if not seen.held.isdisjoint(path_of(read, at)):
        return read.find(Context, f"WHERE parent_id = :at {order}", at=at, most=most)
    among, params = in_list("w", sorted(seen.ways))
    return read.find(Context, f"WHERE parent_id = :at AND id IN {among} {order}", at=at, most=most, **params)


def seen_branch(read: Read, wanted: str) -> Branch | None:
    """A context that the asker sees anything of, without what hangs on it; none wanted: the topmost."""
    seen = reached(read)
    if not wanted:
        top = read.find(Context, "WHERE parent_id IS NULL") if seen.ways else []
        return branch_of(top[0]) if top else None
    context = read.get(Context, wanted) if is_id(wanted) else None
    return branch_of(context) if context and seen.sees(path_of(read, wanted)) else None


def way_to(read: Read, at: str) -> tuple[Branch, ...]:
    """From the topmost down to a context that is seen."""
    found = (read.get(Context, each) for each in reversed(path_of(read, at)))
    return tuple(branch_of(each) for each in found if each)


# --- looking for one --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundContexts:
    """`after`: the last one's mark, where there are more."""

    rows: tuple[Branch, ...]
    after: str = ""


def contexts_found(read: Read, q: str, under: str, after: str) -> FoundContexts:
    """Those that the asker sees, with these words in their code or names, that hang on `under` (empty: all)."""
    seen = reached(read)
    if not seen.ways:
        return FoundContexts(())
    where, params = ["1 = 1"], dict[str, str]()
    if last := read.get(Context, after):
        where, params = ["(code, id) > (:code, :id)"], {"code": last.code, "id": last.id}
    if under:
        where, params = [*where, "parent_id = :under"], params | {"under": under}
    for n, word in enumerate(folded(q).split()[:MOST_WORDS]):
        line = f"f.entity = 'context' AND f.words LIKE :word{n} ESCAPE '!'"
        where.append(f"id IN (SELECT f.entity_id FROM found f WHERE {line})")  # noqa: S608 - names of parameters
        params[f"word{n}"] = f"%{word.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
    if not any(len(path_of(read, each)) == 1 for each in seen.held):
        held, more = in_list("h", sorted({*contexts_below(read, *sorted(seen.held)), *seen.ways}))
        where, params = [*where, f"id IN {held}"], params | more
    rows = read.find(
        Context, f"WHERE {' AND '.join(where)} ORDER BY code, id LIMIT :most", most=MOST_FOUND + 1, **params
    )
    shown = rows[:MOST_FOUND]
    return FoundContexts(tuple(map(branch_of, shown)), shown[-1].id if len(rows) > MOST_FOUND else "")
