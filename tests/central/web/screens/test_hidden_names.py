"""An id that is known tells no name: whatever form, act or list it is written into, its page says nothing of a thing
that the asker may not see.

Walked are all references of all forms, as somebody of another organiser, as one with nothing but the form's own right,
and as one who is kept to one point of sale or one channel. Rows and commands are made up from what is declared.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

import pytest

from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.entity import BY_NAME, Look
from central.kernel.privileges import EVERYTHING
from central.kernel.registry import COMMANDS, Handler
from central.kernel.tx import Read
from central.organisation.model import PerimeterKind
from central.web.screens.fields import Field, FieldKind, Setting, typed_of
from central.web.screens.listing import one
from central.web.screens.names import label, title_column
from central.web.screens.screen import creators
from central.web.screens.sheet import entered_fields
from central.web.texts import texts
from tests.central.sampling import Party, named_in, of_nobody, party, put
from tests.central.small_house import Clerk, House, new_id
from tests.central.web.screens.conftest import Browser

pytestmark = pytest.mark.behind_the_door  # rows are put in by hand

_SAID = {Look.TIMEZONE: "Europe/Paris", Look.CURRENCY: "EUR"}
REFS = (FieldKind.REF, FieldKind.REFS)


@dataclass(frozen=True, slots=True)
class Stage:
    """Two organisers with a row of everything. `names`: by table, what their row is called; no other is called so."""

    browser: Browser
    ours: Party
    theirs: Party
    names: dict[str, str]

    def called(self, party: Party, table: str) -> str:
        return self.names[table].replace("secret", "secret" if party is self.theirs else "notre")

    async def hidden(self, actor: Actor, party: Party) -> set[str]:
        """Tables of whose row of theirs the asker may not see, and that has a name to be told."""

        def look(read: Read) -> set[str]:
            rows = {table: party.rows.row(table) for table in self.names}
            return {table for table in rows if one(self.browser.door, read, BY_NAME[table], rows[table]) is None}

        return await self.browser.door.read(actor, look)


@pytest.fixture
def parties(quick: tuple[Clerk, House]) -> tuple[Clerk, Party, Party]:
    clerk, house = quick
    return clerk, party(clerk, house, "NOUS"), party(clerk, house, "EUX")


def _called(clerk: Clerk, party: Party, word: str) -> None:
    """Every row that has a name of its own gets one that stands nowhere else."""
    clerk.db.begin(write=True)
    for table, declaration in BY_NAME.items():
        for column in declaration.columns:  # what the samples have there is none
            if column.look in _SAID:
                sql = f"UPDATE {table} SET {column.name} = :value WHERE id = :id"
                clerk.db.write(sql, {"value": _SAID[column.look], "id": party.rows.row(table)})
        title = title_column(table)
        if title is None or table == "context" or not (title.look is Look.NAMES or title.hint is str):
            continue
        said: Any = {"fr": f"{word} {table}"} if title.look is Look.NAMES else f"{word} {table}"
        value = title.to_db(said) if title.to_db else said
        sql = f"UPDATE {table} SET {title.name} = :value WHERE id = :id"
        clerk.db.write(sql, {"value": value, "id": party.rows.row(table)})
    clerk.db.commit()


@pytest.fixture
async def stage(parties: tuple[Clerk, Party, Party], browser: Browser) -> Stage:
    clerk, ours, theirs = parties
    _called(clerk, ours, "notre")
    _called(clerk, theirs, "secret")
    read = Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)
    t = texts("fr")
    names = {table: label(read, t, table, theirs.rows.row(table)) for table in BY_NAME if table != "context"}
    return Stage(browser, ours, theirs, {table: said for table, said in names.items() if "secret" in said})


def _forms() -> list[Handler]:
    return [each for each in COMMANDS.values() if each.needs and not of_nobody(each)]


def _refs(of: tuple[Field, ...], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(path in the form, the table it names), in groups and rows too."""
    for each in of:
        path = f"{prefix}{each.path}" if not prefix else f"{prefix}{each.name}"
        if each.kind in REFS and each.ref in BY_NAME:
            yield path, str(each.ref)
        inner = f"{path}.0." if each.kind is FieldKind.ROWS else f"{path}."
        yield from _refs(each.parts, inner)


def _page_of(stage: Stage, handler: Handler) -> str:
    if handler.makes and not handler.on:
        return f"/admin/e/{handler.makes}/new?by={handler.name}"
    on = stage.ours.activity if handler.on == "context" else handler.on and stage.ours.rows.row(handler.on)
    return f"/admin/do/{handler.name}?{f'on={on}' if on else ''}"


async def _walked(stage: Stage, actor: Actor, handler: Handler, party: Party) -> list[tuple[str, ...]]:
    """What a form says of a row of theirs that it is given in each of its references: by its address, and sent."""
    entered = entered_fields(handler, first=bool(handler.on))
    hidden = await stage.hidden(actor, party)
    found = [(path, table) for path, table in _refs(entered) if table in hidden]
    if not found:
        return []
    stage.browser.sign_in(actor)
    typed = [(path, party.rows.row(table)) for path, table in found]
    typed += [(f"{each.path}.#", "0") for each in entered if each.kind is FieldKind.ROWS]
    page = _page_of(stage, handler)
    answers = {
        "GET": await stage.browser.get(f"{page}&{urlencode(typed)}"),
        "POST": await stage.browser.post(page, typed),
    }
    return [
        (handler.name, how, table, str(answer.status))
        for how, answer in answers.items()
        for table in sorted({table for _, table in found})
        if stage.called(party, table) in answer
    ]


def _of(held: str, at: str, perimeter: dict[str, frozenset[str]] | None = None) -> Actor:
    return Actor(ActorKind.OPERATOR, new_id(), "", frozenset({(str(held), str(at))}), perimeter or {})


def _narrowed(stage: Stage) -> Iterator[Actor]:
    for kind in PerimeterKind:
        if kind in BY_NAME:
            yield _of(EVERYTHING, stage.browser.house.institution, {kind: frozenset({stage.ours.rows.row(kind)})})


async def test_a_form_names_nothing_that_its_reader_may_not_see(stage: Stage) -> None:
    wrong, walks = list[tuple[str, ...]](), 0
    for handler in _forms():
        for actor in (_of(EVERYTHING, stage.ours.organiser), *_narrowed(stage)):
            wrong += await _walked(stage, actor, handler, stage.theirs)
        wrong += await _walked(stage, _of(str(handler.needs), stage.ours.organiser), handler, stage.ours)
        walks += len(list(_refs(entered_fields(handler, first=bool(handler.on)))))
    assert not wrong, wrong
    assert walks > 60


async def test_a_refusal_names_nothing_that_its_reader_may_not_see(stage: Stage) -> None:
    """A whole command, all of it ours but for one reference: what is said of it above the form."""
    wrong, walks = list[tuple[str, ...]](), 0
    for handler in _forms():
        want = await stage.browser.door.read(SYSTEM, lambda read, each=handler: stage.ours.rows.wanted(each, read))
        for path, table in _named(handler, want):
            for actor in (_of(EVERYTHING, stage.ours.organiser), *_narrowed(stage)):
                if table not in await stage.hidden(actor, stage.theirs):
                    continue
                stage.browser.sign_in(actor)
                page, typed = _sent(stage, handler, put(want, path, stage.theirs.rows.row(table)))
                answer = await stage.browser.post(page, typed)
                walks += 1
                if stage.called(stage.theirs, table) in answer:
                    wrong.append((handler.name, ".".join(map(str, path)), str(answer.status)))
    assert not wrong, wrong
    assert walks > 150


def _named(handler: Handler, want: Any) -> Iterator[tuple[tuple[Any, ...], str]]:
    for field in fields(handler.kind) if want else ():
        hint = handler.hints[field.name]
        for path, leaf in named_in(handler.name, field.name, hint, getattr(want, field.name), (field.name,)):
            if leaf.table in BY_NAME:
                yield path, str(leaf.table)


def _sent(stage: Stage, handler: Handler, want: Any) -> tuple[str, list[tuple[str, str]]]:
    """A command as its form sends it."""
    page = _page_of(stage, handler)
    if handler.on:
        page = f"/admin/do/{handler.name}?on={getattr(want, next(iter(handler.hints)))}"
    typed: dict[str, list[str]] = {}
    for each in entered_fields(handler, first=bool(handler.on)):
        typed |= typed_of(each, getattr(want, each.name), Setting())
    return page, [(path, one) for path, values in typed.items() for one in values]


async def test_what_is_acted_on_is_named_as_little_as_its_page_names_it(stage: Stage) -> None:
    wrong, walks = list[tuple[str, ...]](), 0
    for handler in _forms():
        if handler.on not in stage.names:
            continue
        for actor in (_of(EVERYTHING, stage.ours.organiser), *_narrowed(stage)):
            if handler.on not in await stage.hidden(actor, stage.theirs):
                continue
            stage.browser.sign_in(actor)
            row = stage.theirs.rows.row(handler.on)
            page, act = f"/admin/e/{handler.on}/{row}", f"/admin/do/{handler.name}?on={row}"
            answers = [await stage.browser.get(page), await stage.browser.get(act), await stage.browser.post(act, [])]
            walks += 1
            if {each.status for each in answers} != {404} or any("secret" in each for each in answers):
                wrong.append((handler.name, *(str(each.status) for each in answers)))
    assert not wrong, wrong
    assert walks > 60


async def test_a_list_is_narrowed_by_what_is_hidden_without_naming_it(stage: Stage) -> None:
    wrong = list[tuple[str, str]]()
    for table, declaration in BY_NAME.items():
        for actor in (_of(EVERYTHING, stage.ours.organiser), *_narrowed(stage)):
            hidden = await stage.hidden(actor, stage.theirs)
            stage.browser.sign_in(actor)
            for column in declaration.columns:
                if (ref := column.shown_as) in hidden:
                    page = await stage.browser.get(f"/admin/e/{table}?is.{column.name}={stage.theirs.rows.row(ref)}")
                    wrong += [(table, column.name)] * (stage.called(stage.theirs, ref) in page)
    assert not wrong, wrong


async def test_who_sees_a_row_is_told_what_it_names(stage: Stage) -> None:
    """Its page says it, and so does the form of its copy: who may not see halls keeps the hall of what they copy."""
    (making,) = creators("performance")
    at = str(stage.ours.organiser)
    rights = frozenset({(str(making.needs), at), (BY_NAME["performance"].read, at)})
    stage.browser.sign_in(Actor(ActorKind.OPERATOR, new_id(), "", rights))
    performance = stage.ours.rows.row("performance")
    page = await stage.browser.get(f"/admin/e/performance/new?from={performance}")
    assert "notre logical_configuration" in page
    hall = stage.ours.rows.row("logical_configuration")
    page = await stage.browser.get(f"/admin/e/performance/new?logical_configuration_id={hall}")
    assert page.status == 200 and hall in page and "notre logical_configuration" not in page


async def test_a_form_says_what_is_taken_only_where_its_reader_may_make_one(stage: Stage) -> None:
    """What another row has is said beside a field left empty, before the command is given."""
    said, told = list[tuple[str, ...]](), set[str]()
    stage.browser.sign_in(_of(EVERYTHING, stage.ours.organiser))
    for handler in _forms():
        declaration = BY_NAME.get(handler.makes or "")
        entered = {each.name: each for each in entered_fields(handler, first=False)}
        for names in declaration.unique if declaration else ():
            if not {*names} <= {*entered}:
                continue
            assert declaration
            for whose in (stage.theirs, stage.ours):
                row_id = whose.rows.row(declaration.name)
                row = await stage.browser.door.read(
                    SYSTEM, lambda read, d=declaration, each=row_id: read.get(d.kind, each)
                )
                typed = {}
                for name in names:
                    typed |= typed_of(entered[name], getattr(row, name), Setting())
                page = await stage.browser.post(
                    _page_of(stage, handler), [(path, one) for path, values in typed.items() for one in values]
                )
                if texts("fr").fault("taken", value=typed[names[-1]][0]) not in html.unescape(page.text):
                    continue
                if whose is stage.ours:
                    told.add(declaration.name)
                else:
                    said.append((handler.name, *names))
    assert not said, said
    assert {"event", "site", "tariff", "channel", "point_of_sale"} <= told
