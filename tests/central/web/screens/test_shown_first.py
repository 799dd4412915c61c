"""Every page that shows what it would do before it does it: what comes back without having been shown, or after another
answer, is shown and not done."""

import ast
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind
from central.organisation.ops import CreateContext
from central.programme.carryover_page import HREF
from central.web.preview_mark import shown_mark
from tests.central.small_house import new_id
from tests.central.web.screens.conftest import Browser, Page
from tests.central.web.screens.test_flows import value
from tests.trees import nodes_of

ROOT = Path(__file__).parents[4]


async def _rank(browser: Browser) -> Any:
    return await value(browser, "SELECT MAX(rank) FROM tariff")


def _done_all(page: Page) -> bool:
    return "lignes sont faites" in page


async def _many_rows(browser: Browser) -> None:
    rows = [("row", browser.house.full), ("row", browser.house.child)]
    path, was = "/admin/e/tariff/bulk", await _rank(browser)
    entered = await browser.post(path, [*rows, ("_what", "set.rank")])
    assert not _done_all(await browser.send(path, entered, rank="77", _do="1")), "nobody was shown anything yet"
    preview = await browser.send(path, entered, rank="12")
    other = await browser.send(path, preview, rank="99", _do="1")
    assert not _done_all(other) and "Vous avez changé vos réponses" in other and "Vous avez changé" not in preview
    fewer = await browser.send(path, other, row=browser.house.full, _do="1")
    assert not _done_all(fewer) and await _rank(browser) == was, "other rows are another answer"
    assert _done_all(await browser.send(path, other, _do="1")) and await _rank(browser) == 99
    preview = await browser.send(path, entered, rank="13")
    form = f"/admin/e/tariff/{browser.house.full}/edit"
    await browser.send(form, await browser.get(form), rank="98")
    again = await browser.send(path, preview, _do="1")
    assert "Cela a changé entre-temps" in again and await _rank(browser) == 99, "somebody else changed one of them"
    assert _done_all(await browser.send(path, again, _do="1")) and await _rank(browser) == 13


async def _carried(browser: Browser) -> None:
    configuration = await value(browser, "SELECT MIN(id) FROM logical_configuration")
    path, sent = HREF.format(id=configuration), "SELECT COUNT(*) FROM command_log WHERE name = 'carry_over'"
    fields = {"performance": browser.house.performance, "field": "category_id", "why": "x"}
    unseen = await browser.send(path, await browser.get(path), **fields, _do="1")
    assert "Voici ce que cela fera" in unseen and await value(browser, sent) == 0
    preview = await browser.send(path, await browser.get(path), **fields)
    other = await browser.send(path, preview, why="y", _do="1")
    assert "Vous avez changé vos réponses" in other and await value(browser, sent) == 0
    assert "C’est reporté" in await browser.send(path, other, _do="1") and await value(browser, sent) == 1


async def _usual(browser: Browser) -> None:
    season, count = new_id(), "SELECT COUNT(*) FROM tariff WHERE context_id = :at"
    made = CreateContext(
        id=season, context_id=browser.house.organiser, kind=ContextKind.SEASON, code="S27", names={"fr": "Saison 27"},
        settings={},
    )  # fmt: skip
    assert (await browser.door.execute(SYSTEM, made, new_id())).ok
    path = f"/admin/live/usual/tariffs?at={season}"
    page = await browser.get(path)
    unseen = await browser.send(path, page, _shown=None)
    assert "Cela a changé entre-temps" in unseen and await value(browser, count, at=season) == 0
    unseen = await browser.send(path, page, _shown=shown_mark([]))
    assert "Cela a changé entre-temps" in unseen and await value(browser, count, at=season) == 0, "of another proposal"
    await browser.send(path, unseen)
    assert await value(browser, count, at=season) == 3


async def _one_act(browser: Browser) -> None:
    act, starts = f"/admin/do/reschedule_performance?on={browser.house.performance}", "SELECT starts FROM performance"
    was = await value(browser, starts)
    times = {"doors": "20:15", "starts": "21:00", "closes": "23:30", "sell_until": "21:00"}
    day = {f"schedule.{name}": f"2030-12-12T{at}" for name, at in times.items()}
    await browser.send(act, await browser.get(act), **day, _do="1")
    assert await value(browser, starts) == was
    preview = await browser.send(act, await browser.get(act), **day)
    others = await browser.send(act, preview, **{name: at.replace("12-12", "12-13") for name, at in day.items()})
    await browser.send(act, others, _do="1")
    moved = await value(browser, starts)
    assert moved != was, "somebody else was faster"
    again = await browser.send(act, preview, _do="1")
    assert "Cela a changé entre-temps" in again and await value(browser, starts) == moved
    await browser.send(act, again, _do="1")
    assert await value(browser, starts) not in (was, moved)


async def _back(browser: Browser) -> None:
    path, name = f"/admin/history/tariff/{browser.house.full}", "SELECT code FROM tariff WHERE id = :id"
    form = f"/admin/e/tariff/{browser.house.full}/edit"
    was = await value(browser, name, id=browser.house.full)
    await browser.send(form, await browser.get(form), code="AUTRE")
    assert await value(browser, name, id=browser.house.full) == "AUTRE"
    undo = re.findall(rf'"({path}/undo/[^"]+)"', (await browser.get(path)).text)[0]
    unseen: Page = await browser.post(undo, [("_id", new_id()), ("seen", "")])
    assert "Ce qui changera" in unseen and await value(browser, name, id=browser.house.full) == "AUTRE"
    await browser.send(undo, unseen)
    assert await value(browser, name, id=browser.house.full) == was


SHOW: dict[str, Callable[[Browser], Awaitable[None]]] = {
    "central/programme/carryover_page.py": _carried,
    "central/web/checklist_proposals.py": _usual,
    "central/web/history/pages.py": _back,
    "central/web/screens/acts.py": _one_act,
    "central/web/screens/bulk.py": _many_rows,
}
OTHERS = {
    "central/programme/plan_page.py": "two buttons, each of which says what it does: one acts, one only shows",
    "central/web/api.py": "a program says which of the two it wants",
    "central/first_run/pages.py": "tries for the faults alone; the hall is in tests/central/first_run/test_wizard.py",
    "central/web/screens/screen.py": "hands on what a page says",
    "central/web/screens/sheet.py": "hands on what a page says",
}


@pytest.mark.parametrize("page", SHOW)
async def test_what_was_not_shown_is_not_done(browser: Browser, page: str) -> None:
    await SHOW[page](browser)


def test_every_page_that_tries_is_walked() -> None:
    """A page that tries a command shows what it would do: it stands above, with its story or its reason."""
    files = [path for path in (ROOT / "central").rglob("*.py") if "kernel" not in path.parts]
    found = {
        str(path.relative_to(ROOT))
        for path in files
        for call in nodes_of(path)
        if isinstance(call, ast.Call)
        and any(each.arg == "dry_run" for each in call.keywords)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) in ("execute", "attempt")
    }
    assert found == set(SHOW) | set(OTHERS)
