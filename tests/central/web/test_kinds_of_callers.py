"""A kind of callers that an area brings: the entrance knows none by name."""

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from central.kernel.actor import Actor, ActorKind
from central.web.caller import CALLERS, Callers
from central.web.entrance import LIMITS
from central.web.limits import RequestLimit
from central.web.openapi import document
from shared.wire.requests import COMMAND_ID
from tests.central.small_house import NOW, new_id
from tests.central.web.test_entrance import FEW, SITE, limited

TICKET, SUM = "X-Ticket", "X-Sum"
COMMAND = "/api/v1/commands/place_order"


@pytest.mark.behind_the_door
async def test_a_kind_is_proved_counted_and_held_to_what_it_says(serve: Callable[..., Any]) -> None:
    async with serve(limited(people=FEW)) as served, aiohttp.ClientSession(served.url) as client:

        async def who(request: web.Request) -> Actor | None:
            grants = frozenset({("*", str(served.house.institution))})
            genuine = request.headers[TICKET] == "good"
            return Actor(ActorKind.OPERATOR, served.house.admin, "Guest", grants) if genuine else None

        served.app[CALLERS].insert(0, Callers(
            shown=lambda request: request.headers.get(TICKET), who=who, limit=RequestLimit.PEOPLE, most=10,
            signed=lambda headers, body: headers.get(SUM, "0") == str(len(body)),
        ))  # fmt: skip

        async def asked(path: str, ticket: str, body: bytes = b"", total: int = 0) -> tuple[int, dict[str, Any]]:
            headers = {TICKET: ticket, COMMAND_ID: new_id(), SUM: str(total)}
            method = "POST" if body else "GET"
            async with client.request(method, path, headers=headers, data=body or None) as answer:
                return answer.status, await answer.json(content_type=None)

        assert (await asked(SITE, "none"))[0] == 401
        assert (await asked("/api/v1/openapi.json", "none"))[0] == 200, "there a ticket is nothing that is shown"
        status, said = await asked(COMMAND, "good", b"{" + b" " * 10)
        assert (status, said["detail"]) == (413, {"most": 10})
        assert (await asked(COMMAND, "good", b"{}", total=3))[0] == 401, "another body than was signed"
        assert (await asked(SITE, "good"))[0] == 200
        status, said = await asked(SITE, "good")
        assert (status, said["fix"]) == (429, RequestLimit.PEOPLE)
        (waiting,) = served.app[LIMITS].waiting(NOW)
        assert (waiting.limit, waiting.who) == (RequestLimit.PEOPLE, f"operator:{served.house.admin}")


def test_the_description_has_each_way_to_say_who_one_is() -> None:
    said = document()
    assert [[*way] for way in said["security"]] == [
        ["session"], ["operator"], ["device", "device_time", "device_nonce", "device_digest", "device_signature"],
    ]  # fmt: skip
    assert said["components"]["securitySchemes"].keys() == {name for way in said["security"] for name in way}
