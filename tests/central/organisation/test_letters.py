"""Invitations and forgotten passwords: letters through a real mail server, links that open once and end."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from central.kernel.actor import SYSTEM
from central.kernel.entity import Look
from central.kernel.outbox import MOST_TRIES, drain
from central.kernel.registry import COMMANDS
from central.kernel.values import looked
from central.organisation.letters import MAIL, AskLink
from central.organisation.mail import _letter
from central.organisation.model import AskedBy, Letter, LetterKind, NoSignIn
from central.organisation.operators import ChangeOperator, DeactivateOperator, InviteOperator, SendLetter
from central.organisation.rules import INVITATION_FOR, LETTER_EVERY, MOST_LETTERS, RESET_FOR
from central.organisation.sign_in import Visitor, digest
from shared.ids import Id
from shared.outcome import Ok
from tests.called import called
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
            InviteOperator(
                id=new_id(),
                context_id=people.house.institution,
                name="Nino",
                email=f"nino-{language}@x.example",
                language=language,
            )
        )
        (mail,) = await people.post_mail()
        assert mail["To"] == f"nino-{language}@x.example" and mail["From"] == "billetterie@tilleuls.example"
        assert mail["Content-Language"] == language
        assert words in mail.get_content() and "http://house.test/invitation/" in mail.get_content()


SAID = [
    "=?",
    "?=",
    "=",
    "?",
    "q",
    "utf-8",
    "=00",
    "=2C",
    "=40",
    "a",
    "é",
    ".",
    "@",
    "+",
    "'",
    "-",
    "\0",
    "\x7f",
    "\udc80",
]


@given(st.lists(st.sampled_from([*SAID, "\u202e"]), max_size=9).map("".join))
@example("=?utf-8?q?eve=40evil.example=2Cb?=@c.example")
@example("=?utf-8?q??=@c.example")
@example("=?utf-8?q?a=00?=@c.example")
def test_a_letter_goes_to_the_address_that_was_typed_or_to_nobody(typed: str) -> None:
    """Before: a header took a part of it for a word in another code, and read two people in it, or broke."""
    who = {"to": typed, "name": "Nino", "language": "fr", "kind": LetterKind.INVITATION}
    for to in (typed, f"{typed}@c.example"):
        if looked("email", Look.EMAIL, to):
            with pytest.raises(OSError, match="none that a letter goes to"):
                _letter({**who, "to": to}, "")
        else:
            mail = _letter({**who, "to": to}, "")
            assert [each.addr_spec for each in mail["To"].addresses] == [to] and mail.as_bytes()


async def test_an_invitation_opens_once(people: People) -> None:
    await people.do(
        InviteOperator(id=new_id(), context_id=people.house.institution, name="Nino", email=JEANNE, language="fr")
    )
    link = await people.link()
    browser = await people.browser().get(link)
    assert "Bienvenue, Nino" in browser.text and JEANNE in browser.text
    await browser.post(link, password="short", again="short")
    assert browser.status == 400 and "douze" in browser.text
    await browser.post(link, password=PASSWORD, again=PASSWORD)
    assert browser.path == "/sign-in" and "enregistré" in browser.text
    over = await browser.get(link)
    assert over.status == 410 and 'href="/reset"' in over.text and "l’accès a été fermé" in over.text
    assert (await browser.post(link, password=NEW, again=NEW)).status == 410
    people.way_in.mailer._config = replace(people.way_in.mailer._config, host="")
    over = await browser.get(link)
    assert 'href="/reset"' not in over.text and "à la personne qui administre la maison" in over.text
    assert (await people.browser().sign_in(next="/me")).path == "/me"


async def test_two_browsers_one_link(people: People) -> None:
    await people.do(
        InviteOperator(id=new_id(), context_id=people.house.institution, name="Nino", email=JEANNE, language="fr")
    )
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
            await people.do(
                InviteOperator(
                    id=new_id(), context_id=people.house.institution, name="Nino", email="nino@x.example", language="fr"
                )
            )
        link = await people.link()
        people.watch.at += lasts - timedelta(seconds=1)
        assert (await people.browser().get(link)).status == 200
        people.watch.at += timedelta(seconds=1)
        assert (await people.browser().get(link)).status == 410


async def test_a_forgotten_password(people: People, jeanne: Id) -> None:
    inside = await people.browser().sign_in(next="/me")
    browser = await people.browser().get("/reset")
    await browser.post("/reset", email=JEANNE.upper())
    link = await people.link()
    await browser.post(link, password=NEW, again=NEW)
    assert browser.path == "/sign-in"
    assert (await inside.get("/me")).path == "/sign-in", "whoever was in is out"
    assert (await people.browser().sign_in()).status == 400
    assert (await people.browser().sign_in(password=NEW, next="/me")).path == "/me"
    assert "mot de passe vient d’être changé" in (await people.post_mail())[0].get_content()


async def test_a_reset_unlocks_the_account(people: People, jeanne: Id) -> None:
    for _ in range(6):
        last = await people.browser().sign_in(password="not this one, sorry")
    assert last.status == 429
    await (await people.browser().get("/reset")).post("/reset", email=JEANNE)
    link = await people.link()
    await (await people.browser().get(link)).post(link, password=NEW, again=NEW)
    assert (await people.browser().sign_in(password=NEW, next="/me")).path == "/me"


async def test_a_newer_letter_voids_the_one_before(people: People) -> None:
    nino = new_id()
    await people.do(
        InviteOperator(id=nino, context_id=people.house.institution, name="Nino", email=JEANNE, language="fr")
    )
    first = await people.link()
    await people.do(SendLetter(operator_id=nino))
    second = await people.link()
    assert (await people.browser().get(first)).status == 410
    assert (await people.browser().get(second)).status == 200


# --- how many --------------------------------------------------------------------------------------------------------


async def reset(people: People, address: str = "10.0.0.9") -> None:
    """Somebody says at /reset that they are Jeanne."""
    assert await people.way_in.sign_in.ask_reset(Visitor(address, "x"), JEANNE) is None


async def letters(people: People, who: Id) -> list[Letter]:
    return await people.rows(Letter, "WHERE operator_id = :id ORDER BY asked, id", id=who)


async def test_no_letter_box_is_filled_by_strangers(people: People, jeanne: Id) -> None:
    """However often and from wherever they ask: two an hour, and one per ten minutes."""
    there = len(await letters(people, jeanne))
    for n in range(60):
        people.watch.at += timedelta(minutes=1)
        await reset(people, f"10.0.{n}.1")
    asked = (await letters(people, jeanne))[there:]
    assert len(asked) == MOST_LETTERS[AskedBy.STRANGER] and {each.asked_by for each in asked} == {AskedBy.STRANGER}
    assert asked[1].asked - asked[0].asked >= LETTER_EVERY


async def test_asked_again_within_minutes_the_letter_under_way_is_enough(people: People, jeanne: Id) -> None:
    await reset(people)
    link = await people.link()
    people.watch.at += LETTER_EVERY - timedelta(seconds=1)
    await reset(people)
    assert await people.post_mail() == [] and (await people.browser().get(link)).status == 200


async def test_a_strangers_letter_shuts_no_link(people: People, jeanne: Id) -> None:
    """Neither an administrator's, nor the one before; used, one shuts the others."""
    nino = new_id()
    await people.do(
        InviteOperator(id=nino, context_id=people.house.institution, name="Nino", email="nino@x.example", language="fr")
    )
    invited = await people.link()
    people.watch.at += LETTER_EVERY
    assert await people.way_in.sign_in.ask_reset(Visitor("10.0.0.9", "x"), "nino@x.example") is None
    asked = await people.link()
    for link in (invited, asked):
        assert (await people.browser().get(link)).status == 200
    await (await people.browser().get(invited)).post(invited, password=NEW, again=NEW)
    assert (await people.browser().get(asked)).status == 410


async def test_strangers_take_nothing_from_the_others(people: People, jeanne: Id) -> None:
    """Their letters are used up: the owner asks from where she works, an administrator writes, and both arrive."""
    for n in range(5):
        await reset(people, f"10.0.{n}.1")
        people.watch.at += LETTER_EVERY
    await people.post_mail()
    await (await people.browser().get("/reset")).post("/reset", email=JEANNE)
    assert [mail["To"] for mail in await people.post_mail()] == [JEANNE]
    assert (await letters(people, jeanne))[-1].asked_by is AskedBy.OWNER
    for _ in range(MOST_LETTERS[AskedBy.HOUSE]):
        await people.do(SendLetter(operator_id=jeanne))
        assert [mail["To"] for mail in await people.post_mail()] == [JEANNE]


async def test_a_letter_that_is_not_sent_says_so(people: People, jeanne: Id) -> None:
    """Who asks for one too many is told, and when there is room again; then there is."""
    nino = await people.person("Nino", "nino@x.example")
    first = people.watch.at
    for _ in range(MOST_LETTERS[AskedBy.HOUSE]):
        await people.do(SendLetter(operator_id=nino))
        people.watch.at += timedelta(minutes=5)
    await people.post_mail()
    refused = await people.no(SendLetter(operator_id=nino), SYSTEM)
    assert refused.reason == NoSignIn.TOO_MANY
    assert datetime.fromisoformat(refused.detail["again"]) == first + timedelta(hours=1)
    browser = await people.browser().sign_in(next=f"/admin/e/operator/{nino}")
    await browser.post(f"/admin/operators/{nino}/letter")
    assert browser.status == 400 and "De nouveau possible" in browser.text and "20:00" in browser.text
    assert await people.post_mail() == []
    people.watch.at = first + timedelta(hours=1)
    await people.do(SendLetter(operator_id=nino))
    assert len(await people.post_mail()) == 1


async def test_where_no_mail_leaves_the_house_none_is_promised(people: People, jeanne: Id) -> None:
    people.way_in.mailer._config = replace(people.way_in.mailer._config, host="")
    there = await letters(people, jeanne)
    browser = await people.browser().get("/reset")
    assert "Aucun courriel ne part d’ici" in browser.text and 'name="email"' not in browser.text
    await browser.get("/sign-in")
    await browser.post("/reset", email=JEANNE)
    assert "Aucun courriel ne part d’ici" in browser.text and "un message part" not in browser.text
    assert await letters(people, jeanne) == there


def test_every_command_that_writes_a_letter_is_asked_here() -> None:
    """They are found in the source: what asks for a letter says when it got none, or has a reason not to."""
    found = {name for name, handler in COMMANDS.items() if "ask_letter" in calls(handler.run, set())}
    assert found == {"invite_operator", "ask_reset", "send_letter", "ask_link", "ask_address"}


def calls(function: Any, seen: set[Any]) -> set[str]:
    if function in seen:
        return set()
    seen.add(function)
    own = called(function)
    return {each.__name__ for each in own}.union(*(calls(each, seen) for each in own))


async def test_each_says_when_it_wrote_none(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/me")
    for n in range(MOST_LETTERS[AskedBy.OWNER]):
        await browser.post("/me/address", email=f"new{n}@x.example", now=PASSWORD)
        assert browser.status == 200
        await people.do(AskLink(operator_id=jeanne, token_digest=digest(f"{n}")))
    await people.post_mail()
    await browser.post("/me/address", email="one-more@x.example", now=PASSWORD)
    assert browser.status == 400 and "attendez" in browser.text
    assert (await people.no(AskLink(operator_id=jeanne, token_digest=digest("one more")), SYSTEM)).detail["again"]
    assert (await people.no(SendLetter(operator_id=jeanne), SYSTEM)).detail["again"]
    assert await people.post_mail() == []


async def test_a_link_handed_over_is_one_letter(people: People, jeanne: Id) -> None:
    """Where no mail leaves the house, the letter that was asked for makes room for the link; a mail server that comes
    later sends nothing in its place."""
    nino = await people.person("Nino", "nino@x.example")
    there = len(await letters(people, nino))
    await people.do(SendLetter(operator_id=nino))
    token = await people.way_in.sign_in.link(SYSTEM, nino)
    assert isinstance(token, Ok) and len(await letters(people, nino)) == there + 1
    assert await people.post_mail() == []
    assert (await people.browser().get(f"/invitation/{token.value}")).status == 200


async def test_another_mail_address_closes_the_links_and_is_told_at_the_old_one(people: People, jeanne: Id) -> None:
    await (await people.browser().get("/reset")).post("/reset", email=JEANNE)
    link = await people.link()
    await people.do(ChangeOperator(operator_id=jeanne, name="Jeanne", language="fr", email="new@x.example"))
    assert (await people.browser().get(link)).status == 410
    (mail,) = await people.post_mail()
    assert mail["To"] == JEANNE and "nous n’écrirons plus ici" in mail.get_content()


async def test_the_deactivated_get_no_letter_and_their_links_are_shut(people: People, jeanne: Id) -> None:
    nino = await people.person("Nino", "nino@x.example")
    await people.do(SendLetter(operator_id=nino))
    link = await people.link()
    await people.do(DeactivateOperator(operator_id=nino))
    assert (await people.browser().get(link)).status == 410
    await (await people.browser().get("/reset")).post("/reset", email="nino@x.example")
    assert await people.post_mail() == []


async def test_a_mail_server_that_is_busy_is_asked_again_with_the_same_link(people: People) -> None:
    await people.do(
        InviteOperator(id=new_id(), context_id=people.house.institution, name="Nino", email=JEANNE, language="fr")
    )
    people.box.refuse = True
    assert await people.post_mail() == []
    (letter,) = await people.rows(Letter)
    people.box.refuse = False
    people.watch.at += timedelta(minutes=1)
    link = await people.link()
    (again,) = await people.rows(Letter)
    assert letter.token_digest == again.token_digest
    assert (await people.browser().get(link)).status == 200


async def test_whom_a_server_does_not_know_stands_in_no_log(people: People) -> None:
    await people.do(
        InviteOperator(id=new_id(), context_id=people.house.institution, name="Nino", email=JEANNE, language="fr")
    )
    people.box.knows = False
    assert await people.post_mail() == []
    (why,), *bodies = await people.door.read(
        SYSTEM,
        lambda read: [
            *read.run("SELECT last_error FROM outbox WHERE kind = 'mail'"), *read.run("SELECT body FROM command_log")
        ],
    )  # fmt: skip
    assert "550" in why and JEANNE not in why
    assert len(bodies) > 1 and not [body for (body,) in bodies if JEANNE in body]


async def test_a_letter_that_never_leaves_is_given_up_visibly(people: People) -> None:
    await people.do(
        InviteOperator(id=new_id(), context_id=people.house.institution, name="Nino", email=JEANNE, language="fr")
    )
    people.box.refuse = True
    for _ in range(MOST_TRIES):
        await drain(people.door, {MAIL: people.way_in.mailer.send}, only=True)
        people.watch.at += timedelta(hours=2)
    state, why = await people.door.read(
        SYSTEM, lambda read: read.one("SELECT state, last_error FROM outbox WHERE kind = 'mail'")
    )
    assert state == "given_up" and "451" in why


async def test_a_mail_server_is_named_on_no_page(people: People, jeanne: Id) -> None:
    """It stands in central's configuration: the list says so, and leads to no form where it could not be done."""
    invited = InviteOperator(
        id=new_id(), context_id=people.house.institution, name="Nino", email="n@x.example", language="fr"
    )
    await people.do(invited)
    people.watch.at += timedelta(minutes=11)
    browser = await people.browser().sign_in(next=f"/admin/live?at={people.house.institution}")
    line = browser.text.partition("Des courriels attendent")[2].partition("</li>")[0]
    assert "central.toml" in line and "href" not in line
