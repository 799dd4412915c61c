"""Central's device API as the contract has it, over real HTTP, keeping its books in memory. For tests of devices only:
it checks signatures, hashes, gaps and seals for real, and can be told to misbehave."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.ids import Id, derived_id
from shared.runtime.central import OPEN
from shared.wire.certificates import Certificate, EnrolmentState, requested_key
from shared.wire.codec import dump, load
from shared.wire.facts import Fact, Receipt, Upload, fact_hash
from shared.wire.feeds import FeedPage, FeedRow
from shared.wire.refusals import DeviceRefusal
from shared.wire.requests import COMMAND_ID, DEVICE, NONCE, TimeTold, body_genuine, in_time, request_genuine
from shared.wire.seal import Signer, genuine, kid_of, seal


class No(Exception):
    def __init__(self, said: DeviceRefusal | str, status: int = 409, detail: Any = None, again: str = "") -> None:
        super().__init__(said)
        reason = said if isinstance(said, str) else said.value
        self.reason, self.status, self.detail, self.again = reason, status, detail or {}, again


@dataclass
class FakeCentral:
    signer: Signer
    certificate: Certificate
    root_pem: str
    port: int = 0
    devices: dict[str, Certificate] = field(default_factory=dict)
    feeds: dict[str, list[FeedRow]] = field(default_factory=dict)
    facts: dict[int, Fact] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)  # code → "" or the reason why it does not work
    standing: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # the feeds of which a page was asked for
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    dead: dict[int, str] = field(default_factory=dict)
    lose: set[int] = field(default_factory=set)  # facts that are not taken at first, to make gaps
    crowded: int = 0  # so many uploads are told to come back
    mute: bool = False  # take everything, answer nothing
    torn: set[str] = field(default_factory=set)  # feeds of which no page is brought: the line is cut instead
    page_rows: int = 2
    ahead: timedelta = timedelta(0)
    bend: Any = None  # (FeedPage) → FeedPage, to lie
    bend_time: Callable[[TimeTold], TimeTold] = lambda told: told
    max_upload: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/api/v1/queries/{name}", self._door)
        app.router.add_post("/api/v1/commands/{name}", self._door)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def publish(self, feed: str, key: str, body: dict[str, Any] | None) -> None:
        rows = self.feeds.setdefault(feed, [])
        rows.append(FeedRow(key, len(rows) + 1, body))

    def approve(self, device_id: str, certificate: Certificate, institution_id: Id, **more: Any) -> None:
        self.devices[device_id] = certificate
        self.standing[device_id] = {
            "state": EnrolmentState.APPROVED,
            "certificate": certificate.pem,
            "root_pem": self.root_pem,
            "central_certificates": [self.certificate.pem],
            "site_id": certificate.site_id,
            "institution_id": institution_id,
            "settings": self.settings,
            **more,
        }

    async def _door(self, request: web.Request) -> web.Response:
        name, body = request.match_info["name"], await request.read()
        self.requests.append((name, body))
        try:
            if name not in OPEN:
                self._check_signature(request, body)
            if request.method == "POST" and not request.headers.get(COMMAND_ID):
                raise No("no_command_id")
            value = getattr(self, f"_{name}")(body, request.query)
        except No as no:
            problem = {"type": "about:blank", "title": no.reason, "status": no.status, "reason": no.reason, "fix": "f"}
            said = dump({**problem, "detail": no.detail})
            more = {"Retry-After": no.again} if no.again else None
            return web.Response(body=said, status=no.status, content_type="application/problem+json", headers=more)
        if self.mute or (name == "feed" and request.query["feed"] in self.torn):
            assert request.transport is not None
            request.transport.abort()
        return web.Response(body=b'{"value":' + dump(value) + b"}", content_type="application/json")

    def _check_signature(self, request: web.Request, body: bytes) -> None:
        who = self.devices.get(request.headers.get(DEVICE, ""))
        if who is None or not request_genuine(request.headers, who.key, request.method, request.path_qs):
            raise No("not_signed", 401)
        if not body_genuine(request.headers, body):
            raise No("not_signed", 401)
        now = datetime.now(UTC) + self.ahead
        if not in_time(request.headers, now):
            told = TimeTold(request.headers.get(NONCE, ""), now)
            raise No(DeviceRefusal.WRONG_TIME, 401, {"time": seal(dump(self.bend_time(told)), self.signer)})

    def _device_feeds(self, *_: Any) -> Any:
        return {"feeds": sorted(self.feeds), "settings": self.settings}

    def _feed(self, _: bytes, query: Any) -> Any:
        feed, after = query["feed"], int(query["after"])
        self.asked.append(feed)
        if feed not in self.feeds:
            raise No("no_such_feed", 404)
        head = max((row.revision for row in self.feeds[feed]), default=0)
        asked, after = (after, 0) if after > head else (0, after)
        newer = [row for row in self.feeds[feed] if row.revision > after]
        rows = tuple(newer[: self.page_rows])
        upto = rows[-1].revision if rows else after
        page = FeedPage(feed, after, upto, len(newer) > len(rows), datetime.now(UTC), rows, asked)
        return seal(dump(self.bend(page) if self.bend else page), self.signer)

    def _device_time(self, _: bytes, query: Any) -> Any:
        return seal(dump({"nonce": query["nonce"], "at": datetime.now(UTC) + self.ahead}), self.signer)

    def _upload_facts(self, body: bytes, _: Any) -> Any:
        self.max_upload = max(self.max_upload, len(body))
        if self.crowded:
            self.crowded -= 1
            raise No("no_database.busy", 503, again="0")
        upload = load(Upload, body)
        if len(upload.facts) > 200 or len(body) > 65536:
            raise No("too_big", 413)
        key = self.devices[upload.facts[0].device_id].key
        if not genuine(key, b64decode(upload.signature), upload.facts[-1].hash.encode()):
            raise No("bad_signature")
        for fact in upload.facts:
            assert fact_hash(fact) == fact.hash
            if fact.seq in self.lose:
                self.lose.discard(fact.seq)
            elif fact.seq not in self.dead:
                self.facts[fact.seq] = fact
        have = set(self.facts) | set(self.dead)
        contiguous = 0
        while contiguous + 1 in have:
            contiguous += 1
        gaps = [(seq, seq) for seq in range(contiguous + 1, max(have, default=0)) if seq not in have]
        return Receipt(
            contiguous,
            tuple(sorted(s for s in have if s > contiguous)),
            tuple(gaps),
            {str(s): w for s, w in self.dead.items()},
        )

    def _enrol_device(self, body: bytes, _: Any) -> Any:
        said = orjson.loads(body)
        why = self.codes.get(said["code"], DeviceRefusal.BAD_CODE)
        if why:
            raise No(why)
        key = requested_key(said["request_pem"])
        if key is None:
            raise No(DeviceRefusal.BAD_REQUEST)
        self.codes[said["code"]] = DeviceRefusal.BAD_CODE
        device_id = derived_id("enrolled", kid_of(key))
        self.standing[device_id] = {"state": EnrolmentState.PENDING, "key": key}
        return {"device_id": device_id, "root_pem": self.root_pem}

    def _enrolment(self, _: bytes, query: Any) -> Any:
        found = self.standing.get(query["device_id"])
        if found is None:
            raise No(DeviceRefusal.NO_SUCH_DEVICE, 404)
        return {name: value for name, value in found.items() if name != "key"}


def lying(**changes: Any) -> Any:
    return lambda page: replace(page, **changes)


def fresh_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()
