"""The addresses of the generic administration."""

from typing import get_type_hints

from aiohttp import web

from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS
from central.web.frame import FRAME
from central.web.kept_forms import keeps
from central.web.screens.acts import act
from central.web.screens.bulk import bulk
from central.web.screens.export_lane import EXPORT_LANE, ExportLane
from central.web.screens.exports import EXPORTS, answer, table
from central.web.screens.fields import fields_of, secrets_of
from central.web.screens.home import house, pick
from central.web.screens.listing import may_see
from central.web.screens.lists import columns_of, listed, wanted_in
from central.web.screens.notation import notation_of
from central.web.screens.row_forms import edit, new
from central.web.screens.screen import creators, declared, screen_of
from central.web.screens.things import thing


def screens(app: web.Application) -> None:
    """Adds them; `app[FRAME]` stands already."""
    assert FRAME in app, "the frame comes first"
    app[EXPORT_LANE] = ExportLane()
    router = app.router
    router.add_get("/admin", house)
    router.add_get("/admin/at/{context}", house)
    router.add_get("/admin/pick/{entity}", pick)
    router.add_get("/admin/e/{entity}", listed)
    router.add_get("/admin/e/{entity}/export.{form}", export)
    router.add_get("/admin/e/{entity}/new", new)
    router.add_post("/admin/e/{entity}/new", new)
    router.add_post("/admin/e/{entity}/bulk", bulk)
    router.add_get("/admin/e/{entity}/{id}", thing)
    router.add_get("/admin/e/{entity}/{id}/edit", edit)
    router.add_post("/admin/e/{entity}/{id}/edit", edit)
    router.add_get("/admin/do/{command}", act)
    router.add_post("/admin/do/{command}", act)
    for path in ("/admin/e/{entity}/new", "/admin/e/{entity}/{id}/edit", "/admin/do/{command}"):
        keeps(app, path, _secrets)


def _secrets(request: web.Request) -> set[str]:
    """Fields of a form that are nobody's to keep, by their last names."""
    said = request.match_info
    handler, entity = COMMANDS.get(said.get("command", "")), said.get("entity", "")
    kinds = [handler.kind] if handler else [each.kind for each in creators(entity)]
    kinds += [BY_NAME[entity].kind] if entity in BY_NAME else []
    return {name for kind in kinds for name in secrets_of(fields_of(get_type_hints(kind, include_extras=True)))}


async def export(request: web.Request) -> web.Response:
    """All of a list as it stands, in the columns that are shown."""
    screen = await screen_of(request)
    declaration = declared(request)
    form = request.match_info["form"]
    if declaration is None or form not in EXPORTS:
        return await screen.lost()
    if not await screen.read(lambda read: may_see(screen.door, read, declaration)):
        return await screen.forbidden(declaration.read)
    columns, wanted = columns_of(screen, declaration), wanted_in(request, declaration)
    made, notation = EXPORTS[form][1], notation_of(screen.t)
    with request.app[EXPORT_LANE].entered(screen.me.actor.id, request) as turn:
        body = await screen.door.read_long(
            screen.me.actor, lambda read: made(table(screen, read, declaration, wanted, columns, turn), notation)
        )
    return answer(form, f"{declaration.name}-{screen.t.language}", body)
