"""Answers that stay open end with what let them open: the right, the account, the session, by hand or by the clock."""

import ast
import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

import central
from central.organisation.grants import TakeRole
from central.organisation.model import Role
from central.organisation.operators import DeactivateOperator
from central.organisation.sessions import EndSessions
from central.programme import plan_page
from central.reports import live_page
from shared.ids import Id
from tests.central.organisation.conftest import JEANNE, People
from tests.trees import nodes_of

PATIENCE_S = 20.0
OPEN = {
    "reports/live_page.py": "/live/news?performance={performance}&since={since}",
    "programme/plan_page.py": "/admin/plan/performance/{performance}/news",
}
ENDING = {"web/history/sheets.py": "has an end, and is asked for at each of its chunks (web/history/audit.py)"}
"""Whatever opens an answer and goes on writing. None may come without being walked here."""


def test_every_answer_that_stays_open_is_walked() -> None:
    root = Path(central.__file__).parent
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "StreamResponse"
    }
    assert found == {*OPEN, *ENDING}


async def opened(people: People, module: str) -> tuple[Any, ClientResponse]:
    """A browser that is signed in, with an answer that stays open."""
    browser = await people.browser().sign_in(JEANNE)
    performance = people.house.performance
    await browser.get(f"/live?performance={performance}")
    since = browser.text.partition("since=")[2].partition('"')[0]
    answer = await browser.client.get(OPEN[module].format(performance=performance, since=since))
    assert answer.status == 200 and answer.content_type == "text/event-stream"
    return browser, answer


async def told(answer: ClientResponse) -> bytes:
    """What comes until it ends."""
    said = b""
    async with asyncio.timeout(PATIENCE_S):
        while piece := await answer.content.readany():
            said += piece
    return said


async def ended(people: People, who: Id, how: str) -> None:
    if how == "right":
        (role,) = await people.rows(Role, "WHERE operator_id = :id", id=who)
        await people.do(TakeRole(role_id=role.id))
    else:
        await people.do(DeactivateOperator(operator_id=who) if how == "account" else EndSessions(operator_id=who))


@pytest.mark.parametrize("module", OPEN)
@pytest.mark.parametrize("how", ["right", "account", "session"])
async def test_it_ends_at_once(people: People, jeanne: Id, module: str, how: str) -> None:
    await people.person("Ada", "ada@tilleuls.example", "*")  # an administrator is left
    _, answer = await opened(people, module)
    await ended(people, jeanne, how)
    await people.do(people.house.order(people.house.seats[0]))
    said = await told(answer)
    assert b"changed" not in said and b"sold" not in said, "the sale came after the right was gone"


@pytest.mark.parametrize("module", OPEN)
@pytest.mark.parametrize("step", ["idle", "longest"])
async def test_it_ends_when_the_session_does(
    people: People, jeanne: Id, module: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page left open is no use of the session, so it does not keep it."""
    for each, name in ((live_page, "ASKED_S"), (live_page, "ALIVE_S"), (plan_page, "ASKED_S")):
        monkeypatch.setattr(each, name, 0.01)
    _, answer = await opened(people, module)
    later: dict[str, Callable[[], timedelta]] = {
        "idle": lambda: people.way_in.idle,
        "longest": lambda: timedelta(hours=13),
    }
    people.watch.at += later[step]()
    await told(answer)


@pytest.mark.parametrize("module", OPEN)
async def test_it_stays_open_for_who_may(people: People, jeanne: Id, module: str) -> None:
    """Somebody else's right is no reason; and what changes is told."""
    other = await people.person("Paul", "paul@tilleuls.example", "*")
    _, answer = await opened(people, module)
    await ended(people, other, "right")
    await people.do(people.house.order(people.house.seats[0]))
    said = b""
    async with asyncio.timeout(PATIENCE_S):
        while b"data:" not in said:
            said += await answer.content.readany()
    assert not answer.content.at_eof()
    answer.close()
