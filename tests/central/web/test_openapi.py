"""The API as it declares itself: the document is sound, and hostile callers get what it promises."""

import ast
import asyncio
import gzip
import re
import threading
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import schemathesis
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from central.app import make_app
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import NoChange
from central.kernel.db import Database
from central.kernel.door import Door, NoEntry
from central.kernel.entity import BY_NAME
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS, QUERIES
from central.kernel.tx import Read
from central.web import api
from central.web.openapi import document
from central.web.session import SESSIONS, SignedIn, csrf_of
from shared.outcome import Ok
from shared.wire.requests import COMMAND_ID
from tests.central.organisation.test_matrix import Sampler
from tests.central.said import asked
from tests.central.small_house import ADMIN_KEY, House, Watch, new_id
from tests.central.test_repeats import MARK, behind
from tests.central.walked import walked
from tests.whole import WHOLE

# Left out, and where it is asked instead: missing_required_header, unsupported_method and allow_header_conformance
# judge only what schemathesis' own runner sends (test_api.py walks statuses and methods); use_after_free and
# ensure_resource_availability follow links between resources, which a face of commands and queries has not;
# object_level_authorization compares two owners of resources by their paths (test_reach.py and test_matrix.py walk all
# ids and profiles); max_response_time judges the machine. ignored_auth has a run of its own, with a key.
CHECKS = [
    not_a_server_error, response_schema_conformance, response_headers_conformance, content_type_conformance,
    status_code_conformance, negative_data_rejection, positive_data_acceptance,
]  # fmt: skip
JSON = "application/json"
ROOT = Path(__file__).parents[3]
SOUND, UNSOUND = (3, 2) if WHOLE else (2, 1)  # requests for each operation that fit its schema, and that do not


@pytest.fixture
def served(place: tuple[Database, House], keys: Keys) -> Iterator[str]:
    """A real server in a thread of its own, for callers that know nothing of asyncio. The cookie `as` says who is
    signed in: `everything`, who may all, or `nothing`."""
    ready, urls, stop = threading.Event(), list[str](), asyncio.Event()
    house = place[1]
    signed_in = {
        "everything": SignedIn(house.operator("*"), new_id(), "Anna", "fr", csrf_of("a")),
        "nothing": SignedIn(house.operator(), new_id(), "Nina", "fr", csrf_of("a")),
    }

    async def session(request: web.Request) -> SignedIn | None:
        return signed_in.get(request.cookies.get("as", ""))

    async def serve() -> None:
        door = Door(place[0], Watch(), path_of, keys)
        door.start()
        app = make_app(door)
        app[SESSIONS] = session
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        urls.append("http://{}:{}".format(*runner.addresses[0]))
        ready.set()
        await stop.wait()
        await runner.cleanup()
        await asyncio.to_thread(door.stop)

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="server")
    thread.start()
    assert ready.wait(20)
    yield urls[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)
    loop.close()


def test_the_document_is_sound_and_whole() -> None:
    said = document()
    validate(said)
    wanted = (
        {f"/api/v1/commands/{name}" for name in COMMANDS}
        | {f"/api/v1/queries/{name}" for name in QUERIES}
        | {f"/api/v1/entities/{name}" for name in BY_NAME}
        | {"/api/v1/openapi.json", "/api/v1/snapshots/{name}"}
    )
    assert set(said["paths"]) == wanted
    names = [operation["operationId"] for path in said["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


def said_in(document: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a description, with where it stands."""
    if isinstance(document, dict):
        for key, each in document.items():
            if key in ("description", "summary") and isinstance(each, str):
                yield f"{at}/{key}", each
            else:
                yield from said_in(each, f"{at}/{key}")
    elif isinstance(document, list):
        for n, each in enumerate(document):
            yield from said_in(each, f"{at}/{n}")


MODULES = "|".join(sorted({path.stem for path in (ROOT / "central").rglob("*.py") if path.stem != "__init__"}))
OURS_ALONE = re.compile(
    r"typing\.|<\w|\*,|\.py\b"  # what Python makes of a dataclass that says nothing, and files of its program
    rf"|`(?:{'|'.join(each.kind.__name__ for each in (*COMMANDS.values(), *QUERIES.values()))})`"
    rf"|\b(?:central|shared|edge)\.\w+|(?<![\w/.`-])(?:{MODULES})\.(?!md\b)[a-z]\w+"
)


def test_a_description_is_written_for_who_programs_against_it() -> None:
    """In words, not in Python; where a thing is described in full, a document of ours is named."""
    found = {at: text for at, text in said_in(document()) if OURS_ALONE.search(text) and "/responses/409/" not in at}
    assert found == {}
    assert OURS_ALONE.search("what that opens (rules.standing says)") and OURS_ALONE.search("as `HoldPlaces` told it")
    for path in document()["paths"].values():
        for operation in path.values():
            assert operation["summary"], operation["operationId"]
    made_up = re.compile(r"^\w+\(.*\)$", re.DOTALL)
    assert [name for name, each in BY_NAME.items() if made_up.match(each.kind.__doc__ or "")] == []
    assert [each.name for each in (*COMMANDS.values(), *QUERIES.values()) if not each.doc] == []


@pytest.mark.parametrize("name", ["created", "changed"])
def test_rows_are_typed_out_of_the_declarations(name: str) -> None:
    """Every column that is shown, with its type, and no secret; what a command takes has its limits."""
    said = document()
    schemas = said["components"]["schemas"]
    for entity, declaration in BY_NAME.items():
        answer = said["paths"][f"/api/v1/entities/{entity}"]["get"]["responses"]["200"]
        rows = answer["content"]["application/json"]["schema"]["properties"]["value"]["items"]
        row = schemas[rows["$ref"].rpartition("/")[2]]
        assert set(row["properties"]) == {each.name for each in declaration.columns if not each.unlisted}
        assert row["additionalProperties"] is False and row["properties"]["id"]["pattern"]
    site = schemas["CreateSite"]["properties"] if name == "created" else schemas["SiteFields"]["properties"]
    assert site["names"]["propertyNames"] == {"pattern": "^[a-z]{2,3}$"} and site["names"]["minProperties"] == 1
    assert schemas["CreateSite"]["properties"]["context_id"]["x-ref"] == "context"
    change = said["paths"]["/api/v1/commands/change_site"]["post"]
    assert change["x-reasons"] == [each.key for each in NoChange]
    assert change["x-needs"] == "venues.venue.modify"
    assert "no_place.taken" in said["paths"]["/api/v1/commands/place_order"]["post"]["x-reasons"]


async def test_the_description_is_made_once_and_unpacked_for_nobody(
    sqlite_place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many strangers ask at the start, in whichever form."""
    made = list[int]()

    def slowly() -> dict[str, Any]:
        made.append(threading.get_ident())
        return document()

    monkeypatch.setattr(api, "document", slowly)
    monkeypatch.setattr(gzip, "decompress", None)
    server = TestServer(make_app(Door(sqlite_place[0], Watch(), path_of, keys)))
    async with TestClient(server, auto_decompress=False) as client:

        async def asked(form: str) -> tuple[bytes, str]:
            async with client.get("/api/v1/openapi.json", headers={"Accept-Encoding": form}) as answer:
                assert answer.status == 200 and answer.headers.get("Content-Encoding", "identity") == form
                return await answer.read(), answer.headers["ETag"]

        forms = ["gzip", "identity"] * 10
        answers = await asyncio.gather(*map(asked, forms))
    assert len(made) == 1 and made[0] != threading.get_ident()
    assert len({tag for _, tag in answers}) == 1
    packed, plain = answers[0][0], answers[1][0]
    assert zlib.decompress(packed, wbits=31) == plain and orjson.loads(plain)["paths"] == document()["paths"]


@cache
def _operations() -> list[Any]:
    """Made once for all tests here, with what schemathesis works out of each schema: that is what takes its time."""
    said = document()
    schema = schemathesis.openapi.from_dict({**said, "paths": {path: said["paths"][path] for path in _paths()}})
    schema.config.generation.update(allow_x00=False)  # no text holds it, which no schema can say once for all
    return [found.ok() for found in schema.get_all_operations()]


def _paths() -> set[str]:
    """What is asked one by one."""
    others = {
        f"/api/v1/{face}/{name}"
        for face, registry in (("commands", COMMANDS), ("queries", QUERIES), ("entities", BY_NAME))
        for name in registry.keys() - walked(registry).keys()
    }  # fmt: skip
    return set(document()["paths"]) - others


def _try(operation: Any, mode: GenerationMode, times: int, ask: Callable[[schemathesis.Case], None]) -> None:
    @settings(
        max_examples=times, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def hostile(case: schemathesis.Case) -> None:
        ask(case)

    with suppress(Unsatisfiable):  # nothing about it can be wrong: it takes no field
        hostile()


@pytest.mark.whole
@pytest.mark.timeout(300)
def test_hostile_callers_get_what_the_document_promises(served: str, place: tuple[Database, House]) -> None:
    """Somebody who may everything sends what fits and what does not: every answer is one that is described, none is a
    fault of ours, and what a command refuses with is among the reasons it is known for. PostgreSQL is asked one of each
    kind that fits: what does not fit comes to no database."""
    headers = {"Cookie": "as=everything", "X-CSRF": csrf_of("a")}
    asked, surprises = Counter[str](), set[tuple[str, str]]()
    modes = [(GenerationMode.POSITIVE, SOUND), (GenerationMode.NEGATIVE, UNSOUND)]
    if not place[0].is_sqlite:
        modes = [(GenerationMode.POSITIVE, 1)]

    def ask(case: schemathesis.Case) -> None:
        answer = case.call(base_url=served, headers=headers)
        case.validate_response(answer, checks=CHECKS)
        asked[case.operation.path] += 1
        if answer.status_code == 409 and "commands" in case.operation.path:
            known = {*case.operation.definition.raw.get("x-reasons", ()), *(each.key for each in NoEntry)}
            if answer.json()["reason"] not in known:
                surprises.add((case.operation.path, answer.json()["reason"]))

    for mode, times in modes:
        for operation in _operations():
            _try(operation, mode, times, ask)
    assert set(asked) >= _paths() - {"/api/v1/openapi.json"}
    assert surprises == set(), "a reason that the document does not know"


@pytest.mark.behind_the_door
@pytest.mark.timeout(180)
def test_no_answer_without_the_key(
    served: str, place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody was told with their key is asked for again without it, and with a wrong one, under the same command
    id: schemathesis' check of authentication, which found that a repeated id was answered to anybody. Commands name
    what is there, and what stands behind the door is taken out, so that all that are allowed go well."""
    house, db = place[1], place[0].connect()
    key = b64encode(f"{house.admin}:{ADMIN_KEY}".encode()).decode()
    sampler, read = Sampler(db, house), Read(db, SYSTEM, Watch()(), keys)
    wanted = {f"/api/v1/commands/{name}": sampler.wanted(handler, read) for name, handler in COMMANDS.items()}
    wanted = {path: orjson.loads(orjson.dumps(want)) for path, want in wanted.items()}
    db.close()
    behind(monkeypatch, Ok(MARK))
    told: list[str] = []

    def ask(case: schemathesis.Case) -> None:
        answer = case.call(base_url=served, headers={"Authorization": f"Basic {key}"})
        case.validate_response(answer, checks=[ignored_auth])
        if answer.status_code == 200:
            told.append(case.operation.path)

    for operation in _operations():
        if operation.path in wanted:
            ask(operation.Case(headers={COMMAND_ID: new_id()}, body=wanted[operation.path], media_type=JSON))
        else:
            _try(operation, GenerationMode.POSITIVE, 1, ask)
    commands, rest = wanted.keys() & _paths(), _paths() - wanted.keys()
    assert len(commands & {*told}) >= len(commands) / 2 and len(rest & {*told}) >= len(rest) * 2 / 3


def needs_nothing(_: str, node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg == "needs" and ast.unparse(node.value) == "None"


@pytest.mark.timeout(120)
def test_who_may_nothing_gets_nothing(served: str, place: tuple[Database, House]) -> None:
    """Signed in without a right, and not signed in at all: no success, except where everybody may ask: what it does is
    theirs, or needs a one-time code, and beside its handler stands why it may be (`# open: …`)."""
    said = document()["paths"]
    open_to_all = {path for path, how in said.items() if next(iter(how.values())).get("security") == [{}]}
    named = {name for handlers in (COMMANDS, QUERIES) for name, each in handlers.items() if each.needs is None}
    assert {path.rpartition("/")[2] for path in open_to_all} == named | {"openapi.json"}
    assert len(asked("open", needs_nothing)) == len(named)
    let_in: list[tuple[str, int]] = []

    def ask(case: schemathesis.Case) -> None:
        for headers, status in (({"Cookie": "as=nothing", "X-CSRF": csrf_of("a")}, 403), ({}, 401)):
            answer = case.call(base_url=served, headers=headers)
            case.validate_response(answer, checks=CHECKS)
            if answer.status_code not in (status, 400, 404, 409, 422):
                let_in.append((case.operation.path, answer.status_code))
            assert answer.status_code != 409 or "not_allowed" not in answer.text

    for operation in _operations():
        if operation.path not in open_to_all:
            _try(operation, GenerationMode.POSITIVE, 1, ask)
    assert let_in == []
