"""What a preview, and the history after it, say of a value that holds several things."""

import re
from html import unescape

from central.kernel.actor import SYSTEM
from central.kernel.contexts import Context
from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.web.screens.changes import effects
from central.web.texts import texts
from tests.central.small_house import new_id
from tests.central.web.screens.conftest import Browser

ChangeContext = command_of(Action.MODIFY, Context)
LICENCE = "PLATESV-R-2026-000009"


async def test_only_what_becomes_another_is_told(browser: Browser) -> None:
    """Before: all settings in one line, the currency among what changes, and cut where it matters."""
    at, fr = browser.house.organiser, texts("fr")
    name = {"fr": "Les Tilleuls", "de": "Die Linden"}
    change = ChangeContext(
        id=at, set={"names": name, "settings": {"licence": LICENCE, "language": "de", "timezone": "Europe/Paris"}}
    )
    reply = await browser.door.execute(SYSTEM, change, new_id(), dry_run=True)
    told = await browser.door.read(SYSTEM, lambda read: effects(read, fr, reply.would))
    told = [(each.field, each.before, each.after) for each in told[0].first[0].changes]
    assert told == [
        ("Nom (Deutsch)", "rien", "Die Linden"), ("Devise", "euro (EUR)", "rien"),
        ("Langue", "rien", "Deutsch"), ("Fuseau horaire", "rien", "Europe/Paris"),
    ]  # fmt: skip
    reply = await browser.door.execute(SYSTEM, change, act := new_id())
    assert reply.ok
    for path in (f"/admin/history/context/{at}", f"/admin/audit/{act}"):
        page = (await browser.get(path)).text
        said = [" ".join(unescape(re.sub("<[^>]*>", " ", each)).split()) for each in
                re.findall(r"<dt>.*?</dd>", page.partition("<main")[2], re.S)]  # fmt: skip
        assert "Devise avant euro (EUR) → après rien" in said and "Nom (Deutsch) avant rien → après Die Linden" in said
        assert not any(LICENCE in each for each in said if "→" in each), "what stayed as it was is not told"
