"""What an attacker tries, one named test each (docs/security.md says which chapter of ASVS each stands for)."""

import asyncio
import re
import threading
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import orjson
import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from argon2 import Parameters, PasswordHasher, extract_parameters

from central.app import make_app
from central.config_file import read_config
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, ENTITIES
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS
from central.kernel.vault import FILE, Vault, load_vault
from central.organisation.browser import Cookies
from central.organisation.model import Attempt, Letter, NoSignIn, Operator, SignInSession
from central.organisation.pages import SIGN_IN_SERVICES, SignInServices
from central.organisation.passwords import Passwords, TooManySignIns, weakness
from central.organisation.rules import FREE, LONGEST_WAIT, counted, locked
from central.organisation.second_factor import new_seed
from central.organisation.settings import Costs, MailConfig, OrganisationSettings, SignInConfig
from central.organisation.sign_in import Visitor, digest
from central.web.session import HEADERS, local_path
from shared.ids import Id
from shared.outcome import Refused
from shared.wire.requests import COMMAND_ID
from tests.central.organisation.conftest import CHEAP, JEANNE, PASSWORD, People
from tests.central.organisation.test_second_factor import enrolled
from tests.central.small_house import NOW, House, Watch, new_id

# --- sessions ---------------------------------------------------------------------------------------------------------


async def test_session_fixation(people: People, jeanne: Id) -> None:
    """A token that somebody planted before signs nobody in; each step in brings a new one, and the old is dead."""
    browser = people.browser()
    browser.client.cookie_jar.update_cookies({"session": "planted"}, people.server.make_url("/"))
    await browser.sign_in(next="/me")
    first = browser.token()
    assert browser.path == "/me" and first != "planted" and len(first) >= 43
    await browser.client.post("/sign-in", data={"email": JEANNE, "password": PASSWORD, "_csrf": "x"})
    thief = people.browser()
    thief.client.cookie_jar.update_cookies({"session": "planted"}, people.server.make_url("/"))
    assert (await thief.get("/me")).path == "/sign-in"
    people.watch.at += timedelta(seconds=1)
    again = await browser.sign_in(next="/me")
    assert again.path == "/me"
    assert await people.rows(SignInSession, "WHERE token_digest = :d", d=digest("planted")) == []


async def test_signing_in_again_ends_the_session_before(people: People, jeanne: Id) -> None:
    visitor = Visitor("127.0.0.1", "x")
    first = await people.way_in.sign_in.enter(visitor, JEANNE, PASSWORD)
    second = await people.way_in.sign_in.enter(replace(visitor, token=first.value), JEANNE, PASSWORD)
    assert first.value != second.value
    assert await people.way_in.sign_in.find(replace(visitor, token=first.value)) is None


async def test_the_token_is_kept_as_a_digest(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in()
    (session,) = await people.rows(SignInSession)
    assert session.token_digest == digest(browser.token()) and browser.token() not in repr(session)


async def test_a_half_session_is_short(people: People, jeanne: Id) -> None:
    await enrolled(people)
    browser = await people.browser().sign_in(next="/me")
    assert browser.path == "/sign-in/code"
    people.watch.at += timedelta(minutes=10)
    assert (await browser.get("/sign-in/code")).path == "/sign-in"


@pytest.mark.parametrize("url, secure, name", [
    ("https://tickets.example", True, "__Host-session"), ("http://127.0.0.1:8080", False, "session"),
])  # fmt: skip
async def test_cookie_flags(
    sqlite_place: tuple[Database, House], keys: Keys, url: str, secure: bool, name: str
) -> None:
    door = Door(sqlite_place[0], Watch(), path_of, keys)
    door.start()
    way_in = SignInServices.of(door, Vault(b"k" * 32), CHEAP, MailConfig(), url)
    async with TestClient(TestServer(make_app(door, given={SIGN_IN_SERVICES: way_in}))) as client:
        who = new_id()
        from central.organisation.letters import AskLink
        from central.organisation.operators import InviteOperator

        await door.execute(
            SYSTEM,
            InviteOperator(id=who, context_id=sqlite_place[1].institution, name="J", email=JEANNE, language="fr"),
            new_id(),
        )
        await door.execute(SYSTEM, AskLink(operator_id=who, token_digest=digest("t")), new_id())
        await client.post("/invitation/t", data={"password": PASSWORD, "again": PASSWORD})
        answer = await client.post("/sign-in", data={"email": JEANNE, "password": PASSWORD}, allow_redirects=False)
        said = answer.headers["Set-Cookie"]
        assert ("Strict-Transport-Security" in answer.headers) is secure
    await asyncio.to_thread(door.stop)
    assert said.startswith(f"{name}=") and "HttpOnly" in said and "SameSite=Lax" in said and "Path=/" in said
    assert ("Secure" in said) is secure and "Domain" not in said and "Max-Age" not in said
    assert Cookies(url).secure is secure


# --- forms of other sites ---------------------------------------------------------------------------------------------


async def test_csrf(people: People, jeanne: Id) -> None:
    """Without the session's token, with another's, from another site: nothing happens."""
    browser = await people.browser().sign_in(next="/me")
    token = re.search(r'name="_csrf" value="(\w+)"', browser.text)
    assert token
    form = {"language": "de"}
    for data, headers in (
        (form, {}), (form | {"_csrf": "0" * 64}, {}), (form | {"_csrf": ""}, {}),
        (form | {"_csrf": token[1]}, {"Origin": "https://evil.example"}),
        (form | {"_csrf": token[1]}, {"Sec-Fetch-Site": "cross-site"}),
        (form | {"_csrf": token[1]}, {"Origin": "null"}),
    ):  # fmt: skip
        async with browser.client.post("/me/language", data=data, headers=headers) as answer:
            assert answer.status == 403, (data, headers)
    assert (await people.operator(jeanne)).language == "fr"
    async with browser.client.post("/me/language", data=form | {"_csrf": token[1]}) as answer:
        assert answer.status == 200
    assert (await people.operator(jeanne)).language == "de"


async def test_csrf_of_the_way_in(people: People, jeanne: Id) -> None:
    """Nobody signs somebody else's browser in, or answers for a half session, from another site."""
    for path in ("/sign-in", "/reset"):
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            browser = people.browser()
            data = {"email": JEANNE, "password": PASSWORD}
            async with browser.client.post(path, data=data, headers=headers) as answer:
                assert answer.status == 403 and not browser.token()
    _, phone, _ = await enrolled(people)
    people.watch.at += timedelta(seconds=30)
    half = await people.browser().sign_in()
    async with half.client.post("/sign-in/code", data={"code": half.code(phone)}) as answer:
        assert answer.status == 403, "a half session has its own token"


async def test_clickjacking_and_other_headers(people: People, jeanne: Id) -> None:
    browser = await people.browser().sign_in()
    for path in ("/sign-in", "/reset", "/me", "/invitation/nothing", "/admin/who", "/static/door.css", "/nothing"):
        async with browser.client.get(path) as answer:
            for name in HEADERS:
                if not path.startswith("/static"):
                    assert name in answer.headers, (path, name)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            if not path.startswith("/static"):
                policy = answer.headers["Content-Security-Policy"]
                assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
                assert answer.headers["X-Frame-Options"] == "DENY"
            if answer.content_type == "text/html":
                text = await answer.text()
                assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:", text), path
                assert answer.headers["Cache-Control"] == "no-store", path


@pytest.mark.parametrize("wanted", [
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/%0d%0aSet-Cookie:x=1\r\n",
    "javascript:alert(1)", "/\tevil", "///evil.example", "http:evil.example", " /admin", "/" + "a" * 3000, "",
])  # fmt: skip
async def test_open_redirect(people: People, jeanne: Id, wanted: str) -> None:
    assert local_path(wanted, "/me") in ("/me",) or wanted.startswith("/%0d")
    browser = people.browser()
    async with browser.client.post(
        "/sign-in", data={"email": JEANNE, "password": PASSWORD, "next": wanted}, allow_redirects=False
    ) as answer:
        assert answer.status == 303 and answer.headers["Location"].startswith("/sign-in?next=/")
    async with browser.client.get("/sign-in", params={"next": wanted}, allow_redirects=False) as answer:
        where = answer.headers["Location"]
        assert where.startswith("/") and not where.startswith(("//", "/\\")) and "\n" not in where


@pytest.mark.parametrize("path", [
    "/static/../central/config.py", "/static/..%2f..%2fpyproject.toml", "/static/%2e%2e/%2e%2e/pyproject.toml",
    "/static/fonts/../../session.py", "/static//etc/passwd", "/static/vendor/../../texts.py", "/static/door.css%00.png",
    "/api/v1/snapshots/..%2f..%2fkeys%2froot.key", "/invitation/..%2f..%2fetc%2fpasswd",
])  # fmt: skip
async def test_path_traversal(people: People, jeanne: Id, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", people.server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())  # as it is, unnormalised
    said = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert re.match(rb"HTTP/1.1 (400|401|403|404|410)", said), said[:200]
    assert b"BEGIN" not in said and b"root:" not in said and b"import " not in said


# --- what is sent too much --------------------------------------------------------------------------------------------


async def test_mass_assignment(people: People, jeanne: Id) -> None:
    """A form that sends more than it shows changes nothing more; the API refuses what it does not know."""
    paul = await people.person("Paul", "paul@tilleuls.example", "orders")
    before = await people.operator(paul)
    browser = await people.browser().sign_in(next=f"/admin/e/operator/{paul}")
    await browser.post(
        f"/admin/operators/{paul}/change", name="Paul", email="paul@tilleuls.example", language="de", active="0",
        password="x", totp="x", kind="program", context_id=people.house.season, key_digest="x", id=jeanne,
    )  # fmt: skip
    assert await people.operator(paul) == replace(before, language="de")
    key, program = "a program's key", new_id()
    from central.organisation.operators import CreateOperator
    from central.organisation.rights import key_digest

    await people.do(
        CreateOperator(
            id=program, context_id=people.house.institution, name="P", key_digest=key_digest(key), privileges=("*",)
        )
    )
    said = {"Authorization": "Basic " + b64encode(f"{program}:{key}".encode()).decode()}
    for body in (
        {"operator_id": paul, "name": "P", "language": "fr", "password": "x"},
        {"operator_id": paul, "name": "P", "language": "fr", "email": "p@x.example", "active": False},
    ):
        async with people.client.post(
            "/api/v1/commands/change_operator", data=orjson.dumps(body), headers=said | {COMMAND_ID: new_id()}
        ) as answer:
            assert answer.status == 422 and "Unexpected" in await answer.text()


async def test_centrals_own_commands_do_not_come_in_over_the_api(people: People, jeanne: Id) -> None:
    """Whoever holds everything still cannot begin a session for somebody else, or set a password past its check."""
    from central.organisation.operators import CreateOperator
    from central.organisation.rights import key_digest

    key, program = "a program's key", new_id()
    await people.do(
        CreateOperator(
            id=program, context_id=people.house.institution, name="P", key_digest=key_digest(key), privileges=("*",)
        )
    )
    said = {"Authorization": "Basic " + b64encode(f"{program}:{key}".encode()).decode()}
    await people.browser().sign_in()
    (session,) = await people.rows(SignInSession)
    bodies: dict[str, dict[str, Any]] = {
        "begin_session": {
            "id": new_id(), "operator_id": jeanne, "token_digest": digest("mine"), "anew": "", "instead_of": "",
            "verified": (await people.operator(jeanne)).password, "typed_email": "", "address": "", "browser": "",
            "tried": [], "came_from": new_id(),
        },
        "set_password": {
            "session_id": session.id, "verified": (await people.operator(jeanne)).password, "password": "x",
        },
        "ask_link": {"operator_id": jeanne, "token_digest": digest("mine")},
        "use_letter": {"token_digest": digest("x"), "password": "x", "tried": [], "came_from": new_id(),
                       "typed_email": ""},
        "confirm_session": {"session_id": session.id, "verified": (await people.operator(jeanne)).password,
                            "tried": ["password:x", "address:x"]},
        "ask_address": {"session_id": session.id, "verified": (await people.operator(jeanne)).password,
                        "email": "t@evil.example", "at_once": True},
        "use_address": {"token_digest": digest("x")},
        "count_attempt": {"subjects": ["password:x"]},
        "set_recovery_codes": {"session_id": session.id, "verified": "", "recovery": ["x"]},
    }  # fmt: skip
    for name, body in bodies.items():
        async with people.client.post(
            f"/api/v1/commands/{name}", data=orjson.dumps(body), headers=said | {COMMAND_ID: new_id()}
        ) as answer:
            assert answer.status == 403, (name, await answer.text())


async def test_hostile_names(people: People, jeanne: Id) -> None:
    """Script, quotes, formulae: shown as they are, harmless, never as a mail header; what is not seen is refused."""
    from central.organisation.operators import InviteOperator

    for n, name in enumerate(
        ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "=1+1", "gnp.exe", "É" * 499)
    ):
        who = new_id()
        await people.do(
            InviteOperator(
                id=who, context_id=people.house.institution, name=name, email=f"h{n}@x.example", language="fr"
            )
        )
        (mail,) = await people.post_mail()
        assert mail["To"] == f"h{n}@x.example"
        browser = await people.browser().sign_in(next=f"/admin/e/operator/{who}")
        assert browser.status == 200 and "<script>alert" not in browser.text and "<img" not in browser.text
        assert "49" not in browser.text or "7*7" in browser.text or n != 2
    refused = await people.no(
        InviteOperator(
            id=new_id(),
            context_id=people.house.institution,
            name="a\nBcc: all@x.example",
            email="y@x.example\nBcc: z@x.example",
            language="fr",
        ),
        SYSTEM,
    )
    assert {each["at"] for each in refused.detail["faults"]} == {"name", "email"}
    refused = await people.no(
        InviteOperator(
            id=new_id(), context_id=people.house.institution, name="\u202egnp.exe", email="r@x.example", language="fr"
        ),
        SYSTEM,
    )
    assert refused.detail["faults"] == [{"at": "name", "what": "unseen_sign", "sign": "U+202E"}]


# --- guessing ---------------------------------------------------------------------------------------------------------


async def test_enumeration_by_text(people: People, jeanne: Id) -> None:
    """The same words, status and cookies for who exists, who is deactivated, who has no password, a program, nobody."""
    from central.organisation.operators import DeactivateOperator, InviteOperator

    gone = await people.person("Gone", "gone@tilleuls.example")
    await people.do(DeactivateOperator(operator_id=gone))
    await people.do(
        InviteOperator(
            id=new_id(), context_id=people.house.institution, name="New", email="new@tilleuls.example", language="fr"
        )
    )
    answers: dict[str, set[Any]] = {}
    for email in (JEANNE, "gone@tilleuls.example", "new@tilleuls.example", "nobody@tilleuls.example", "Admin"):
        browser = await people.browser().sign_in(email, "a wrong password")
        answers.setdefault("sign-in", set()).add((browser.status, browser.text.replace(email, "…"), browser.token()))
        browser = await people.browser().get("/reset")
        await browser.post("/reset", email=email)
        answers.setdefault("reset", set()).add((browser.status, browser.text.replace(email, "…")))
        for _ in range(FREE["password"] - 1):
            browser = await people.browser().sign_in(email, "a wrong password")
        people.watch.at += timedelta(hours=25)
        for _ in range(FREE["password"] + 1):
            browser = await people.browser().sign_in(email, "a wrong password")
        answers.setdefault("locked", set()).add((browser.status, browser.text.replace(email, "…")))
        people.watch.at += timedelta(hours=25)
    assert {name: len(each) for name, each in answers.items()} == {"sign-in": 1, "reset": 1, "locked": 1}
    ((status, _),) = answers["locked"]
    assert status == 429


async def test_enumeration_by_timing(people: People, jeanne: Id) -> None:
    """A known and an unknown account are the same work: one comparison each, with a text of the same costs."""
    compared: list[Parameters] = []

    class Heard(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            compared.append(extract_parameters(str(hash)))
            return super().verify(hash, password)

    passwords = people.way_in.sign_in.passwords
    passwords._hasher = Heard(CHEAP.passwords.rounds, CHEAP.passwords.memory_kib, 1)
    for email in (JEANNE, "nobody@tilleuls.example"):
        assert (await people.browser().sign_in(email, "a wrong password")).status == 400
    known, unknown = compared
    assert known == unknown


async def test_brute_force_locks_the_account_with_a_growing_wait(people: People, jeanne: Id) -> None:
    for _ in range(FREE["password"]):
        assert (await people.browser().sign_in(password="wrong password, no")).status == 400
    browser = await people.browser().sign_in()
    assert browser.status == 429 and "attendez" in browser.text and "Retry" not in browser.text
    people.watch.at += timedelta(seconds=31)
    assert (await people.browser().sign_in(password="wrong password, no")).status == 400
    people.watch.at += timedelta(seconds=31)
    assert (await people.browser().sign_in()).status == 429, "the second wait is longer"
    people.watch.at += timedelta(seconds=30)
    assert (await people.browser().sign_in(next="/me")).path == "/me"


async def test_brute_force_over_many_accounts_locks_the_address(people: People, jeanne: Id) -> None:
    for n in range(FREE["address"]):
        assert (await people.browser().sign_in(f"user{n}@x.example", "wrong password, no")).status == 400
    assert (await people.browser().sign_in("user99@x.example")).status == 429
    other = await people.way_in.sign_in.enter(Visitor("10.1.2.3", "x"), JEANNE, PASSWORD)
    assert not isinstance(other, Refused), "from elsewhere she comes in"


async def test_a_thousand_guesses_at_once_are_not_one(people: People, jeanne: Id) -> None:
    """Each try counts before it is looked at, so that none of them sees a door that is still open."""
    visitors = [Visitor(f"10.0.0.{n}", "x") for n in range(30)]
    said = await asyncio.gather(*[people.way_in.sign_in.enter(each, JEANNE, "wrong password") for each in visitors])
    reasons = [each.reason for each in said if isinstance(each, Refused)]
    assert reasons.count(NoSignIn.UNKNOWN) <= FREE["password"] and reasons.count(NoSignIn.TOO_MANY) >= 25


async def test_who_waits_leaves_no_trace_that_grows(people: People, jeanne: Id) -> None:
    for _ in range(FREE["password"] + 1):
        await people.browser().sign_in(password="wrong password, no")

    def count(read: Any) -> int:
        return int(read.one("SELECT COUNT(*) FROM command_log")[0])

    before = await people.door.read(SYSTEM, count)
    for _ in range(10):
        await people.browser().sign_in(password="wrong password, no")
    assert await people.door.read(SYSTEM, count) == before


async def test_strangers_at_the_way_in_leave_nothing_that_can_never_be_taken_away(people: People, jeanne: Id) -> None:
    """Wrong passwords, unknown addresses, made-up links, a known address over and over, from ever new places: neither
    log nor audit nor outbox grows with them. Tries are counted, and forgotten."""
    way_in, tables = people.way_in.sign_in, ("command_log", "audit", "outbox", "operator_letter")

    async def round_(n: int) -> dict[str, int]:
        for each in range(5):
            visitor = Visitor(f"10.{n}.0.{each}", "x")
            await way_in.enter(visitor, f"nobody{n}.{each}@x.example", "wrong password")
            await way_in.enter(visitor, JEANNE, "wrong password")
            await way_in.ask_reset(visitor, f"nobody{n}.{each}@x.example")
            await way_in.ask_reset(visitor, JEANNE)
            await way_in.use_letter(visitor, f"made up {n} {each}", "quatre lanternes dans le vent")
            await people.browser().get(f"/invitation/made-up-{n}-{each}")
        await people.door.write_tally()
        return {
            table: await people.door.read(SYSTEM, lambda read, t=table: int(read.one(f"SELECT COUNT(*) FROM {t}")[0]))
            for table in (*tables, "door_tally")
        }

    first = await round_(1)
    for n in (2, 3, 4):
        assert await round_(n) == first


def test_at_most_a_hundred_guesses_an_hour() -> None:
    """ASVS 2.2.1, as the rule alone decides it: the most tries that fit into an hour, and into a day."""
    at, attempt = NOW, Attempt(id=Id("x"), subject="password:x", wrong=0, last=NOW, locked_until=None)
    for hours, most in ((1, 20), (24, 110)):
        tries, attempt = 0, replace(attempt, wrong=0, locked_until=None, last=NOW)
        at = NOW
        while at < NOW + timedelta(hours=hours):
            if until := locked(attempt, at):
                at = until
            else:
                attempt, tries = counted(attempt, at), tries + 1
        assert tries <= most, (hours, tries)
        assert attempt.locked_until and attempt.locked_until - attempt.last == LONGEST_WAIT


async def test_a_crowd_at_the_door_is_turned_away_not_piled_up() -> None:
    passwords = Passwords(Costs(memory_kib=8192, rounds=2, threads=1, waiting=3))
    all_are_there = threading.Event()
    passwords._pool.submit(all_are_there.wait)
    crowd = asyncio.gather(*[passwords.right("", "x") for _ in range(20)], return_exceptions=True)
    await asyncio.sleep(0)  # each has come to the door
    all_are_there.set()
    done = await crowd
    passwords.close()
    assert done.count(False) == 4 and sum(isinstance(each, TooManySignIns) for each in done) == 16


# --- passwords --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password, what", [
    ("", "password_too_short"), ("elevensigns", "password_too_short"), ("x" * 129, "password_too_long"),
    ("motdepasse1234", "password_common"), ("azertyuiop123", "password_common"), ("aaaaaaaaaaaaaa", "password_common"),
    ("123456789012", "password_common"), ("passwordpassword", "password_common"), ("qwertyuiop12", "password_common"),
    ("Jeanne.Martin1", "password_own_words"), ("martinjeanne12", "password_own_words"),
    ("LesTilleuls26", "password_own_words"), ("trois lampions sous la pluie", ""), ("correct horse battery", ""),
    ("x9$kLm2!pQ7z", ""), ("été à la montagne bleue", ""),
    ("日本語のパスワードは長い方が良い", ""), ("🦉 hibou sur le toit 🦉", ""),
])  # fmt: skip
def test_password_rules(password: str, what: str) -> None:
    assert weakness(password, ("Jeanne Martin", "jeanne.martin@tilleuls.example", "Les Tilleuls")) == what


async def test_the_same_password_however_it_is_composed(people: People) -> None:
    """é as one sign or as two: NFKC, so that another keyboard does not lock anybody out."""
    await people.person("Zoé", "zoe@x.example", password="l\u2019e\u0301te\u0301 dernier a\u0300 la mer")
    assert (await people.browser().sign_in("zoe@x.example", "l\u2019été dernier à la mer", next="/me")).path == "/me"


# --- secrets ----------------------------------------------------------------------------------------------------------


async def test_secrets_never_in_log_audit_outbox_or_export(
    people: People, jeanne: Id, capfd: pytest.CaptureFixture[str]
) -> None:
    """After a whole life of an account, none of its secrets is anywhere that somebody reads, in any spelling."""
    from central.organisation.operators import CreateOperator, RenewKey
    from central.organisation.rights import key_digest

    browser, phone, codes = await enrolled(people)
    await browser.get("/me")
    new = "quatre lanternes dans le vent"
    await browser.post("/me/password", now=PASSWORD, password=new, again=new)
    await people.browser().sign_in(password="a mistyped secret word")
    await people.browser().sign_in("my password typed in the wrong place", "x")
    people.watch.at += timedelta(minutes=1)
    half = await people.browser().sign_in(password=new)
    await half.post("/sign-in/code", code=codes[0], next="/me")
    await (await people.browser().get("/reset")).post("/reset", email=JEANNE)
    link = re.findall(r"/invitation/\S+", "".join(mail.get_content() for mail in await people.post_mail()))[-1]
    key, program = "a program's very own key", new_id()
    await people.do(
        CreateOperator(
            id=program, context_id=people.house.institution, name="P", key_digest=key_digest(key), privileges=("*",)
        )
    )
    await people.do(RenewKey(operator_id=program, key_digest=key_digest(key + "2")))
    operator = await people.operator(jeanne)
    secrets = {
        PASSWORD, new, "a mistyped secret word", "my password typed in the wrong place", phone.secret, *codes,
        link.rpartition("/")[2], browser.token(), half.token(), key, operator.password, operator.totp,
        *operator.recovery, key_digest(key), digest(half.token()), digest(link.rpartition("/")[2]),
        people.way_in.sign_in._typed_email("my password typed in the wrong place") + "!",
    }  # fmt: skip

    def everything(read: Any) -> str:
        tables = ("command_log", "audit", "outbox", "feed_row")
        return "\n".join(repr(row) for table in tables for row in read.run(f"SELECT * FROM {table}"))

    written = await people.door.read(SYSTEM, everything)
    told = "".join(capfd.readouterr())
    said = {"Authorization": "Basic " + b64encode(f"{program}:{key}2".encode()).decode()}
    for table in BY_NAME:
        async with people.client.get(f"/api/v1/entities/{table}", headers=said) as answer:
            written += await answer.text()
    for secret in secrets:
        assert secret not in written, secret
        assert secret not in told, secret
    assert JEANNE in written, "or this test looks at nothing"


def test_every_secret_looking_field_is_declared_one() -> None:
    looks = re.compile(r"password|totp$|recovery|token|digest|key_digest|secret")
    open_ones = {
        (entity, column.name)
        for entity, declaration in BY_NAME.items()
        for column in declaration.columns
        if looks.search(column.name) and not column.secret
    }
    ours = {kind: ENTITIES[kind].name for kind in (Operator, SignInSession, Letter)}
    assert not {pair for pair in open_ones if pair[0] in ours.values()}
    for name, handler in COMMANDS.items():
        if handler.kind.__module__.startswith("central.organisation"):
            assert not [field for field in handler.hints if looks.search(field) and field not in handler.secrets], name


def test_the_vaults_key_lies_beside_the_others_and_is_ours_alone(tmp_path: Any) -> None:
    vault = load_vault(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600 and len((tmp_path / FILE).read_bytes()) == 32
    sealed = vault.seal(new_seed(), "jeanne")
    assert load_vault(tmp_path).open(sealed, "jeanne") and load_vault(tmp_path).open(sealed, "paul") is None
    assert Vault(b"x" * 32).open(sealed, "jeanne") is None and vault.open("not even base64", "jeanne") is None
    (tmp_path / FILE).write_bytes(b"short")
    with pytest.raises(ValueError, match="damaged"):
        load_vault(tmp_path)


def test_the_mail_password_is_not_in_what_a_configuration_prints(tmp_path: Any) -> None:
    said = {"PARTERRE_CENTRAL__DATA": str(tmp_path), "PARTERRE_CENTRAL__MAIL__PASSWORD": "hunter2hunter2"}
    config = read_config(None, said)
    mine = config.areas.of(OrganisationSettings)
    assert "hunter2" not in repr(config) and mine.mail.password == "hunter2hunter2" and mine.sign_in == SignInConfig()


@pytest.fixture
async def stranger(people: People) -> AsyncIterator[ClientSession]:
    async with ClientSession(people.server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as session:
        yield session


async def test_a_stranger_sees_only_the_way_in(people: People, jeanne: Id, stranger: ClientSession) -> None:
    """Every page that is registered: without a session it leads to the way in, or shows nothing of the house."""
    open_pages = re.compile(r"/(sign-in|sign-out|reset|invitation|address|static|setup|live|api)\b|^/$")
    seen = 0
    for route in people.server.app.router.routes():  # type: ignore[union-attr]
        path = route.resource.canonical if route.resource else ""
        if route.method not in ("GET", "POST") or open_pages.match(path):
            continue
        seen += 1
        address = re.sub(r"\{[^}]*\}", jeanne, path)
        async with stranger.request(route.method, address, allow_redirects=False) as answer:
            assert answer.status in (303, 401, 403, 404), (route.method, path, answer.status)
            if answer.status == 303:
                assert answer.headers["Location"].startswith("/sign-in"), path
    assert seen > 10
