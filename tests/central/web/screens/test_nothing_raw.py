"""What a person reads is said in words: no digest, no key, no tail of an id, no code word to be typed."""

import asyncio
import re

import orjson

from central.devices.model import DevicesPrivilege
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.door import Door
from central.web.screens.names import stands_for
from shared.wire.certificates import DeviceKind
from shared.wire.facts import FactKind
from tests.central.devices.test_facts import enrol, scan
from tests.central.small_house import Clerk, Watch
from tests.central.web.screens.conftest import Browser

ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")
RAW = re.compile(r"[0-9a-f]{40,}|-----BEGIN|…[0-9A-Z]{6}\b")


def seen(text: str) -> str:
    """What stands on a page, without its tags."""
    return re.sub(r"<[^>]*>", " ", text[text.index("<main") :])


async def devices(browser: Browser) -> dict[DeviceKind, str]:
    """A gate and a kiosk, enrolled."""

    def make() -> dict[DeviceKind, str]:
        db = browser.door.database.connect()
        clerk = Clerk(Door(browser.door.database, Watch(), path_of, browser.door.keys), db, Watch())
        found = {kind: enrol(clerk, browser.house, kind).id for kind in (DeviceKind.GATE, DeviceKind.KIOSK)}
        db.close()
        return found

    return await asyncio.to_thread(make)


async def test_a_devices_page_has_no_digests_and_its_orders_are_words(browser: Browser) -> None:
    made = await devices(browser)
    page = await browser.get(f"/admin/e/device/{made[DeviceKind.GATE]}")
    other = await browser.get(f"/admin/e/device/{made[DeviceKind.KIOSK]}")
    path = f"/admin/device/{made[DeviceKind.GATE]}/instruction"
    assert not RAW.search(seen(page.text)), RAW.search(seen(page.text))
    assert path in page and "command_device" not in page
    for told in (f"/admin/history/device/{made[DeviceKind.GATE]}", "/admin/e/fact"):
        assert not RAW.search(seen((await browser.get(told)).text)), told
    assert "/instruction" not in other, "a kiosk takes no instructions from a screen"
    form = await browser.get(path)
    assert "Faire entrer la personne" in form and "force_entry" not in seen(form.text)
    empty = await browser.post(path, [("instruction", "force_entry"), ("why", " ")])
    assert empty.status == 422 and "Dites pourquoi." in empty
    sent = await browser.post(path, [("instruction", "force_entry"), ("why", "billet mouillé")])
    assert sent.status == 200 and "c’est fait" in sent
    rows = await browser.door.read(
        SYSTEM, lambda read: read.run("SELECT body FROM outbox WHERE kind = 'device_command'")
    )
    assert len(rows) == 1 and made[DeviceKind.GATE] in str(orjson.loads(rows[0][0]))
    assert (await browser.post(path, [("instruction", "open")])).status == 422
    assert (await browser.get(f"/admin/device/{made[DeviceKind.KIOSK]}/instruction")).status == 404
    browser.sign_in(browser.house.operator(DevicesPrivilege.DEVICE_READ))
    assert (await browser.get(path)).status == 404
    assert (await browser.post(path, [("instruction", "proof_seen")])).status == 404


async def test_what_has_no_name_is_called_by_what_tells_it_apart(browser: Browser) -> None:
    assert [each.name for each in stands_for("account")] == ["kind", "currency"]
    page = await browser.get("/admin/e/account")
    assert page.status == 200 and not RAW.search(seen(page.text))
    log = await browser.get("/admin/audit")
    assert log.status == 200 and not RAW.search(seen(log.text)), RAW.search(seen(log.text))
    place = await browser.get("/admin/e/place")
    first = re.search(r"/admin/e/place/([0-9A-Z]{26})", place.text)
    assert first
    for path in (f"/admin/e/place/{first[1]}", f"/admin/history/place/{first[1]}"):
        told = await browser.get(path)
        assert told.status == 200 and not RAW.search(seen(told.text)), path


async def test_a_scan_names_its_site_its_performance_and_the_ticket_by_its_number(browser: Browser) -> None:
    house = browser.house

    def scanned() -> str:
        db = browser.door.database.connect()
        clerk = Clerk(Door(browser.door.database, Watch(), path_of, browser.door.keys), db, Watch())
        sold = clerk.do(house.order(house.seats[0]))["tickets"][0]
        gate = enrol(clerk, house, DeviceKind.GATE)
        for admitted in (True, False):
            gate.send(gate.saw(FactKind.SCAN, scan(sold["ticket_id"], house, admitted=admitted)))
        db.close()
        return str(sold["number"])

    number = await asyncio.to_thread(scanned)
    for path in ("/admin/e/scan", "/admin/e/admission"):
        page = seen((await browser.get(path)).text)
        assert number in page and "Théâtre" in page and not ID.search(page), ID.search(page)
    assert {"oui", "non"} <= set(seen((await browser.get("/admin/e/scan")).text).split())
