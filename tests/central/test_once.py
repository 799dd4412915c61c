"""What goes out goes out once: every kind of the outbox, a far side that is slow, two processes on one database.

The kinds are found in the source; a new one fails here until its far side is played.
"""

import ast
import asyncio
import importlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

import central
from central.devices.instructions import OUTBOX_KIND as TO_DEVICES
from central.devices.instructions import sending
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.log_chain import Chain
from central.kernel.outbox import CLAIMED_FOR, MOST_TRIES, SettleOutbox, claim, drain
from central.kernel.settings import Settings
from central.kernel.tx import Read
from central.kernel.vault import Vault
from central.organisation.letters import MAIL, PASSWORD, open_letter
from central.organisation.mail import Mailer
from central.organisation.operators import InviteOperator
from central.organisation.receivers import networks
from central.organisation.rights import actor_of
from central.organisation.settings import MailConfig, OrganisationSettings, Tls
from central.organisation.sign_in import digest
from central.organisation.webhook_delivery import Post, Webhooks
from central.organisation.webhooks import OUTBOX_KIND as WEBHOOK
from central.organisation.webhooks import CreateWebhook
from central.web.area import BUS
from shared.ids import Id
from shared.runtime.mqtt import Bus
from tests.central.kernel.test_outbox import told
from tests.central.organisation.test_webhooks import LOCAL, SECRET
from tests.central.small_house import Clerk, House, Watch, new_id
from tests.trees import nodes_of

pytestmark = pytest.mark.behind_the_door  # rows of its own making

ROWS = 10
VAULT = Vault(b"k" * 32)


@dataclass
class Far:
    """The far side: what it took, by what tells one act from another. The first waits until it is let `go`."""

    took: list[str] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    words: list[str] = field(default_factory=list)

    async def take(self, what: str, said: str = "") -> None:
        """It has it from now on; its answer comes when it comes."""
        self.took.append(what)
        self.words.append(said)
        if len(self.took) == 1:
            self.came.set()
            await self.go.wait()


@dataclass
class House2:
    """One database, two processes."""

    clerk: Clerk
    house: House
    watch: Watch
    doors: tuple[Door, Door]
    far: Far
    stack: AsyncExitStack


Round = Callable[[], Awaitable[int]]


# --- the far sides ----------------------------------------------------------------------------------------------------


async def mail(at: House2) -> tuple[Round, Round]:
    """A mail server that takes its time."""

    class Box:
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            assert isinstance(envelope.content, bytes)
            found = message_from_bytes(envelope.content, policy=policy.default)
            link = re.search(r"/invitation/\S+", found.get_content())  # type: ignore[attr-defined]
            await at.far.take(str(found["Message-ID"]), link[0] if link else "")
            return "250 taken"

    box = Box()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    at.stack.callback(server.close)
    config = MailConfig("127.0.0.1", server.sockets[0].getsockname()[1], Tls.NONE, sender="b@x.example")
    for n in range(ROWS):
        at.clerk.do(
            InviteOperator(
                id=new_id(), context_id=at.house.institution, name="Nino", email=f"nino{n}@x.example", language="fr"
            )
        )
    one, two = (
        lambda door=door: drain(door, {MAIL: Mailer(door, config, "http://house.test", VAULT).send}, only=True)
        for door in at.doors
    )
    return one, two


async def to_devices(at: House2) -> tuple[Round, Round]:
    """A broker that is slow to say that it has the message."""

    class Slow(Bus):
        async def publish(self, topic: str, payload: bytes, retain: bool = False, qos: int = 1) -> bool:
            await at.far.take(topic, payload.decode())
            return True

    app = web.Application()
    app[BUS] = Slow("127.0.0.1", 0)  # nobody runs it, so nothing is dialled
    for n in range(ROWS):
        told(at.clerk, TO_DEVICES, site="site", device=f"device{n}", sealed={"n": n})

    one, two = (lambda door=door: drain(door, {TO_DEVICES: sending(app)}, but=(MAIL, WEBHOOK)) for door in at.doors)
    return one, two


async def webhooks(at: House2) -> tuple[Round, Round]:
    """A receiver that thinks."""

    async def take(request: web.Request) -> web.Response:
        await at.far.take(request.headers["webhook-id"], await request.text())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    at.stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    read = Read(at.clerk.db, SYSTEM, at.watch(), at.clerk.door.keys)
    from central.organisation.model import Operator

    operator = read.get(Operator, at.house.admin)
    assert operator
    chain = Chain(at.doors[0], None)
    await chain.seal()
    made = CreateWebhook(
        id=new_id(),
        context_id=at.house.institution,
        code="H",
        names={"fr": "x"},
        url=url,
        entities=("operator",),
        secret=SECRET,
    )
    assert (await at.doors[0].execute(actor_of(read, operator), made, new_id())).ok
    for n in range(ROWS):
        at.clerk.do(
            InviteOperator(
                id=new_id(), context_id=at.house.institution, name="Nino", email=f"nino{n}@x.example", language="fr"
            )
        )
    hooks = [Webhooks(door, Post(LOCAL, timeout_s=30.0), at.watch) for door in at.doors]
    await chain.seal()
    assert await hooks[0].tell() == ROWS
    return hooks[0].deliver, hooks[1].deliver


FAR: dict[str, Callable[[House2], Awaitable[tuple[Round, Round]]]] = {
    MAIL: mail,
    TO_DEVICES: to_devices,
    WEBHOOK: webhooks,
}


def test_every_kind_of_the_outbox_is_played_here() -> None:
    root = Path(str(central.__file__)).parent
    kinds = set()
    for path in root.rglob("*.py"):
        for node in nodes_of(path):
            telling = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "tell"
            if telling and isinstance(node.func.value, ast.Name) and node.func.value.id == "tx":  # type: ignore[attr-defined]
                first = node.args[0]  # type: ignore[attr-defined]
                module = importlib.import_module(".".join(["central", *path.relative_to(root).with_suffix("").parts]))
                kinds.add(first.value if isinstance(first, ast.Constant) else getattr(module, first.id))
    assert kinds == set(FAR)


# --- once -------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def two(place: tuple[Database, House], keys: Keys, watch: Watch) -> AsyncIterator[House2]:
    here = Settings((OrganisationSettings(webhook_networks=networks(["127.0.0.0/8"])),))
    one, other = (Door(place[0], watch, path_of, keys, here) for _ in range(2))
    one.start()
    other.start()
    db = place[0].connect()
    async with AsyncExitStack() as stack:
        yield House2(Clerk(one, db, watch), place[1], watch, (one, other), Far(), stack)
    db.close()
    for door in (one, other):
        await asyncio.to_thread(door.stop)


@pytest.mark.parametrize("kind", sorted(FAR))
async def test_two_processes_and_a_slow_far_side(two: House2, kind: str) -> None:
    """The second process looks, and looks again, while the first is still waiting for its answer."""
    here, there = await FAR[kind](two)
    slow = asyncio.create_task(here(), name="slow")
    await two.far.came.wait()
    await there()
    await there()
    two.far.go.set()
    await slow
    await asyncio.gather(here(), there())
    assert Counter(two.far.took).most_common(1)[0][1] == 1 and len(two.far.took) == ROWS


@pytest.mark.parametrize("kind", sorted(FAR))
async def test_both_at_once(two: House2, kind: str) -> None:
    two.far.go.set()
    here, there = await FAR[kind](two)
    for _ in range(3):
        await asyncio.gather(here(), there(), here(), there())
    assert Counter(two.far.took).most_common(1)[0][1] == 1 and len(two.far.took) == ROWS


@pytest.mark.parametrize("kind", sorted(FAR))
async def test_who_dies_over_it_is_replaced_once(two: House2, kind: str) -> None:
    """Between the act and the word that it is done: it is done again when the claim ran out, and is the same."""
    here, there = await FAR[kind](two)
    dying = asyncio.create_task(here(), name="dying")
    await two.far.came.wait()
    dying.cancel()
    two.far.go.set()
    with pytest.raises(asyncio.CancelledError):
        await dying
    first = two.far.took[0]
    await there()
    assert two.far.took.count(first) == 1, "nobody knows yet that it died"
    two.watch.at += CLAIMED_FOR
    for _ in range(3):
        await asyncio.gather(here(), there())
        two.watch.at += CLAIMED_FOR
    assert two.far.took.count(first) == 2 and len(two.far.took) == ROWS + 1
    copies = {word for what, word in zip(two.far.took, two.far.words, strict=True) if what == first}
    assert len(copies) == 1, "the second copy says the same"


# --- the claim --------------------------------------------------------------------------------------------------------


def state(clerk: Clerk, row: Id) -> tuple[Any, ...]:
    return clerk.rows("SELECT state, tries, claimed_until FROM outbox WHERE id = :id", id=row)[0]


async def test_a_claim_that_ran_out_says_nothing_any_more(two: House2) -> None:
    """The failure of somebody who was given up does not take the row away from who does it now; a success counts."""
    row = told(two.clerk, "mail")
    first = await claim(two.doors[0], row)
    assert first and await claim(two.doors[1], row) is None
    two.watch.at += CLAIMED_FOR
    second = await claim(two.doors[1], row)
    assert second and second.attempt == 2
    await two.doors[0].execute(
        SYSTEM, SettleOutbox(outbox_id=row, done=False, attempt=first.attempt, why="no line"), new_id()
    )
    assert (
        state(two.clerk, row)[:2] == ("waiting", 2)
        and state(two.clerk, row)[2]
        and await claim(two.doors[0], row) is None
    )
    await two.doors[0].execute(SYSTEM, SettleOutbox(outbox_id=row, done=True, attempt=first.attempt), new_id())
    assert state(two.clerk, row) == ("done", 2, None)
    await two.doors[1].execute(
        SYSTEM, SettleOutbox(outbox_id=row, done=False, attempt=second.attempt, why="late"), new_id()
    )
    assert state(two.clerk, row) == ("done", 2, None)


async def test_a_claim_leaves_nothing_in_the_log(two: House2) -> None:
    row = told(two.clerk, "mail")
    before = two.clerk.rows("SELECT COUNT(*) FROM command_log")
    assert await claim(two.doors[0], row)
    assert two.clerk.rows("SELECT COUNT(*) FROM command_log") == before


class Died(BaseException):
    """What nobody catches: the process is gone, and settles nothing."""


async def test_who_dies_every_time_is_given_up_visibly(two: House2) -> None:
    row = told(two.clerk, "mail")

    async def dies(_: Id, __: dict[str, object]) -> bool:
        raise Died

    for _ in range(MOST_TRIES - 1):
        with pytest.raises(Died):
            await drain(two.doors[0], {"mail": dies}, only=True)
        two.watch.at += CLAIMED_FOR

    async def fails(_: Id, __: dict[str, object]) -> bool:
        raise ConnectionError("no line")

    assert await drain(two.doors[0], {"mail": fails}, only=True) == 1
    assert state(two.clerk, row)[:2] == ("given_up", MOST_TRIES)


# --- the link ---------------------------------------------------------------------------------------------------------


async def test_both_copies_of_a_letter_open(two: House2) -> None:
    """The mail server had it, its answer was lost: what came first opens as well as what comes later."""
    here, there = await mail(two)
    dying = asyncio.create_task(here())
    await two.far.came.wait()
    dying.cancel()
    two.far.go.set()
    await asyncio.gather(dying, return_exceptions=True)
    two.watch.at += CLAIMED_FOR + timedelta(seconds=1)
    await there()
    links = [word for what, word in zip(two.far.took, two.far.words, strict=True) if what == two.far.took[0]]
    assert len(links) == 2 and links[0] == links[1]
    for word in two.far.words:
        token = word.rpartition("/")[2]
        assert await two.doors[1].read(SYSTEM, lambda read, token=token: open_letter(read, digest(token), PASSWORD))
