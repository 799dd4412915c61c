"""What a house still needs before it can sell: items that stand next to an area's model, and in its declaration.

    @needed(t("Tarifs"), at=ContextKind.SEASON, order=310)
    def tariffs(read: Read, season: str) -> Standing:
        return of_table(read, "tariff", season, t("Créez les tarifs …"))

An item looks and says how things stand; it decides nothing and forbids nothing (the door does that). The page that
shows them (web/checklist.py) knows them by this registry. `usual` proposes the command that most houses would give.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from central.kernel.tx import Read
from shared.ids import Id

HOUSE = "/admin/e"


def t(msgid: str) -> str:
    """Marks a sentence for the catalogues; it is said in the reader's language when it is shown."""
    return msgid


@dataclass(frozen=True, slots=True)
class ItemRest:
    """What was set up once and does not hold now: the sentence that says so, and by which word a link leads where.
    `paused`: somebody stopped it on purpose and can have it back."""

    said: str
    word: str
    link: str
    paused: bool


@dataclass(frozen=True, slots=True)
class ItemStanding:
    """How an item stands. `count` says how much there is, `lacking` what is missing, by its code, `parts` by a text of
    ours; `next` is the sentence that says what to do, `link` the form where it is done (empty: on no page); `of`: the
    names of the one row that it is about; `acts_on`: entity and id of the one that `link` would do something to."""

    done: bool
    next: str
    link: str
    count: int = 0
    lacking: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    of: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False  # for an item before it: its link would lead to a form that cannot be filled in yet
    acts_on: tuple[str, str] | None = None
    rests: ItemRest | None = None


Look = Callable[[Read, str], ItemStanding | None]
"""None: nothing to say of it here."""
Usual = Callable[[Read, str, Id, Callable[[str], dict[str, str]]], Any]
"""(read, the context's id, an id for what is made, names in all languages of a text) → a command, or None: not now."""


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """`at`: the kind of context that it is set up in. `optional`: one can sell without it."""

    name: str
    title: str
    at: str
    order: int
    optional: bool
    look: Look
    usual: Usual | None = field(default=None)
    needs: str = ""


ITEMS: dict[str, ChecklistItem] = {}
"""What the areas declare (web/area.py)."""


def needed(
    title: str, *, at: str, order: int, optional: bool = False, usual: Usual | None = None, needs: str = ""
) -> Callable[[Look], ChecklistItem]:
    """Makes an item of a look, under its function's name; `order` is its place in the list, over all areas. `needs`:
    the privilege that shows it (empty: whoever sees the context)."""
    return lambda look: ChecklistItem(look.__name__, title, str(at), order, optional, look, usual, needs)


def items(at: str) -> list[ChecklistItem]:
    return sorted((item for item in ITEMS.values() if item.at == at), key=lambda item: item.order)


def of_table(read: Read, table: str, context_id: str, next_: str, *, where: str = "", least: int = 1) -> ItemStanding:
    """Rows of an entity in one context: there are enough of them, or the form to make one."""
    ((count,),) = read.run(f"SELECT COUNT(*) FROM {table} WHERE context_id = :at{where}", at=context_id)  # noqa: S608 - names of ours, values are parameters
    at = f"?at={context_id}"
    link = f"{HOUSE}/{table}{at}" if count >= least else f"{HOUSE}/{table}/new{at}"
    return ItemStanding(count >= least, next_, link, int(count))
