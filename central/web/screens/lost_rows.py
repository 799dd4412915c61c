"""What somebody else took away while one was at it: who, when, where it can be put back, and what one had typed."""

from collections.abc import Iterable, Mapping
from typing import Any, get_type_hints

from aiohttp import web

from central.kernel.crud import CONFIGURED
from central.kernel.entity import Declaration
from central.kernel.tx import Read
from central.web.form import form_of
from central.web.history.records import past
from central.web.history.words import title_of
from central.web.screens.conflicts import changers
from central.web.screens.fields import Typed, fields_of
from central.web.screens.forms import typed_from
from central.web.screens.screen import Screen
from central.web.screens.sight import labels_for
from shared.ids import is_id

MOST_TYPED = 40


async def lost_row(screen: Screen, declaration: Declaration | None, row_id: str | None) -> web.Response:
    """For who might have seen it; for all others there is nothing at this address."""
    if declaration is None or not row_id or not is_id(row_id):
        return await screen.lost()
    typed = typed_from(await form_of(screen.request)) if screen.request.method == "POST" else {}
    found = await screen.read(lambda read: _told(screen, read, declaration, row_id, typed))
    if found is None:
        return await screen.lost()
    return await screen.page("screens/gone.html", status=404, title=screen.t("Supprimé entre-temps"), **found)


def _told(screen: Screen, read: Read, declaration: Declaration, row_id: str, typed: Typed) -> Mapping[str, Any] | None:
    gone = past(screen.door, read, declaration.name, row_id)
    if gone is None or gone.now is not None:
        return None
    by = changers(read, screen.t, declaration.name, [row_id]).get((row_id, ""))
    return {
        "here": declaration.name, "at": gone.context, "subject": title_of(read, screen.t, gone), "by": by,
        "typed": tuple(_typed(screen, read, declaration, typed)),
        "history": f"/admin/history/{declaration.name}/{row_id}",
    }  # fmt: skip


def _typed(screen: Screen, read: Read, declaration: Declaration, typed: Typed) -> Iterable[tuple[str, str]]:
    """Each answer of its form under its label."""
    configured = CONFIGURED.get(declaration.name)
    if configured is None:
        return
    hints = get_type_hints(declaration.kind, include_extras=True)
    for each in fields_of({column.name: hints[column.name] for column in configured.changeable if not column.secret}):
        for path, values in list(typed.items())[: 10 * MOST_TYPED]:
            said = [value for value in values if value.strip() and value != "#"]
            if path.partition(".")[0] == each.name and said:
                if each.ref:
                    named = labels_for(screen.door, read, screen.t, [(each.ref, value) for value in said], ())
                    said = [named(each.ref, value) for value in said]
                yield screen.t.field(declaration.name, each.name), "\n".join(said)
