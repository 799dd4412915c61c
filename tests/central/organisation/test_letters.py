"""Invitations and forgotten passwords: letters through a real mail server, links that open once and end."""

import asyncio
from datetime import timedelta

from central.kernel.outbox import MOST_TRIES, drain
from central.organisation.letters import MAIL
from central.organisation.model import Letter
from central.organisation.operators import ChangeOperator, DeactivateOperator, InviteOperator, SendLetter
from central.organisation.rules import INVITATION_FOR, RESET_FOR
from shared.ids import Id
from tests.central.organisation.conftest import JEANNE, PASSWORD, People
from tests.central.small_house import new_id

NEW = "quatre lanternes dans le vent"


async def test_invited_in_ones_own_language(people: People) -> None:
    for language, words in (
        ("fr", "Bonjour Nino"),
        ("en", "Hello Nino"),
        ("de", "Guten Tag Nino"),
        ("es", "Hola"),
        ("it", "Buongiorno"),
    ):
        await people.do(
            InviteOperator(new_id(), people.house.institution, "Nino", f"nino-{language}@x.example", language)
        )
        (mail,) = await people.post_mail()
        assert mail["To"] == f"nino-{language}@x.example" and mail["From"] == "billetterie@tilleuls.example"
        assert mail["Content-Language"] == language
        assert words in mail.get_content() and "http://house.test/invitation/" in mail.get_content()


async def test_an_invitation_opens_once(people: People) -> None:
    await people.do(InviteOperator(new_id(), people.house.institution, "Nino", JEANNE, "fr"))
    link = await people.link()
    browser = await people.browser().get(link)
    assert "Bienvenue, Nino" in browser.text and JEANNE in browser.text
    await browser.post(link, password="short", again="short")
    assert browser.status == 400 and "douze" in browser.text
    await browser.post(link, password=PASSWORD, again=PASSWORD)
    assert browser.path == "/sign-in" and "enregistré" in browser.text
    assert (await browser.get(link)).status == 410
    assert (await browser.post(link, password=NEW, again=NEW)).status == 410
    assert (await people.browser().sign_in(next="/account")).path == "/account"


async def test_two_browsers_one_link(people: People) -> None:
    await people.do(InviteOperator(new_id(), people.house.institution, "Nino", JEANNE, "fr"))
    link = await people.link()
    one, two = await people.browser().get(link), await people.browser().get(link)
    done = await asyncio.gather(
        one.post(link, password=PASSWORD, again=PASSWORD), two.post(link, password=NEW, again=NEW)
    )
    assert sorted(each.status for each in done) == [200, 410]


async def test_links_end(people: People, jeanne: Id) -> None:
    for lasts, ask in ((INVITATION_FOR, None), (RESET_FOR, "reset")):
        if ask:
            await (await people.browser().get("/reset")).post("/reset", email=JEANNE)
        else:
            await people.do(InviteOperator(new_id(), people.house.institution, "Nino", "nino@x.example", "fr"))
        link = await people.link()
        people.watch.at += lasts - timedelta(seconds=1)
        assert (await people.browser().get(link)).status == 200
        people.watch.at += timedelta(seconds=1)
        assert (await people.browser().get(link)).status == 410


async def test_a_forgotten_password(people: People, jeanne: Id) -> None:
    inside = await people.browser().sign_in(next="/account")
    browser = await people.browser().get("/reset")
    await browser.post("/reset", email=JEANNE.upper())
    link = await people.link()
    await browser.post(link, password=NEW, again=NEW)
    assert browser.path == "/sign-in"
    assert (await inside.get("/account")).path == "/sign-in", "whoever was in is out"
    assert (await people.browser().sign_in()).status == 400
    assert (await people.browser().sign_in(password=NEW, next="/account")).path == "/account"
    assert "mot de passe vient d’être changé" in (await people.post_mail())[0].get_content()


async def test_a_reset_unlocks_the_account(people: People, jeanne: Id) -> None:
    for _ in range(6):
        last = await people.browser().sign_in(password="not this one, sorry")
    assert last.status == 429
    await (await people.browser().get("/reset")).post("/reset", email=JEANNE)
    link = await people.link()
    await (await people.browser().get(link)).post(link, password=NEW, again=NEW)
    assert (await people.browser().sign_in(password=NEW, next="/account")).path == "/account"


async def test_a_newer_letter_voids_the_one_before(people: People) -> None:
    nino = new_id()
    await people.do(InviteOperator(nino, people.house.institution, "Nino", JEANNE, "fr"))
    first = await people.link()
    await people.do(SendLetter(nino))
    second = await people.link()
    assert (await people.browser().get(first)).status == 410
    assert (await people.browser().get(second)).status == 200


async def test_no_letter_box_is_filled(people: People, jeanne: Id) -> None:
    for _ in range(5):
        browser = await people.browser().get("/reset")
        assert "Si cette adresse a un compte" in (await browser.post("/reset", email=JEANNE)).text
    assert len(await people.rows(Letter, "WHERE operator_id = :id AND kind = 'reset'", id=jeanne)) == 3


async def test_another_mail_address_closes_the_links_and_is_told_at_the_old_one(people: People, jeanne: Id) -> None:
    await (await people.browser().get("/reset")).post("/reset", email=JEANNE)
    link = await people.link()
    await people.do(ChangeOperator(jeanne, "Jeanne", "fr", "new@x.example"))
    assert (await people.browser().get(link)).status == 410
    (mail,) = await people.post_mail()
    assert mail["To"] == JEANNE and "nous n’écrirons plus ici" in mail.get_content()


async def test_the_deactivated_get_no_letter_and_their_links_are_shut(people: People, jeanne: Id) -> None:
    nino = await people.person("Nino", "nino@x.example")
    await people.do(SendLetter(nino))
    link = await people.link()
    await people.do(DeactivateOperator(nino))
    assert (await people.browser().get(link)).status == 410
    await (await people.browser().get("/reset")).post("/reset", email="nino@x.example")
    assert await people.post_mail() == []


async def test_a_mail_server_that_is_busy_is_asked_again_with_the_same_link(people: People) -> None:
    await people.do(InviteOperator(new_id(), people.house.institution, "Nino", JEANNE, "fr"))
    people.box.refuse = True
    assert await people.post_mail() == []
    (letter,) = await people.rows(Letter)
    people.box.refuse = False
    people.watch.at += timedelta(minutes=1)
    link = await people.link()
    (again,) = await people.rows(Letter)
    assert letter.token_digest == again.token_digest
    assert (await people.browser().get(link)).status == 200


async def test_a_letter_that_never_leaves_is_given_up_visibly(people: People) -> None:
    await people.do(InviteOperator(new_id(), people.house.institution, "Nino", JEANNE, "fr"))
    people.box.refuse = True
    for _ in range(MOST_TRIES):
        await drain(people.door, {MAIL: people.way_in.mailer.send}, only=True)
        people.watch.at += timedelta(hours=2)
    from central.kernel.tx import SYSTEM

    state, why = await people.door.read(
        SYSTEM, lambda read: read.one("SELECT state, last_error FROM outbox WHERE kind = 'mail'")
    )
    assert state == "given_up" and "451" in why
