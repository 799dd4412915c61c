"""Two who changed the same at the same time: of each field what it was, what the other one saved, who that was and
when. What was typed stays in its field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from central.kernel.columns import columns
from central.kernel.db import in_list
from central.kernel.former_names import names_of, renamed
from central.kernel.tx import Read
from central.web.actor_words import actor_row, nobodys_name
from central.web.screens.names import house_timezone, labels
from central.web.texts import Texts
from shared.clock import from_ms

MOST_LOOKED_AT = 200  # changes of these rows, the newest first, as many of each
LEAST_OF_EACH = 5


@dataclass(frozen=True, slots=True)
class Theirs:
    """What somebody else saved in a field. `before`: what it was when this form was opened; None: that is not known.
    `taken`: it stands in the field, in which nothing else was typed."""

    text: str
    before: str | None
    who: str
    when: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Changer:
    who: str
    when: str


@dataclass(frozen=True, slots=True)
class _Changed:
    entity_id: str
    action: str
    change: str
    actor: str
    at: int


_CHANGED = columns(
    _Changed, entity_id="a.entity_id", action="a.action", change="a.change", actor="l.actor", at="l.at"
)  # fmt: skip
_NEWEST = columns(_Changed, entity_id="entity_id", action="action", change="change", actor="actor", at="at")


def changers(read: Read, t: Texts, entity: str, ids: Iterable[str]) -> Mapping[tuple[str, str], Changer]:
    """Who changed what last, and when, by (row, field); under the field `""` who changed the row at all."""
    among, params = in_list("row", sorted(set(ids)))
    called, more = in_list("entity", names_of(entity))
    newest = "PARTITION BY a.entity_id ORDER BY l.at DESC, l.turn DESC"
    rows = read.run(
        f"SELECT {_NEWEST} FROM (SELECT {_CHANGED}, ROW_NUMBER() OVER ({newest}) AS nth "  # noqa: S608 - names of ours, values are parameters
        f"FROM audit a JOIN command_log l ON l.id = a.command_id "
        f"WHERE a.entity IN {called} AND a.entity_id IN {among}) AS c WHERE nth <= :most ORDER BY nth",
        most=max(MOST_LOOKED_AT // max(len(params), 1), LEAST_OF_EACH), **params, **more,
    )  # fmt: skip
    found: dict[tuple[str, str], tuple[str, int]] = {}
    for each in (_Changed(*row) for row in rows):
        said = renamed(entity, orjson.loads(each.change)) if each.change and each.action == "changed" else {}
        for name in ("", *said):
            found.setdefault((each.entity_id, name), (each.actor, each.at))
    actors = {actor: actor_row(actor) for actor, _ in found.values()}
    named, zone = labels(read, t, [each for each in actors.values() if each]), house_timezone(read)
    return {
        key: Changer(
            named(*stands) if (stands := actors[actor]) else nobodys_name(t, actor),
            t.moment(from_ms(at), zone, "short"),
        )
        for key, (actor, at) in found.items()
    }
