"""Central's pages and API on a real socket, and who calls there."""

import asyncio
import re
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from urllib.parse import urlsplit

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.devices.enrolment import ApproveDevice, EnrolDevice, InviteDevice
from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.organisation.grants import GivePrivilege
from central.organisation.operators import InviteOperator
from central.organisation.sign_in import digest
from shared.clock import to_ms
from shared.ids import Id
from shared.wire.certificates import DeviceKind, signing_request
from shared.wire.seal import Signer
from tests.central.small_house import ADMIN_KEY, NOW, House, new_id
from tests.waiting import PATIENCE_S

SESSION = (
    "INSERT INTO operator_session (id, operator_id, token_digest, began, seen, until, address, browser, second_factor)"
    " VALUES (:id, :who, :token, :now, :now, :until, '127.0.0.1', 'test', 1)"
)


@dataclass(slots=True)
class Served:
    """Central's pages and API on a socket, and who is in the house."""

    app: web.Application
    url: str
    door: Door
    house: House

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": "Basic " + b64encode(f"{self.house.admin}:{ADMIN_KEY}".encode()).decode()}

    async def call(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = urlsplit(self.url)
        return await asyncio.open_connection(where.hostname, where.port)

    def routes(self) -> list[tuple[str, str]]:
        """Every route with an address that it answers to."""
        return self.addresses(self.app.router.routes())

    def addresses(self, routes: Iterable[web.AbstractRoute]) -> list[tuple[str, str]]:
        found = []
        for route in routes:
            assert route.resource
            names = re.findall(r"\{(\w+)\}", route.resource.canonical)
            pattern = route.resource.get_info().get("pattern")
            tried = (dict(zip(names, each, strict=True)) for each in product(VALUES, repeat=len(names)))
            paths = (route.resource.canonical.format(**each) for each in tried)
            path = next((path for path in paths if pattern is None or pattern.fullmatch(path)), "")
            assert path, route.resource.canonical
            found.append((route.method, path))
        return sorted(found, key=lambda each: each[1] == "/sign-out")  # which ends what the others need


VALUES = (
    "enrol_device", "0" * 26, "csv", "commands", "json", "undo", "performance", "0" * 26 + ".1", "2026-11-21",
)  # fmt: skip
"""One fits."""


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and the rest; (0, "") where the line was cut without a word."""
    with suppress(ConnectionError):
        text = (await asyncio.wait_for(reader.read(), PATIENCE_S)).decode(errors="replace")
        return (int(text.split(" ", 2)[1]), text) if text else (0, "")
    return 0, ""


async def signed_in(door: Door, house: House, name: str) -> None:
    """Somebody who may do everything, with a session of this name."""
    who = new_id()
    for command in (
        InviteOperator(
            id=who, context_id=house.institution, name=name.title(), email=f"{name}@tilleuls.example", language="fr"
        ),
        GivePrivilege(operator_id=who, context_id=house.institution, privilege="*"),
    ):
        assert (await door.execute(SYSTEM, command, new_id())).ok
    begun = {"id": new_id(), "who": who, "token": digest(name), "now": to_ms(NOW), "until": to_ms(NOW) + 3_600_000}
    await door.chore(lambda db: db.write(SESSION, begun))


async def enrolled(served: Served, code: str = "G1") -> tuple[Id, Signer]:
    """A device that is let in, and its key."""
    signer, device, house = Signer.of(Ed25519PrivateKey.generate()), new_id(), served.house
    for command in (
        InviteDevice(
            id=device,
            context_id=house.organiser,
            site_id=house.site,
            kind=DeviceKind.GATE,
            code=code,
            label="Gate",
            enrolment_code=f"ABCD-EFGH-{code}",
        ),
        EnrolDevice(code=f"ABCD-EFGH-{code}", request_pem=signing_request(signer.key, "g")),
        ApproveDevice(device_id=device, kid=signer.kid),
    ):
        assert (await served.door.execute(SYSTEM, command, new_id())).ok
    return device, signer
