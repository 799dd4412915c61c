"""Every screen that is read from the declarations, once over: it answers, and it names what it shows."""

from central.kernel.contexts import by_house_alone
from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS
from central.web.screens.screen import creators
from tests.central.web.screens.conftest import Browser


async def test_every_list_answers(browser: Browser) -> None:
    for name in BY_NAME:
        page = await browser.get(f"/admin/e/{name}")
        assert page.status == 200, (name, page.text[:500])
        for form in ("csv", "xlsx"):
            async with browser.client.get(f"/admin/e/{name}/export.{form}") as answer:
                assert answer.status == 200, (name, form)


async def test_every_form_answers(browser: Browser) -> None:
    for name in BY_NAME:
        if creators(name):
            page = await browser.get(f"/admin/e/{name}/new")
            assert page.status == 200, (name, page.text[:500])
            sent = await browser.send(f"/admin/e/{name}/new", page)
            assert sent.status in (422, 303, 200), name


async def test_every_row_has_a_page(browser: Browser) -> None:
    for name in BY_NAME:
        rows = await browser.door.read(
            browser.me["now"].actor, lambda read, name=name: read.run(f"SELECT id FROM {name} LIMIT 1")
        )
        for (row_id,) in rows:
            page = await browser.get(f"/admin/e/{name}/{row_id}")
            assert page.status == 200, (name, page.text[:500])
            edit = await browser.get(f"/admin/e/{name}/{row_id}/edit")
            assert edit.status in (200, 404), name
            for handler in COMMANDS.values():
                if handler.on == name:
                    act = await browser.get(f"/admin/do/{handler.name}?on={row_id}")
                    nobodys = handler.at is by_house_alone
                    assert act.status in ((403, 404) if nobodys else (200, 422)), (handler.name, act.text[:300])
