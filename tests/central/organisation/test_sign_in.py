"""Signing in as people do it: over the pages, with a clock that moves."""

from datetime import timedelta

from central.organisation.model import Attempt, SignInSession
from central.organisation.operators import DeactivateOperator
from central.organisation.rules import IDLE, LONGEST
from central.organisation.sessions import EndSession, EndSessions
from shared.ids import Id
from tests.central.organisation.conftest import JEANNE, PASSWORD, People


async def test_in_and_out(people: People, jeanne: Id) -> None:
    browser = people.browser()
    assert (await browser.get("/me")).path == "/sign-in"
    assert (await browser.sign_in(next="/me")).path == "/me"
    assert "Jeanne Martin" in browser.text
    (session,) = await people.rows(SignInSession)
    assert session.operator_id == jeanne and session.address == "127.0.0.1" and not session.second_factor
    assert (await browser.post("/sign-out")).path == "/sign-in"
    assert await people.rows(SignInSession) == []
    assert (await browser.get("/me")).path == "/sign-in"


async def test_wrong_password_says_nothing_about_the_account(people: People, jeanne: Id) -> None:
    answers = []
    for email in (JEANNE, "nobody@tilleuls.example"):
        browser = await people.browser().sign_in(email, "not the password at all")
        answers.append((browser.status, browser.text.replace(email, "…")))
        assert not browser.token()
    assert answers[0] == answers[1] and answers[0][0] == 400


async def test_a_capital_or_a_space_in_the_address_is_the_same_person(people: People, jeanne: Id) -> None:
    assert (await people.browser().sign_in(f" {JEANNE.upper()} ", next="/me")).path == "/me"


async def test_idle_and_absolute_limits(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/me")
    began = people.watch.at
    while people.watch.at < began + LONGEST - IDLE:
        people.watch.at += IDLE / 2
        assert (await browser.get("/me")).path == "/me", "a sign of life keeps it"
    people.watch.at = began + LONGEST
    assert (await browser.get("/me")).path == "/sign-in", "twelve hours are the end"
    other = await people.browser().sign_in(next="/me")
    people.watch.at += IDLE
    assert (await other.get("/me")).path == "/sign-in", "so is half an hour without one"


async def test_forced_sign_out_holds_at_once(people: People, jeanne: Id) -> None:
    for end in ("one", "all", "deactivated"):
        clerk = await people.person("Paul", f"paul-{end}@tilleuls.example", "orders")
        browser = await people.browser().sign_in(f"paul-{end}@tilleuls.example", next="/me")
        assert browser.path == "/me"
        (session,) = await people.rows(SignInSession, "WHERE operator_id = :id", id=clerk)
        commands = {
            "one": EndSession(session_id=session.id),
            "all": EndSessions(operator_id=clerk),
            "deactivated": DeactivateOperator(operator_id=clerk),
        }
        await people.do(commands[end], await people.actor(jeanne))
        assert (await browser.get("/me")).path == "/sign-in", end
    again = await people.browser().sign_in("paul-deactivated@tilleuls.example")
    assert again.status == 400


async def test_ones_own_sessions_are_listed_and_ended(people: People, jeanne: Id) -> None:
    here, there = await people.browser().sign_in(), await people.browser().sign_in(next="/me")
    sessions = await people.rows(SignInSession, "ORDER BY began, id")
    assert len(sessions) == 2
    await here.get("/me")
    ended = next(each for each in sessions if f'value="{each.id}"' in here.text)
    await here.post("/me/sessions/end", session=ended.id)
    assert [each.id for each in await people.rows(SignInSession)] == [
        each.id for each in sessions if each.id != ended.id
    ]
    assert (await there.get("/me")).path == "/sign-in"


async def test_a_session_that_nobody_used_is_not_listed_any_more(people: People, jeanne: Id) -> None:
    address = "paul@tilleuls.example"
    paul = await people.person("Paul", address, "orders")
    await people.browser().sign_in(address)
    (unused,) = await people.rows(SignInSession)
    people.watch.at += IDLE
    await people.browser().sign_in(address)
    (other,) = [each for each in await people.rows(SignInSession) if each.id != unused.id]
    himself, jeannes = await people.browser().sign_in(address), await people.browser().sign_in()
    for browser, page in ((himself, "/me"), (jeannes, f"/admin/e/operator/{paul}")):
        await browser.get(page)
        assert other.id in browser.text and unused.id not in browser.text, page


async def test_nobody_ends_somebody_elses_session_as_their_own(people: People, jeanne: Id) -> None:
    await people.person("Paul", "paul@tilleuls.example", "orders")
    paul = await people.browser().sign_in("paul@tilleuls.example", next="/me")
    await people.browser().sign_in()
    (hers,) = await people.rows(SignInSession, "WHERE operator_id = :id", id=jeanne)
    await paul.post("/me/sessions/end", session=hers.id)
    assert await people.rows(SignInSession, "WHERE id = :id", id=hers.id)


async def test_language_is_the_owners(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in(next="/me")
    await browser.post("/me/language", language="de")
    assert '<html lang="de">' in browser.text
    await browser.post("/me/language", language="klingon")
    assert '<html lang="de">' in browser.text


async def test_a_new_password_ends_the_other_sessions_and_is_told(people: People, jeanne: Id) -> None:
    here, there = await people.browser().sign_in(next="/me"), await people.browser().sign_in(next="/me")
    new = "quatre lanternes dans le vent"
    await here.post("/me/password", now="wrong", password=new, again=new)
    assert here.status == 400
    await here.post("/me/password", now=PASSWORD, password=new, again=new + "!")
    assert here.status == 400
    await here.post("/me/password", now=PASSWORD, password=new, again=new)
    assert (here.status, here.path) == (200, "/me")
    assert (await there.get("/me")).path == "/sign-in"
    assert (await people.browser().sign_in()).status == 400
    assert (await people.browser().sign_in(password=new, next="/me")).path == "/me"
    (mail,) = await people.post_mail()
    assert mail["To"] == JEANNE and "mot de passe vient d’être changé" in mail.get_content()


async def test_kept_at_todays_costs_from_the_next_sign_in(people: People, jeanne: Id) -> None:
    from argon2 import PasswordHasher

    from central.organisation.sessions import SetPassword

    await people.browser().sign_in()
    (session,) = await people.rows(SignInSession)
    now = (await people.operator(jeanne)).password
    old = PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)
    await people.do(SetPassword(session_id=session.id, verified=now, password=old))
    assert (await people.browser().sign_in(next="/me")).path == "/me"
    kept = (await people.operator(jeanne)).password
    assert kept != old and "m=64,t=1,p=1" in kept


async def test_success_clears_the_account_and_gives_the_address_one_try_back(people: People, jeanne: Id) -> None:
    for _ in range(3):
        await people.browser().sign_in(password="wrong password here")
    assert {each.subject.partition(":")[0]: each.wrong for each in await people.rows(Attempt)} == {
        "password": 3, "address": 3,
    }  # fmt: skip
    await people.browser().sign_in()
    assert {each.subject.partition(":")[0]: each.wrong for each in await people.rows(Attempt)} == {"address": 3}


async def test_tidying_takes_what_is_over(people: People, jeanne: Id) -> None:
    from central.organisation.sessions import TidySessions

    await people.browser().sign_in()
    await people.browser().sign_in(password="wrong password here")
    people.watch.at += LONGEST + timedelta(hours=13)
    await people.do(TidySessions())
    assert await people.rows(SignInSession) == [] and await people.rows(Attempt) == []


async def test_the_log_names_whose_account_it_was(people: People, jeanne: Id) -> None:
    """Central gives these commands, on somebody's behalf and from their address."""
    from central.kernel.actor import SYSTEM

    await people.browser().sign_in(password="a wrong password")
    browser = await people.browser().sign_in(next="/me")
    new = "quatre lanternes dans le vent"
    await browser.post("/me/password", now=PASSWORD, password=new, again=new)
    rows = await people.door.read(SYSTEM, lambda read: read.run("SELECT name, actor, origin FROM command_log"))
    who = {name: (actor, origin) for name, actor, origin in rows}
    hers = (f"operator:{jeanne}", "web 127.0.0.1")
    assert who["begin_session"] == who["set_password"] == who["use_letter"] == hers
    assert "count_attempt" not in who, "nobody is known yet, and anybody could fill the log"
