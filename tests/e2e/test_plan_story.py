"""The demo's hall from a plan file to a performance on sale, with three contingents, blocked and invalidated seats and
a device's lease: all of it in the browser, in French. Only the device acts for itself, with a key of its own."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import Page, async_playwright, expect

from central.catalogue.model import PerformanceDo
from central.inventory.audit import audit_house, report
from central.kernel.db import Database
from central.web.texts import texts
from parterre.demo.house import PLAN, PRICES
from shared.ids import Id
from shared.wire.certificates import DeviceKind, signing_request
from shared.wire.seal import Signer
from tests.e2e.browsers import launched
from tests.e2e.signed_in import enter, session_of
from tests.evening_house import Device, EveningHouse, evening_house
from tests.waiting import PAGE_PATIENCE_MS, until_so

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]  # some sixty pages of a real browser
AXE = Path(__file__).parents[1] / "vendor" / "axe-4.14.1.min.js"
FRENCH = texts("fr")
CONTINGENTS = {"PRESSE": "Presse", "CE": "Comités d’entreprise", "MECENES": "Mécènes"}
LEASED, BLOCKED, INVALID = "2", "5", "6"  # as plan.state has them
STEPS = (
    "import_plan", "validate_physical", "create_logical_configuration", "create_contingent",
    "assign_logical_contingent", "block_logical", "invalidate_seats", "create_event", "create_price_grid", "set_prices",
    "create_performance", "carry_over", "invite_device", "approve_device", "write_off_lease",
    "block_places", "undo_plan_action",
)  # fmt: skip


class Story:
    """One administrator's browser."""

    def __init__(self, page: Page, house: EveningHouse) -> None:
        self.page, self.house, self.url = page, house, house.central.url

    async def go(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def link(self, name: str) -> None:
        """Goes on by the link that says so: the way must be there to be seen."""
        await self.page.locator("main").get_by_role("link", name=name, exact=True).first.click()
        await self.page.wait_for_load_state()

    async def reveal(self) -> None:
        """Opens what is folded away, if there is anything."""
        more = self.page.locator(".acts details:not([open]) summary")
        if await more.count():
            await more.click()

    @property
    def id(self) -> Id:
        """Of what the page shows."""
        found = re.findall(r"/(\w{26})", self.page.url)
        assert found, self.page.url
        return Id(found[-1])

    async def fits(self) -> None:
        """On a telephone in the dark too: axe finds nothing, nothing sticks out."""
        for width, scheme in ((360, "dark"), (1440, "light")):
            await self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            await self.page.set_viewport_size({"width": width, "height": 950})
            await self.page.evaluate(AXE.read_text())
            run = "axe.run().then((said) => said.violations.map((v) => [v.id, v.nodes[0].html]))"
            found = await self.page.evaluate(run)
            assert found == [], f"{self.page.url} {width} {scheme}"
            assert await self.page.evaluate("document.documentElement.scrollWidth") <= width, self.page.url

    # --- generic forms ------------------------------------------------------------------------------------------------

    async def make(self, table: str, **fields: str) -> Id:
        """Fills the generic form and saves it: what it made is shown, or what comes next of it."""
        if "/new" not in self.page.url:
            await self.go(f"/admin/e/{table}/new")
        for name, value in fields.items():
            field = self.page.locator(f"[name='{name.replace('__', '.')}']").first
            if await field.evaluate("each => each.tagName") == "SELECT":
                await field.select_option(value)
            else:
                await field.fill(value)
        await self.page.click("form.sheet button.main")
        await expect(self.page).to_have_url(re.compile(r"/admin/[\w/]+/\w{26}"))
        return self.id

    async def do(self) -> None:
        """Does what the page has shown."""
        await expect(self.page.locator("#h-would")).to_be_visible()
        await self.page.click("button[name=_do]")
        await self.page.wait_for_load_state()

    # --- the plan -----------------------------------------------------------------------------------------------------

    async def ready(self) -> None:
        await self.page.locator("canvas[data-first]").wait_for()

    async def spots(self, seats: str) -> list[tuple[float, float]]:
        """Where seats (a script's list of their numbers) stand on the screen."""
        box = await self.page.locator("canvas").bounding_box()
        assert box
        found = await self.page.evaluate(
            f"[...{seats}].map((at) => [(plan.x[at] - plan.left) * plan.scale / plan.density,"
            " (plan.y[at] - plan.top) * plan.scale / plan.density])"
        )
        return [(box["x"] + x, box["y"] + y) for x, y in found]

    async def touch(self, tool: str, *seats: int) -> int:
        await self.page.click(f"[data-tool={tool}]")
        for n, spot in enumerate(await self.spots(str(list(seats)))):
            if n:
                await self.page.keyboard.down("Shift")  # and that one too
            await self.page.mouse.click(*spot)
            await self.page.keyboard.up("Shift")
        return await self.chosen()

    async def lasso(self, seats: str) -> int:
        """Around these seats."""
        spots, margin = await self.spots(seats), 3
        left, right = min(x for x, _ in spots) - margin, max(x for x, _ in spots) + margin
        top, bottom = min(y for _, y in spots) - margin, max(y for _, y in spots) + margin
        await self.page.click("[data-tool=lasso]")
        await self.page.mouse.move(left, top)
        await self.page.mouse.down()
        for x, y in ((right, top), (right, bottom), (left, bottom)):
            await self.page.mouse.move(x, y, steps=8)
        await self.page.mouse.up()
        return await self.chosen()

    async def chosen(self) -> int:
        found: int = await self.page.evaluate("plan.selected.size")
        return found

    async def act(self, name: str, contingent: str = "", why: str = "") -> str:
        """Looks at the effect, then does it; what the page says after that."""
        await self.page.select_option("[data-act]", name)
        if contingent:
            await self.page.select_option("[name=contingent_id]", label=contingent)
        await self.page.fill("[name=why]", why)
        await self.page.click("[name=dry_run]")
        await expect(self.page.locator(".plan-would")).to_be_visible()
        await self.page.click(".plan-acts .first")
        done = self.page.locator(".plan-done")
        await expect(done).to_be_visible()
        await self.until("plan.selected.size", 0)  # what was done is drawn
        return await done.inner_text()

    async def contents(self) -> dict[str, int]:
        """Places by contingent (empty: none), as the canvas draws them."""
        found: dict[str, int] = await self.page.evaluate(
            "(() => { const found = {}; for (let at = 0; at < plan.count; at++) {"
            " const code = plan.picture.contingents[plan.contingent[at]]?.code || '';"
            " found[code] = (found[code] || 0) + 1; } return found; })()"
        )
        return found

    async def until(self, what: str, value: int) -> None:
        """The page may not evaluate texts by itself, so it is asked again and again."""
        found = None

        async def so() -> bool:
            nonlocal found
            found = await self.page.evaluate(what)
            return found == value

        try:
            await until_so(so)
        except TimeoutError:
            pytest.fail(f"{what} stays at {found}, not {value}")

    async def states(self, state: str) -> int:
        found: int = await self.page.evaluate(f"plan.of((at) => plan.state[at] === {state}).length")
        return found


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    async with evening_house(tmp_path) as made:
        yield made


@asynccontextmanager
async def administrator(house: EveningHouse, folder: Path) -> AsyncIterator[tuple[Story, Story]]:
    """Two windows: a tab that nobody sees draws once a second. What the console complains about fails the test, but
    for what was refused on purpose."""
    async with async_playwright() as playwright:
        browser = await launched(playwright)
        token = session_of(folder / "parterre.db", house.operator)
        complaints: list[str] = []
        windows = []
        for _ in range(2):
            context = await browser.new_context(viewport={"width": 1440, "height": 950}, locale="fr-FR")
            context.set_default_timeout(PAGE_PATIENCE_MS)
            await enter(context, house.central.url, token)
            page = await context.new_page()
            page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            windows.append(Story(page, house))
        yield windows[0], windows[1]
        assert [said for said in complaints if "422" not in said] == []
        await browser.close()


async def test_from_a_plan_file_to_a_performance_with_a_lease(house: EveningHouse, tmp_path: Path) -> None:
    async with administrator(house, tmp_path) as (desk, hall):
        physical, seats = await bring_the_plan(desk)
        logical = await sell_it(desk)
        for code, name in CONTINGENTS.items():
            await desk.go("/admin/e/contingent/new")
            await desk.make(
                "contingent", context_id=house.house.institution, code=code, names__fr=name, colour="#0072b2"
            )
        shares = await divide_the_hall(desk, logical)
        await take_out_a_broken_seat(desk, logical, physical)
        performance = await make_the_performance(desk, logical)
        await starts_from_the_configuration(desk, performance, shares, seats)
        await carry_over(desk, logical, performance, shares)
        await desk.go(f"/admin/e/performance/{performance}")
        await desk.link("Mettre en vente")
        await desk.do()
        await expect(desk.page.locator("h1 .state")).to_have_text("en vente")
        await hall.go(f"/admin/plan/performance/{performance}")  # stays open from here on
        await hall.ready()
        device = await let_a_kiosk_in(desk, house)
        await device.lease(performance, house.house.categories["1re"], 12)
        await leased_places(hall, 12)
        await write_it_off(desk, device, 12 * PRICES["1re"])
        await leased_places(hall, 0)
        await change_and_undo(hall)
        await all_is_in_the_history(desk, hall)
    found = list(report(audit_house(Database(f"sqlite:///{tmp_path / 'parterre.db'}"))))
    assert [line for sound, line in found if not sound] == []


async def bring_the_plan(desk: Story) -> tuple[Id, int]:
    await desk.go("/admin/e/space")
    await desk.link("Grande salle")
    await desk.link("Nouveau plan de salle")
    await desk.page.fill("[name=name]", "À l’italienne, fauteuils neufs")
    await desk.page.fill("[name=code]", "ITALIEN-2")
    await desk.page.set_input_files("[name=file]", PLAN)
    await desk.page.get_by_role("button", name="Importer le fichier").click()
    await desk.ready()
    seats = await desk.page.evaluate("plan.count")
    await desk.link(FRENCH.do("validate_physical"))
    await desk.do()
    await expect(desk.page.locator("h1 .state")).to_have_text("validée")
    return desk.id, seats


async def sell_it(desk: Story) -> Id:
    """Each part of the plan has its category: proposed where it is named alike."""
    await desk.link("Vendre une salle")
    await desk.page.fill("[name=name]", "Soirée, fauteuils neufs")
    chosen = await desk.page.locator("table.parts select").evaluate_all(
        "(all) => all.map((each) => [each.closest('tr').querySelector('th').innerText.trim(),"
        " each.selectedOptions[0].innerText])"
    )
    assert dict(chosen)["1re"] == "1re catégorie" and dict(chosen)["PMR"] == "Place PMR"
    await desk.page.get_by_role("button", name="Vendre ainsi").click()
    await desk.ready()
    await desk.link("Fiche")
    await expect(desk.page.locator("h1 .state")).to_have_text("validée")
    return desk.id


async def divide_the_hall(desk: Story, logical: Id) -> dict[str, int]:
    """Places by contingent: one by lasso, one by rows, one by zone; then two seats for the sound desk are blocked."""
    await desk.go(f"/admin/e/logical_configuration/{logical}")
    await desk.link("Plan")
    await desk.ready()
    shares = {"PRESSE": await desk.lasso("plan.rows.get(2).slice(4, 12)")}
    assert shares["PRESSE"] >= 8
    await desk.act("assign", CONTINGENTS["PRESSE"], "service de presse")
    tenth, eleventh = await desk.page.evaluate("[plan.rows.get(10)[3], plan.rows.get(11)[3]]")
    shares["CE"] = await desk.touch("rows", tenth, eleventh)
    assert shares["CE"] == await desk.page.evaluate("plan.rows.get(10).length + plan.rows.get(11).length")
    await desk.act("assign", CONTINGENTS["CE"])
    last = await desk.page.evaluate(
        "plan.of((at) => plan.picture.zones[plan.picture.rows[plan.row[at]][0]].name === 'Loges cour')[0]"
    )
    shares["MECENES"] = await desk.touch("zones", last)
    assert shares["MECENES"] == 36
    await desk.act("assign", CONTINGENTS["MECENES"])
    assert await desk.touch("seats", *await desk.page.evaluate("plan.rows.get(16).slice(6, 8)")) == 2
    await desk.act("block", why="console son")
    await expect(desk.page.locator(".plan-story li").first).to_contain_text("console son")
    assert await desk.states(BLOCKED) == 2
    counted = await desk.contents()
    assert {code: counted[code] for code in shares} == shares
    return shares


async def take_out_a_broken_seat(desk: Story, logical: Id, physical: Id) -> None:
    """It has a contingent, so it is refused at first; then everything is remembered."""
    broken = await desk.page.evaluate("plan.rows.get(10)[3]")
    await desk.link("Fiche")
    await desk.link("À l’italienne, fauteuils neufs")
    assert desk.id == physical
    await desk.link("Plan")
    await desk.ready()
    assert await desk.touch("seats", broken) == 1
    await desk.page.fill("[name=why]", "siège cassé")
    await desk.page.click(".plan-acts .first")
    await expect(desk.page.locator(".plan-refused")).to_contain_text("contingent")
    await desk.page.check("[name=remember]")
    await desk.page.click(".plan-acts .first")
    await expect(desk.page.locator(".plan-done")).to_contain_text("1")
    await expect(desk.page.locator(".plan-story li").first).to_contain_text("siège cassé")


async def make_the_performance(desk: Story, logical: Id) -> Id:
    (activity,) = [each for each in await desk.house.office.rows("context") if each["kind"] == "activity"]
    (season,) = [each for each in await desk.house.office.rows("context") if each["kind"] == "season"]
    await desk.go("/admin/e/event/new")
    event = await desk.make(
        "event", context_id=activity["id"], code="MISANTHROPE", names__fr="Le Misanthrope", vat_bp="5,5"
    )
    await desk.go("/admin/e/price_grid/new")
    grid = await desk.make("price_grid", context_id=season["id"], code="G2", names__fr="Grille B", currency="EUR")
    for name, amount in PRICES.items():
        category, tariff = desk.house.house.categories[name], desk.house.house.tariffs["FULL"]
        await desk.page.fill(f"[name='{category}.{tariff}']", f"{amount / 100:.2f}".replace(".", ","))
    await desk.page.click("form.sheet button.main")
    await expect(desk.page.locator("[role=alert]")).to_have_count(0)
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    await desk.go(f"/admin/e/performance/new?event_id={event}")
    return await desk.make(
        "performance", logical_configuration_id=logical, price_grid_id=grid, schedule__starts=f"{day}T20:00",
        schedule__doors=f"{day}T19:15", schedule__closes=f"{day}T23:00", schedule__sell_until=f"{day}T20:30",
    )  # fmt: skip


async def starts_from_the_configuration(desk: Story, performance: Id, shares: dict[str, int], seats: int) -> None:
    """All but the broken seat, which is a work council's."""
    assert desk.id == performance
    await desk.link("Plan")
    await desk.ready()
    counted = await desk.contents()
    assert {code: counted[code] for code in shares} == {**shares, "CE": shares["CE"] - 1}
    assert sum(counted.values()) == seats and await desk.states(INVALID) == 1 and await desk.states(BLOCKED) == 2
    lines = await desk.page.locator(".plan-counts tbody tr").all_inner_texts()
    assert all(any(name in line for line in lines) for name in CONTINGENTS.values())


async def carry_over(desk: Story, logical: Id, performance: Id, shares: dict[str, int]) -> None:
    """The press gets a row more, and the performance too when somebody says so, having seen what it does."""
    await desk.link("Plan de la configuration de vente")
    await desk.ready()
    assert desk.id == logical
    more = await desk.touch("rows", await desk.page.evaluate("plan.rows.get(4)[5]"))
    await desk.act("assign", CONTINGENTS["PRESSE"], "deuxième service de presse")
    await desk.link("Reporter sur des représentations")
    await expect(desk.page.get_by_label("Le Misanthrope")).to_be_checked()  # there is but one
    await desk.page.click("form.sheet button.main")
    would = desk.page.locator(".plan-carried")
    await expect(would).to_contain_text("Voici ce que cela fera")
    await expect(would).to_contain_text(f"hors contingent → Presse : {more} places")
    await desk.fits()
    await desk.page.click("button[name=_do]")
    await expect(would).to_contain_text("C’est reporté")
    await would.get_by_role("link", name=re.compile("Le Misanthrope")).click()
    await desk.ready()
    shares["PRESSE"] += more
    assert (await desk.contents())["PRESSE"] == shares["PRESSE"]
    await expect(desk.page.locator(".plan-story li").first).to_contain_text(str(more))


async def let_a_kiosk_in(desk: Story, house: EveningHouse) -> Device:
    """Invited and approved in the browser; it enrols with a key of its own."""
    await desk.go("/admin/e/device/new")
    device_id = await desk.make(
        "device", context_id=house.house.organiser, site_id=house.house.site, kind="kiosk", code="K7",
        label="Borne du foyer", point_of_sale_id=house.house.kiosk_point,
    )  # fmt: skip
    code = await desk.page.locator("dl.values b").first.inner_text()
    key = Ed25519PrivateKey.generate()
    signer = Signer.of(key)
    request = signing_request(key, "Borne du foyer")
    await house.office.command("enrol_device", code=code, request_pem=request, label="Borne du foyer")
    await desk.page.reload()
    await desk.link(FRENCH.do("approve_device"))
    await desk.page.fill("[name=kid]", signer.kid)  # as the device's screen shows it
    await desk.page.click("form.sheet button.main")
    await desk.do()
    standing = await house.office.query("enrolment", device_id=device_id, kid=signer.kid)
    return Device(
        desk.url, device_id, house.house.site, DeviceKind.KIOSK, "Borne du foyer", signer, standing["certificate"],
        standing["root_pem"], house.central.broker_port,
    )  # fmt: skip


async def leased_places(hall: Story, count: int) -> None:
    """On the plan that was open all along: ringed seats, and the counts beside them."""
    await hall.until(f"plan.of((at) => plan.state[at] === {LEASED}).length", count)
    column = hall.page.locator(".plan-counts thead th").filter(has_text=FRENCH("value:count.leased"))
    if count == 0:
        await expect(column).to_have_count(0)
        return
    await expect(column).to_have_count(1)
    at = await column.evaluate("(each) => each.cellIndex")
    await expect(hall.page.locator(".plan-counts tfoot td").nth(at)).to_have_text(str(count))


async def write_it_off(desk: Story, device: Device, amount: int) -> None:
    await desk.go(f"/admin/e/device/{device.id}")
    await desk.page.locator(".related a.open[href*='/lease/']").first.click()
    await desk.page.wait_for_load_state()
    await desk.reveal()
    await desk.link(FRENCH.do("write_off_lease"))
    await desk.page.fill("[name=reason]", "borne inondée")
    await desk.page.click("form.sheet button.main")
    exposed = desk.page.locator("section.notice dl.values")
    await expect(exposed).to_contain_text("12 places")
    await expect(exposed).to_contain_text(FRENCH.money(amount, "EUR"))
    await desk.fits()
    await desk.do()


async def change_and_undo(hall: Story) -> None:
    before = await hall.states(BLOCKED)
    count = await hall.touch("rows", await hall.page.evaluate("plan.rows.get(0)[0]"))
    await hall.act("block", why="caméras")
    assert await hall.states(BLOCKED) == before + count
    await hall.page.click("[data-undo]")
    await expect(hall.page.locator(".plan-done")).to_contain_text(str(count))
    await hall.until(f"plan.of((at) => plan.state[at] === {BLOCKED}).length", before)


async def all_is_in_the_history(desk: Story, hall: Story) -> None:
    told = hall.page.locator(".plan-story")  # which is fetched once the picture has changed
    for word in ("caméras", FRENCH("value:plan_act.undo"), FRENCH("value:plan_act.carry_over")):
        await expect(told).to_contain_text(word)
    await desk.go("/admin/audit")
    log = await desk.page.locator("main table").inner_text()
    opened = FRENCH.value("performance_do", PerformanceDo.OPEN)  # the step of `change_sale` that was taken
    assert [said for said in (*map(FRENCH.do, STEPS), opened) if said not in log] == []
