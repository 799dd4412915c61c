"""Guessing makes wait: strangers all together, per account and per address; never who came in from there before."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import orjson
import pytest
from aiohttp.test_utils import TestServer

from central.app import make_app
from central.kernel.actor import SYSTEM
from central.kernel.job import job_of
from central.kernel.personal_data import content_digest
from central.kernel.vault import Vault
from central.organisation.limits import LiftLimit
from central.organisation.model import Attempt, NoSignIn
from central.organisation.pages import SIGN_IN_SERVICES
from central.organisation.rules import FREE
from central.organisation.sessions import CountAttempt, TidySessions
from central.organisation.sign_in import Visitor
from central.organisation.sign_in_places import MOST_OWNERS, SignInPlace, device_of, devices, place_id, with_device
from central.web.limit_sources import LIMITED, Limited, LimitSource
from central.web.limits import Limits, RequestLimit
from central.web.request_waits import of_requests
from central.web.settings import UNLIMITED, HttpConfig, LimitsConfig, Rate
from shared.ids import Id
from shared.outcome import Ok, Refused
from tests.central.organisation.conftest import JEANNE, PASSWORD, Browser, People
from tests.central.organisation.test_second_factor import enrolled
from tests.central.small_house import new_id

WRONG = "not the password, sorry"
HERE, ELSEWHERE = "127.0.0.1", "10.9.8.7"


async def tries(people: People, address: str, email: str = JEANNE, password: str = WRONG, devices: str = "") -> str:
    """The reason why not; empty: in."""
    said = await people.way_in.sign_in.enter(Visitor(address, "x", devices=devices), email, password)
    return said.reason if isinstance(said, Refused) else ""


async def cookie_of(people: People, browser: Browser) -> str:
    return {cookie.key: cookie.value for cookie in browser.client.cookie_jar}.get("known", "")


# --- who waits for what -----------------------------------------------------------------------------------------------

ACCOUNT, ADDRESS, FROM_HERE, BROWSER = (
    "password:{a}",
    "address:127.0.0.1",
    "password:{a}@127.0.0.1",
    "password:{a}@mark",
)


@pytest.mark.parametrize("place, waits", [
    (SignInPlace("a", HERE, Id("p")), {ACCOUNT, ADDRESS}),
    (SignInPlace("a", HERE, Id("p"), known=True), {FROM_HERE}),
    (SignInPlace("a", HERE, Id("p"), device="mark"), {BROWSER}),
    (SignInPlace("a", HERE, Id("p"), device="mark", known=True), {BROWSER}),
])  # fmt: skip
def test_who_waits_for_what(place: SignInPlace, waits: set[str]) -> None:
    """Of all that can be full, a place that the account came in from waits for its own alone."""
    every = {each.format(a="a") for each in (ACCOUNT, ADDRESS, FROM_HERE, BROWSER)}
    assert set(place.tried().waits) == {each.format(a="a") for each in waits} <= every
    assert place.typed_email in place.tried().waits[0], "whatever happens, the account's own guesses have a cap"
    for kind in ("password", "code", "letter"):
        assert place.tried(kind, apart=kind == "letter").waits[0].partition(":")[0] in FREE


async def test_one_script_does_not_lock_a_house_out(people: People, jeanne: Id) -> None:
    """Behind one address: a script guesses at everybody, colleagues go on coming in."""
    names = ["paul", "nina", "omar"]
    for name in names:
        await people.person(name, f"{name}@x.example")
        assert (await people.browser().sign_in(f"{name}@x.example", next="/me")).path == "/me"
    for n in range(60):
        await people.browser().sign_in(f"user{n}@x.example", WRONG)
    assert (await people.browser().sign_in("user99@x.example", WRONG)).status == 429
    for email in (JEANNE, *(f"{name}@x.example" for name in names)):
        assert (await people.browser().sign_in(email, next="/me")).path == "/me", email
    assert (await people.browser().sign_in("user99@x.example", WRONG)).status == 429, "nor did they let it go on"


async def test_a_block_of_64_bits_is_one_address(people: People, jeanne: Id) -> None:
    """Whoever has an IPv6 line has 2⁶⁴ addresses on it."""
    said = []
    for n in range(40):
        visitor = Visitor(f"2001:db8:0:1::{n:x}", "x")
        answer = await people.way_in.sign_in.enter(visitor, f"nobody{n}@x.example", WRONG)
        said.append(answer.reason if isinstance(answer, Refused) else "")
    assert said.count(NoSignIn.TOO_MANY) == 40 - FREE["address"]
    assert await tries(people, "2001:db8:0:2::1", password=PASSWORD) == "", "the line beside it is another"


async def test_guesses_at_one_account_from_everywhere(people: People, jeanne: Id) -> None:
    """Who knows an address does not lock its owner out of where they work."""
    said = {await tries(people, f"10.0.{n // 200}.{n % 200}") for n in range(100)}
    assert said == {NoSignIn.UNKNOWN, NoSignIn.TOO_MANY}
    assert await tries(people, "10.7.7.7", password=PASSWORD) is NoSignIn.TOO_MANY, "from a new place she waits"
    assert await tries(people, HERE, password=PASSWORD) == ""
    assert await tries(people, "10.7.7.7", password=PASSWORD) is NoSignIn.TOO_MANY, "and that let nobody else go on"
    await (await people.browser().get("/reset")).post("/reset", email=JEANNE)
    token = (await people.link()).rpartition("/")[2]
    at_home, new = Visitor("10.7.7.7", "x"), "quatre lanternes dans le vent"
    assert isinstance(await people.way_in.sign_in.use_letter(at_home, token, new), Ok)
    for n in range(30):
        await tries(people, f"10.1.0.{n}")
    assert await tries(people, "10.7.7.7", password=new) == "", "a letter proves a place"


async def test_guesses_from_her_own_address(people: People, jeanne: Id) -> None:
    """The one beside her is slowed down, her browser is not; a browser that is new waits with the one beside her."""
    hers = await people.browser().sign_in(next="/me")
    known = await cookie_of(people, hers)
    assert known
    for _ in range(FREE["password"] + 1):
        await people.browser().sign_in(password=WRONG)
    assert (await people.browser().sign_in()).status == 429
    assert (await hers.sign_in(next="/me")).path == "/me"
    assert await tries(people, ELSEWHERE, password=PASSWORD, devices=known) == "", "wherever she carries it"


async def test_a_browser_that_was_hers_has_a_cap_too(people: People, jeanne: Id) -> None:
    known = await cookie_of(people, await people.browser().sign_in(next="/me"))
    said = [await tries(people, f"10.2.0.{n}", devices=known) for n in range(20)]
    assert said.count(NoSignIn.UNKNOWN) == FREE["password"] and said.count(NoSignIn.TOO_MANY) == 20 - FREE["password"]


@pytest.mark.parametrize("where", ["strange", "known", "device"])
async def test_the_accounts_own_cap_stays(people: People, jeanne: Id, where: str) -> None:
    """At most 20 guesses an hour and 110 a day: from all strange places together, from one known one, from one browser,
    as fast as each may."""
    known = await cookie_of(people, await people.browser().sign_in(next="/me")) if where == "device" else ""
    await people.do(TidySessions())
    began, guesses = people.watch.at, list[datetime]()
    n = 0
    while people.watch.at < began + timedelta(hours=24):
        n += 1
        address = HERE if where == "known" else f"10.{n // 60000}.{n // 250 % 250}.{n % 250}"
        said = await people.way_in.sign_in.enter(Visitor(address, "x", devices=known), JEANNE, WRONG)
        assert isinstance(said, Refused)
        if said.reason == NoSignIn.UNKNOWN:
            guesses.append(people.watch.at)
        else:
            people.watch.at = datetime.fromisoformat(said.detail["again"])
    assert len([each for each in guesses if each < began + timedelta(hours=1)]) <= 20
    assert len(guesses) <= 110


async def test_who_shares_an_address_tells_nothing_by_the_words(people: People, jeanne: Id) -> None:
    """Over the address's limit, a wrong password is answered alike for who comes in from there and for nobody."""
    for n in range(FREE["address"] + 1):
        await people.browser().sign_in(f"user{n}@x.example", WRONG)
    said = {
        (browser.status, browser.text.replace(email, "…"))
        for email in (JEANNE, "nobody@x.example")
        for browser in [await people.browser().sign_in(email, WRONG)]
    }
    assert len(said) == 1 and {status for status, _ in said} == {429}


async def test_her_slips_count_at_the_address_as_anybodys(people: People, jeanne: Id) -> None:
    """Or the count would tell who comes in from there; but they make nobody wait longer who waits already."""
    await people.browser().sign_in(password=WRONG)
    (address,) = await people.rows(Attempt, "WHERE subject = :s", s=f"address:{HERE}")
    assert address.wrong == 1
    for n in range(FREE["address"]):
        await people.browser().sign_in(f"user{n}@x.example", WRONG)
    (before,) = await people.rows(Attempt, "WHERE subject = :s", s=f"address:{HERE}")
    await people.browser().sign_in(password=WRONG)
    assert await people.rows(Attempt, "WHERE subject = :s", s=f"address:{HERE}") == [before]


async def test_coming_in_lets_no_address_go_on(people: People, jeanne: Id) -> None:
    """Somebody with an account of their own guesses at others', and signs in between: it wins them nothing."""
    for n in range(FREE["address"]):
        await people.browser().sign_in(f"user{n}@x.example", WRONG)
    for _ in range(3):
        assert (await people.browser().sign_in(next="/me")).path == "/me"
        assert (await people.browser().sign_in("user99@x.example", WRONG)).status == 429


# --- codes, and the password once more --------------------------------------------------------------------------------


async def test_who_has_the_password_does_not_lock_the_codes(people: People, jeanne: Id) -> None:
    _, phone, _ = await enrolled(people)
    people.watch.at += timedelta(minutes=1)
    way_in = people.way_in.sign_in
    hers = await people.browser().sign_in(next="/me")
    await hers.post("/sign-in/code", code=hers.code(phone), next="/me")
    assert hers.path == "/me"
    for n in range(12):
        half = await way_in.enter(Visitor(f"10.3.0.{n}", "x"), JEANNE, PASSWORD)
        if isinstance(half, Ok):
            await way_in.complete(Visitor(f"10.3.0.{n}", "x", half.value), "000000")
    codes = [each for each in await people.rows(Attempt) if each.subject.startswith("code:")]
    assert [each.subject for each in codes] == [f"code:{jeanne}"] and codes[0].locked_until
    people.watch.at += timedelta(minutes=1)
    again = await people.browser().sign_in(next="/me")
    await again.post("/sign-in/code", code=again.code(phone), next="/me")
    assert again.path == "/me"


async def test_nobody_elsewhere_makes_a_session_wait(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/me")
    for n in range(40):
        await tries(people, f"10.4.0.{n}")
        await tries(people, HERE)
    await browser.post("/me/confirm", next="/me", _now=PASSWORD)
    assert browser.path == "/me" and browser.status == 200
    for _ in range(FREE["session"]):
        await browser.post("/me/confirm", next="/me", _now=WRONG)
    await browser.post("/me/confirm", next="/me", _now=PASSWORD)
    assert browser.status == 403 and "attendez" in browser.text, "a thief who sits there guesses no faster"


# --- places and cookies -----------------------------------------------------------------------------------------------


async def test_half_the_way_in_proves_no_place(people: People, jeanne: Id) -> None:
    await enrolled(people)
    browser = await people.browser().sign_in(next="/me")
    assert browser.path == "/sign-in/code" and not await cookie_of(people, browser)
    way_in = people.way_in.sign_in
    await way_in.enter(Visitor(ELSEWHERE, "x"), JEANNE, PASSWORD)
    assert not (await way_in._place(Visitor(ELSEWHERE, "x"), JEANNE)).known


def test_a_cookie_is_of_its_account_and_of_this_house() -> None:
    vault, jeanne, paul = Vault(b"k" * 32), "a" * 64, "b" * 64
    cookie = with_device(vault, "", jeanne)
    assert device_of(vault, cookie, jeanne) and not device_of(vault, cookie, paul)
    assert not device_of(Vault(b"x" * 32), cookie, jeanne), "another house's"
    mark = device_of(vault, cookie, jeanne)
    for forged in ("", "~", "a" * 16, f"{'b' * 16}.{mark}.{cookie.rpartition('.')[2]}", cookie[:-1], cookie + "x",
                   f"{'a' * 16}.{mark}.", f"{'a' * 16}..{cookie.rpartition('.')[2]}", "é.é.é"):  # fmt: skip
        assert devices(vault, forged) == {}, forged
    assert device_of(vault, with_device(vault, cookie, jeanne), jeanne) == mark, "it keeps its mark"
    for n in range(MOST_OWNERS):
        cookie = with_device(vault, cookie, f"{n}" * 64)
    assert len(devices(vault, cookie)) == MOST_OWNERS and not device_of(vault, cookie, jeanne)
    assert len(cookie) < 500
    assert place_id(vault, jeanne, HERE) != place_id(vault, jeanne, ELSEWHERE) != place_id(vault, paul, ELSEWHERE)


async def test_the_cookie_is_unreadable_and_outlives_the_session(people: People, jeanne: Id) -> None:
    browser = people.browser()
    await browser.sign_in(next="/me")
    async with browser.client.get("/sign-in", allow_redirects=False) as answer:
        assert "Set-Cookie" not in answer.headers, "it has one"
    other = people.browser()
    token = browser.token()
    other.client.cookie_jar.update_cookies({"session": token}, people.server.make_url("/"))
    async with other.client.get("/sign-in", allow_redirects=False) as answer:
        said = answer.headers["Set-Cookie"]
    assert said.startswith("known=") and "HttpOnly" in said and "SameSite=Lax" in said and "Max-Age" in said
    assert JEANNE not in said


async def test_no_address_is_kept_in_clear_for_a_place(people: People, jeanne: Id) -> None:
    rows = await people.door.read(SYSTEM, lambda read: read.run("SELECT id, typed_email FROM sign_in_place"))
    assert len(rows) == 1 and HERE not in repr(rows) and JEANNE not in repr(rows)


# --- the page ---------------------------------------------------------------------------------------------------------


async def waiting(people: People) -> Browser:
    """Somebody guessed from everywhere, a script spread its guesses, and somebody typed a name that is nobody's."""
    for n in range(8):
        await tries(people, f"10.5.0.{n}")
        await tries(people, f"10.6.0.{n}", "not-an-account@x.example")
    for n in range(FREE["address"] + 1):
        await tries(people, ELSEWHERE, f"user{n}@x.example")
    return await people.browser().sign_in(next="/admin/limited")


async def test_an_administrator_sees_who_waits_and_lifts_it(people: People, jeanne: Id) -> None:
    page = await waiting(people)
    assert page.status == 200 and "Jeanne Martin" in page.text and ELSEWHERE in page.text
    assert "un opérateur qui n’existe pas" in page.text and "not-an-account" not in page.text
    subjects = re.findall(r'name="subject" value="([^"]+)"', page.text)
    assert len(subjects) == 3
    hers = f"password:{people.way_in.sign_in._typed_email(JEANNE)}"
    assert hers in subjects
    assert await tries(people, "10.5.5.5", password=PASSWORD) is NoSignIn.TOO_MANY
    await page.post("/admin/limited/lift", source="sign_in", subject=hers)
    assert page.path == "/admin/limited" and page.text.count('name="subject"') == 2
    assert await tries(people, "10.5.5.5", password=PASSWORD) == ""
    logged = await people.door.read(
        SYSTEM, lambda read: read.run("SELECT actor, body FROM command_log WHERE name = 'lift_limit'")
    )
    assert [row[0] for row in logged] == [f"operator:{jeanne}"]
    await page.post("/admin/limited/lift", source="sign_in", subject=f"address:{ELSEWHERE}")
    logged = await people.door.read(
        SYSTEM, lambda read: read.run("SELECT body FROM command_log WHERE name = 'lift_limit'")
    )
    assert len(logged) == 2 and ELSEWHERE not in str(logged) and hers not in str(logged), "an address may be somebody's"


async def test_the_page_without_anybody(people: People, jeanne: Id) -> None:
    page = await people.browser().sign_in(next="/admin/limited")
    assert page.status == 200 and "Personne n’attend." in page.text


async def test_lifting_is_a_right_of_its_own(people: People, jeanne: Id) -> None:
    await people.person("Paul", "paul@x.example", "organisation.session.read")
    await people.person("Nina", "nina@x.example", "organisation.session.read", at=people.house.season)
    await waiting(people)
    paul = await people.browser().sign_in("paul@x.example", next="/admin/limited")
    assert paul.status == 200 and 'name="subject"' not in paul.text
    await paul.post("/admin/limited/lift", source="sign_in", subject=f"address:{ELSEWHERE}")
    assert paul.status == 400 and "droit" in paul.text
    assert (await people.browser().sign_in("nina@x.example", next="/admin/limited")).status == 403
    nobody = people.browser()
    assert (await nobody.get("/admin/limited")).path == "/sign-in"


LIFTED = "SELECT digest FROM command_log WHERE name = 'lift_limit'"


async def test_what_else_limits_stands_on_the_same_page(people: People, jeanne: Id) -> None:
    lifted: list[str] = []
    until = people.watch.at + timedelta(minutes=3)
    row = Limited("10.1.1.1", "10.1.1.1", "demandes par minute", "10.1.1.1", None, until)
    people.server.app[LIMITED].append(LimitSource("more", lambda *_: [row], lifted=lifted.append))
    page = await people.browser().sign_in(next="/admin/limited")
    assert "demandes par minute" in page.text
    await page.post("/admin/limited/lift", source="more", subject="10.1.1.1")
    assert lifted == ["10.1.1.1"]
    await people.do(LiftLimit(source="nobody's", subject="x"))
    lift = LiftLimit(source="more", subject="10.1.1.1")
    found = {row[0] for row in await people.door.read(SYSTEM, lambda read: read.run(LIFTED))}
    job = job_of(SYSTEM, lift, new_id())
    said = job.handler.said_of_people(lift)
    assert said and found, "and nobody tries out in the log for whom it was"
    assert content_digest(job.digest, said, lambda _, value: orjson.dumps(value).decode()) not in found


async def test_every_kind_that_is_counted_can_be_shown(people: People, jeanne: Id) -> None:
    """However a subject is called: the page says it in words."""
    marks = [
        f"{kind}:{whose}{at}" for kind in FREE for whose in ("x", jeanne) for at in ("", "@10.0.0.1", "@mark", "@::1")
    ]
    for _ in range(max(FREE.values())):
        for each in marks:
            await people.door.execute(SYSTEM, CountAttempt(subjects=(each,)), new_id())
    page = await people.browser().sign_in(next="/admin/limited")
    assert page.status == 200 and len(re.findall('name="subject"', page.text)) == len(marks)


async def test_who_asks_too_often_stands_there_too(people: People, jeanne: Id) -> None:
    """Counted by a process in its memory: seen in the loop, lifted by the same command."""
    limits = Limits(LimitsConfig(acts=Rate(0.001, 1), claims=Rate(0.001, 1), people=Rate(0.001, 1)), lambda: 0.0)
    people.server.app[LIMITED].append(of_requests(limits, people.watch))
    for _ in range(2):
        limits.take(RequestLimit.ACTS, ELSEWHERE)
        limits.take(RequestLimit.PEOPLE, f"operator:{jeanne}")
        limits.take(RequestLimit.CLAIMS, f"operator:{jeanne}")
    page = await people.browser().sign_in(next="/admin/limited")
    assert page.text.count('value="requests"') == 3 and ELSEWHERE in page.text and "Jeanne Martin" in page.text
    await page.post("/admin/limited/lift", source="requests", subject=ELSEWHERE)
    assert [each.who for each in limits.waiting(people.watch.at)] == [f"operator:{jeanne}"] * 2
    await page.post("/admin/limited/lift", source="requests", subject=f"operator:{jeanne}")
    assert limits.waiting(people.watch.at) == []


async def test_a_flood_from_her_address_does_not_shut_her_browser_out(people: People, jeanne: Id) -> None:
    """Of requests too, not of guesses alone: a browser that came in before is counted by itself."""
    http = HttpConfig(limits=replace(UNLIMITED, acts=Rate(0.001, 3)))
    async with TestServer(make_app(people.door, given={SIGN_IN_SERVICES: people.way_in}, http=http)) as server:
        people.server = server
        hers = await people.browser().sign_in(next="/me")
        await hers.post("/sign-out")
        script = people.browser()
        while script.status != 429:
            await script.post("/reset", email="user@x.example")
        assert (await people.browser().post("/sign-in", email=JEANNE, password=PASSWORD)).status == 429
        assert (await hers.sign_in(next="/me")).path == "/me"
