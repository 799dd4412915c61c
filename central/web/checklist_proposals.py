"""What most houses have, proposed: shown before it is made, and each line of it may be left out."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from aiohttp import web

from central.kernel.checklist import ChecklistItem
from central.kernel.door import Door
from central.web.form import form_of
from central.web.frame import Frame
from central.web.preview_mark import SHOWN, shown_mark, was_shown
from central.web.session import SignedIn
from shared.ids import Id, is_id
from shared.outcome import Refused
from shared.runtime.system import SystemClock, fresh_id

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class UsualSet:
    """What an item proposes (`wanted`, a command), as a form shows it: `prefix` stands before the names of its fields,
    `taken` are the codes of the rows that were left in (None: all, nobody said anything yet)."""

    item: ChecklistItem
    wanted: Any
    prefix: str
    rows: tuple[tuple[str, str, dict[str, str], str], ...]
    mark: str
    command: Id
    taken: frozenset[str] | None = None
    unseen: bool = False

    @property
    def chosen(self) -> Any:
        return self.wanted if self.taken is None else only(self.wanted, self.taken)


def _set(item: ChecklistItem, wanted: Any, prefix: str, posted: Any) -> UsualSet:
    rows = tuple(_rows(wanted))
    mark = shown_mark(list(rows))
    if posted is None:
        return UsualSet(item, wanted, prefix, rows, mark, fresh_id(_CLOCK))
    said = str(posted.get(f"{prefix}_command", ""))
    taken = frozenset(str(each) for each in posted.getall(f"{prefix}take", []))
    shown = was_shown([str(each) for each in posted.getall(f"{prefix}{SHOWN}", [])], mark)
    return UsualSet(
        item, wanted, prefix, rows, mark, Id(said) if is_id(said) else fresh_id(_CLOCK), taken, unseen=not shown
    )


async def proposed(
    request: web.Request, frame: Frame, door: Door, me: SignedIn, at: str, wanted: Sequence[tuple[ChecklistItem, Any]],
    title: str,
) -> web.Response:  # fmt: skip
    """What would be made, of which one may leave out; or, asked to, makes what was left in. Of several sets each is a
    command of its own: one that is refused is shown again, with those after it."""
    posted: Any = await form_of(request) if request.method == "POST" else None
    several = len(wanted) > 1 or not request.match_info.get("item")
    sets = [_set(item, want, f"{item.name}." if several else "", posted) for item, want in wanted]
    none = posted is not None and not any(each.taken for each in sets)
    unseen = any(each.unseen for each in sets)
    refused, given = await _made(door, me, sets, dry_run=posted is None or unseen or none)
    if posted is not None and not (none or unseen or refused):
        raise web.HTTPSeeOther(f"/admin/live?at={at}&done={'.'.join(given)}")
    return await frame.page(
        request, "checklist_usual.html", status=200 if posted is None else 422, title=title, sets=sets, at=at,
        nothing=none, refused=refused, here="/admin/live", SHOWN=SHOWN, unseen=unseen,
    )  # fmt: skip


async def _made(
    door: Door, me: SignedIn, sets: Sequence[UsualSet], *, dry_run: bool
) -> tuple[Refused | None, list[Id]]:
    """(why the first that is refused is, the commands that were given before it)."""
    given: list[Id] = []
    for each in sets:
        if each.taken == frozenset():
            continue
        outcome = (await door.execute(me.actor, each.chosen, each.command, dry_run=dry_run)).outcome
        if isinstance(outcome, Refused):
            return outcome, given
        given.append(each.command)
    return None, given


def only(command: Any, codes: Collection[str]) -> Any:
    """The same command with those of its rows that have these codes."""
    lists = {each.name: getattr(command, each.name) for each in fields(command)}
    return replace(command, **{
        name: tuple(row for row in rows if row.code in codes) for name, rows in lists.items() if _is_rows(rows)
    })  # fmt: skip


def _is_rows(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(getattr(each, "names", None), dict) for each in value)


def _rows(command: Any) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """(code of the row to take, its code, names, colour) of what a command would make, and of what comes with it: that
    is taken with it, and has no code to take."""
    for field in fields(command):
        value = getattr(command, field.name)
        for each in value if _is_rows(value) else ():
            yield each.code, each.code, each.names, getattr(each, "colour", "")
            if hasattr(each, "point_code"):
                yield "", each.point_code, each.point_names, ""
