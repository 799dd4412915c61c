"""A house whose people sign in: its pages over HTTP, a real mail server beside it, a clock that the test sets."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pyotp
import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from aiosmtpd.smtp import SMTP, Envelope, Session

from central.app import make_app
from central.kernel.actor import SYSTEM, Actor
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.outbox import drain
from central.kernel.vault import Vault
from central.organisation.grants import GiveRole
from central.organisation.letters import MAIL
from central.organisation.model import Operator, OperatorProfile
from central.organisation.operators import InviteOperator
from central.organisation.pages import SIGN_IN_SERVICES, SignInServices
from central.organisation.settings import Costs, MailConfig, SignInConfig, Tls
from central.reports.live_page import LIVE
from shared.ids import Id
from shared.runtime.tasks import Crew
from tests.central.small_house import House, Watch, new_id

CHEAP = SignInConfig(passwords=Costs(memory_kib=64, rounds=1))
PASSWORD = "trois lampions sous la pluie"
JEANNE = "jeanne@tilleuls.example"
CSRF = re.compile(r'name="_csrf" value="([0-9a-f]*)"')
SEED = re.compile(r"<span>([A-Z2-7]{1,4})</span>")
CODE = re.compile(r"<li><code>([A-Z2-9-]+)</code></li>")


@dataclass
class LetterBox:
    """What the mail server took, newest last. Without slots: aiosmtpd asks `inspect.getmembers` what it can do, which
    raises for a slotted dataclass before Python 3.11.3, and Debian 12 has 3.11.2."""

    mails: list[EmailMessage] = field(default_factory=list)
    refuse: bool = False
    knows: bool = True  # whom letters are for

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.knows:
            return f"550 5.1.1 <{address}> is nobody here"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return "451 come back later"
        assert isinstance(envelope.content, bytes)
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 taken"


@dataclass(slots=True)
class People:
    """The house as its people meet it. `do` is the administrator's hand."""

    door: Door
    house: House
    watch: Watch
    way_in: SignInServices
    client: TestClient[Any, Any]
    box: LetterBox
    server: TestServer
    browsers: list[ClientSession] = field(default_factory=list)

    async def do(self, command: Any, actor: Actor = SYSTEM) -> Any:
        reply = await self.door.execute(actor, command, new_id())
        assert reply.ok, reply.outcome
        return reply.outcome.value

    async def no(self, command: Any, actor: Actor) -> Any:
        outcome = (await self.door.execute(actor, command, new_id())).outcome
        assert hasattr(outcome, "reason"), outcome
        return outcome

    async def post_mail(self) -> list[EmailMessage]:
        """What leaves now."""
        there = len(self.box.mails)
        await drain(self.door, {MAIL: self.way_in.mailer.send}, only=True)
        return self.box.mails[there:]

    async def link(self) -> str:
        """The path of the link in the newest mail."""
        (mail,) = await self.post_mail()
        found = re.search(r"/invitation/\S+", mail.get_content())
        assert found, mail
        return found[0]

    async def person(
        self, name: str, email: str, *privileges: str, at: Id | None = None, second_factor: bool = False,
        password: str = PASSWORD, language: str = "fr",
    ) -> Id:  # fmt: skip
        """Somebody with a password and a profile of their own."""
        at, who = at or self.house.institution, new_id()
        await self.do(InviteOperator(id=who, context_id=at, name=name, email=email, language=language))
        if privileges:
            profile = await self.profile(*privileges, at=at, second_factor=second_factor)
            await self.do(GiveRole(operator_id=who, profile_id=profile, context_id=at))
        if password:
            link = await self.link()
            async with self.client.post(link, data={"password": password, "again": password}) as answer:
                assert answer.status == 200 and "/sign-in" in str(answer.url), await answer.text()
        else:
            await self.post_mail()
        return who

    async def profile(self, *privileges: str, at: Id | None = None, second_factor: bool = False) -> Id:
        from central.kernel.crud import command_of
        from central.kernel.privileges import Action

        profile = new_id()
        make = command_of(Action.CREATE, OperatorProfile)
        await self.do(
            make(
                id=profile, context_id=at or self.house.institution, code=f"P{profile[-8:]}", names={"fr": "Profil"},
                privileges=privileges, second_factor=second_factor,
            )
        )  # fmt: skip
        return profile

    async def operator(self, operator_id: str) -> Operator:
        found = await self.door.read(SYSTEM, lambda read: read.get(Operator, operator_id))
        assert isinstance(found, Operator)
        return found

    async def rows(self, kind: type[Any], where: str = "", **params: Any) -> list[Any]:
        found: list[Any] = await self.door.read(SYSTEM, lambda read: read.find(kind, where, **params))
        return found

    async def actor(self, operator_id: str) -> Actor:
        from central.organisation.rights import actor_of

        operator = await self.operator(operator_id)
        found: Actor = await self.door.read(SYSTEM, lambda read: actor_of(read, operator))
        return found

    def browser(self) -> "Browser":
        """Another one, with a cookie jar of its own."""
        session = ClientSession(self.server.make_url("/"), cookie_jar=CookieJar(unsafe=True))
        self.browsers.append(session)
        return Browser(self, session)


@dataclass(slots=True)
class Browser:
    """A browser as somebody uses it: it follows links, keeps cookies, and sends a form's hidden fields back."""

    people: People
    client: ClientSession
    text: str = ""
    status: int = 0
    path: str = ""

    async def _take(self, answer: ClientResponse) -> "Browser":
        self.text, self.status, self.path = await answer.text(), answer.status, answer.url.path
        return self

    async def get(self, path: str, **headers: str) -> "Browser":
        async with self.client.get(path, headers=headers) as answer:
            return await self._take(answer)

    async def post(self, path: str, **fields: str) -> "Browser":
        """A form of the page on show."""
        found = CSRF.search(self.text)
        data = ({"_csrf": found[1]} if found else {}) | fields
        async with self.client.post(path, data=data) as answer:
            return await self._take(answer)

    async def sign_in(self, email: str = JEANNE, password: str = PASSWORD, **more: str) -> "Browser":
        await self.get("/sign-in")
        return await self.post("/sign-in", email=email, password=password, **more)

    def token(self, name: str = "session") -> str:
        return {cookie.key: cookie.value for cookie in self.client.cookie_jar}.get(name, "")

    def totp(self) -> pyotp.TOTP:
        """The telephone that read the key on show."""
        return pyotp.TOTP("".join(SEED.findall(self.text)))

    def code(self, phone: pyotp.TOTP) -> str:
        return phone.at(self.people.watch.at)


@pytest.fixture
async def box() -> AsyncIterator[tuple[LetterBox, int]]:
    box = LetterBox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    yield box, server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


@pytest.fixture
async def people(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch, box: tuple[LetterBox, int]
) -> AsyncIterator[People]:
    door = Door(sqlite_place[0], watch, path_of, keys)
    door.start()
    mail = MailConfig("127.0.0.1", box[1], Tls.NONE, sender="billetterie@tilleuls.example")
    way_in = SignInServices.of(door, Vault(b"k" * 32), CHEAP, mail, "http://house.test")
    server = TestServer(make_app(door, given={SIGN_IN_SERVICES: way_in}))
    async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client, Crew() as crew:
        crew.start("live page", server.app[LIVE].keep)
        made = People(door, sqlite_place[1], watch, way_in, client, box[0], server)
        yield made
        for session in made.browsers:
            await session.close()
    await asyncio.to_thread(door.stop)


@pytest.fixture
async def jeanne(people: People) -> Id:
    """The administrator: everything, at the institution."""
    return await people.person("Jeanne Martin", JEANNE, "*")
