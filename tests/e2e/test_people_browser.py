"""People in a real Chromium: invited by a real mail, made to set a second factor up, given what they may do.

With PICTURES set to a folder the screens are kept there, in light, dark and at the width of a telephone.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pyotp
import pytest
import zxingcpp
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from PIL import Image
from playwright.async_api import Browser, Page

from central.app import Running, running
from central.config import BrokerConfig, CentralConfig
from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind
from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.kernel.settings import Settings
from central.organisation.grants import GivePrivilege, SetPerimeter
from central.organisation.model import OperatorProfile, PerimeterKind
from central.organisation.operators import CreateOperator, InviteOperator
from central.organisation.ops import CreateContext, SetUpHouse, key_digest
from central.organisation.rules import FREE
from central.organisation.sessions import CountAttempt
from central.organisation.settings import Costs, MailConfig, OrganisationSettings, SignInConfig, Tls
from central.selling.model import ChannelKind
from central.selling.ops import CreateChannel
from shared.ids import Id
from shared.runtime.mqtt import Endpoint
from shared.runtime.system import SystemClock, fresh_id
from tests.e2e.test_live_browser import CONTRAST
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.e2e
PASSWORD = "trois lampions sous la pluie"
NOTHING_WIDER = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


class Box:
    def __init__(self) -> None:
        self.mails: asyncio.Queue[str] = asyncio.Queue()

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.put_nowait(message_from_bytes(envelope.content, policy=policy.default).get_content())  # type: ignore[attr-defined]
        return "250 taken"

    async def link(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            found = re.search(r"/invitation/\S+", await self.mails.get())
        assert found
        return found[0]


def new() -> Id:
    return fresh_id(SystemClock())


@asynccontextmanager
async def house(folder: Path, box: Box) -> AsyncIterator[tuple[Running, dict[str, Id]]]:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    config = CentralConfig(
        folder, listen=Endpoint("127.0.0.1", 0), broker=BrokerConfig(True, "127.0.0.1", 0), outbox_every_s=0.1,
        areas=Settings((OrganisationSettings(
            MailConfig("127.0.0.1", server.sockets[0].getsockname()[1], Tls.NONE, sender="billetterie@x.example"),
            SignInConfig(passwords=Costs(memory_kib=64, rounds=1)),
        ),)),
    )  # fmt: skip
    async with running(config) as central:

        async def do(command: object) -> None:
            reply = await central.door.execute(SYSTEM, command, new())
            assert reply.ok, reply.outcome

        ids = {name: new() for name in ("root", "tdt", "season", "jeanne", "paul", "program", "boss", "sell", "desk")}
        await do(
            SetUpHouse(
                institution_id=ids["root"],
                code="MAISON",
                names={"fr": "Théâtre des Tilleuls"},
                operator_id=new(),
                operator_name="Console",
                key_digest=key_digest("k"),
            )
        )
        settings = {"currency": "EUR", "timezone": "Europe/Paris"}
        await do(
            CreateContext(
                id=ids["tdt"],
                context_id=ids["root"],
                kind=ContextKind.ORGANISER,
                code="TDT",
                names={"fr": "Les Tilleuls"},
                settings=settings,
            )
        )
        await do(
            CreateContext(
                id=ids["season"],
                context_id=ids["tdt"],
                kind=ContextKind.SEASON,
                code="S26",
                names={"fr": "Saison 26-27"},
                settings={},
            )
        )
        make = command_of(Action.CREATE, OperatorProfile)
        await do(make(id=ids["boss"], context_id=ids["root"], code="ADMIN", names={"fr": "Administration"},
                      privileges=("*",), second_factor=True))  # fmt: skip
        await do(make(id=ids["sell"], context_id=ids["tdt"], code="GUICHET", names={"fr": "Guichet"},
                      privileges=("orders", "inventory.contingent.read", "venues.venue.read", "catalogue.event.read"),
                      second_factor=False))  # fmt: skip
        await do(
            InviteOperator(
                id=ids["jeanne"],
                context_id=ids["root"],
                name="Jeanne Martin",
                email="jeanne@x.example",
                language="fr",
                profile_id=ids["boss"],
            )
        )
        yield central, ids
    server.close()


async def look(page: Page, name: str, folder: Path) -> None:
    """The page fits, can be read and says nothing wrong at each size and in each scheme; its pictures are kept."""
    for scheme in ("light", "dark"):
        for width, height in ((1280, 860), (360, 780)):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.set_viewport_size({"width": width, "height": height})
            path = folder / f"{name}-{scheme}-{width}.png"
            await page.screenshot(path=path, full_page=True)
            assert await page.evaluate(NOTHING_WIDER), f"{name} is wider than {width}"
            assert await page.evaluate(CONTRAST) == [], f"{name}, {scheme}"
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1280, "height": 860})


async def test_from_the_invitation_to_who_may_what(browser: Browser, tmp_path: Path) -> None:
    pictures = tmp_path
    box = Box()
    async with house(tmp_path / "data", box) as (central, ids):
        context = await browser.new_context(locale="fr-FR")
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

        await page.goto(central.url + await box.link())
        await look(page, "invitation", pictures)
        await page.get_by_label("Mot de passe").fill(PASSWORD)
        await page.get_by_label("Encore une fois").fill(PASSWORD)
        await page.get_by_role("button", name="Enregistrer le mot de passe").click()
        await page.wait_for_url("**/sign-in**")
        await page.get_by_label("Adresse électronique").fill("jeanne@x.example")
        await page.get_by_label("Mot de passe").fill("pas le bon mot de passe")
        await page.keyboard.press("Enter")
        await page.get_by_role("alert").wait_for()
        complaints.clear()  # the browser's own word on a 400
        await look(page, "sign-in", pictures)
        await page.get_by_label("Mot de passe").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/sign-in/second-factor**")
        await look(page, "second-factor", pictures)
        phone = pyotp.TOTP("".join((await page.locator(".seed").inner_text()).split()))
        for scheme in ("light", "dark"):
            read = zxingcpp.read_barcodes(Image.open(pictures / f"second-factor-{scheme}-360.png"))
            assert [pyotp.parse_uri(each.text).secret for each in read] == [phone.secret], "as a telephone reads it"
        await page.get_by_label("Code de vérification").fill(phone.now())
        await page.get_by_role("button", name="Activer").click()
        await page.get_by_text("Vos codes de secours").wait_for()
        await look(page, "codes", pictures)
        await page.goto(central.url + "/me")
        await page.get_by_text("Changer d’adresse").first.click()
        await look(page, "own", pictures)
        await page.goto(central.url + f"/admin/e/operator/{ids['jeanne']}")
        await look(page, "operator-own", pictures)
        await page.goto(central.url + "/me/confirm?next=/admin/who")
        await look(page, "confirm", pictures)
        await page.get_by_label("Votre mot de passe").fill(PASSWORD)
        await page.get_by_role("button", name="Continuer").click()
        await page.wait_for_url("**/admin/who**")

        async def do(command: object) -> None:
            reply = await central.door.execute(SYSTEM, command, new())
            assert reply.ok, reply.outcome

        await page.goto(central.url + f"/admin/operators/new?at={ids['tdt']}")
        await page.get_by_label("Nom").fill("Paul Durand")
        await page.get_by_label("Adresse électronique (personnes)").fill("paul@x.example")
        await page.get_by_label("Avec le profil").select_option(label="Guichet")
        await look(page, "invite", pictures)
        await page.get_by_role("button", name="Inviter", exact=True).click()
        await page.wait_for_url("**/admin/e/operator/**")
        paul = Id(page.url.partition("?")[0].rpartition("/")[2])
        await do(
            CreateChannel(
                id=ids["desk"],
                context_id=ids["root"],
                code="GUICHET",
                names={"fr": "Guichets"},
                kind=ChannelKind.BOX_OFFICE,
                contingents=(),
                uncontingented=True,
                max_places=25,
                active=True,
            )
        )
        await do(SetPerimeter(operator_id=paul, kind=PerimeterKind.CHANNEL, object_ids=(ids["desk"],)))
        await do(GivePrivilege(operator_id=paul, context_id=ids["season"], privilege="pricing.grid.read"))
        await do(
            CreateOperator(
                id=ids["program"],
                context_id=ids["tdt"],
                name="Boutique en ligne",
                key_digest=key_digest("x"),
                privileges=("orders.order.create",),
            )
        )
        other = await browser.new_context(locale="en-GB")
        his = await other.new_page()
        await his.goto(central.url + await box_link(box))
        assert await his.locator("html").get_attribute("lang") in ("fr", "en")
        await page.reload()
        await look(page, "operator", pictures)
        await page.goto(central.url + f"/admin/who/{paul}")
        assert await page.locator(".matrix .yes").count() > 3
        await look(page, "rights", pictures)
        await page.goto(central.url + f"/admin/who?privilege=orders.order.create&at={ids['season']}")
        assert {"Paul Durand", "Boutique en ligne"} <= set(
            await page.locator("tbody td:first-child a").all_inner_texts()
        )
        await look(page, "who", pictures)
        subjects = (
            f"code:{ids['jeanne']}",
            "address:198.51.100.7",
            "password:of-nobody",
            f"password:{ids['jeanne']}@mark",
        )
        for _ in range(max(FREE.values())):
            for each in subjects:
                await central.door.execute(SYSTEM, CountAttempt(subjects=(each,)), new())
        await page.goto(central.url + "/admin/limited")
        await look(page, "limited", pictures)
        await page.get_by_role("button", name="Lever").first.click()
        await page.wait_for_url("**/admin/limited?done=**")
        assert await page.locator(".people tbody tr").count() == len(subjects) - 1
        assert complaints == []

        await page.goto(central.url + "/me")
        await page.click(".me summary")
        await page.get_by_role("button", name="Se déconnecter").click()
        await page.wait_for_url("**/sign-in")
        await page.get_by_label("Adresse électronique").fill("jeanne@x.example")
        await page.get_by_label("Mot de passe").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/sign-in/code**")
        await look(page, "code", pictures)


async def box_link(box: Box) -> str:
    """The newest invitation: what else came meanwhile are words about the account."""
    while True:
        async with asyncio.timeout(PATIENCE_S):
            found = re.search(r"/invitation/\S+", await box.mails.get())
        if found:
            return found[0]
