"""Contexts of one name say which they are: an organiser is often called as its institution."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from central.web.texts import Texts


class NamedContext(Protocol):
    """What tells contexts apart."""

    @property
    def id(self) -> str: ...
    @property
    def parent_id(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def names(self) -> Mapping[str, str]: ...


def context_marks(t: Texts, contexts: Iterable[NamedContext]) -> dict[str, str]:
    """What follows the name of each that shares it, ` (institution)`: its kind, what it hangs under or its code,
    whichever it alone has first."""
    known = {each.id: each for each in contexts}
    called: dict[str, list[NamedContext]] = {}
    for each in known.values():
        called.setdefault(t.of(each.names).casefold(), []).append(each)

    def ways(each: NamedContext) -> tuple[str, str, str]:
        above = known.get(each.parent_id or "")
        return t.value("context_kind", each.kind), t.of(above.names) if above else "", each.code

    found: dict[str, str] = {}
    for same in called.values():
        listed = [ways(each) for each in same]
        for each, said in zip(same, listed, strict=True):
            alone = [way for way, others in zip(said, zip(*listed, strict=True), strict=True) if others.count(way) == 1]
            if len(same) > 1:
                found[each.id] = f" ({(*filter(None, alone), each.code)[0]})"
    return found
