"""An operator's program: commands and queries over HTTP with a key, as any integration would send them."""

from base64 import b64encode
from typing import Any

import aiohttp

from shared.ids import Id
from shared.runtime.system import SystemClock, fresh_id
from shared.wire.codec import dump
from shared.wire.requests import COMMAND_ID


class Declined(Exception):
    """Central said no: `problem` is its RFC 9457 answer."""

    def __init__(self, name: str, problem: dict[str, Any]) -> None:
        super().__init__(f"{name}: {problem.get('reason')} {problem.get('fix', '')} {problem.get('detail', '')}")
        self.problem = problem


class Office:
    """`async with Office(url, operator_id, key) as office`."""

    def __init__(self, url: str, operator_id: str, key: str) -> None:
        self.url = url
        self._clock = SystemClock()
        said = b64encode(f"{operator_id}:{key}".encode()).decode()
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Basic {said}"})

    async def __aenter__(self) -> "Office":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    def new_id(self) -> Id:
        return fresh_id(self._clock)

    async def command(self, name: str, command_id: Id | None = None, **fields: Any) -> Any:
        """The command's value; Declined with central's reason."""
        headers = {COMMAND_ID: command_id or self.new_id(), "Content-Type": "application/json"}
        url = f"{self.url}/api/v1/commands/{name}"
        async with self._session.post(url, data=dump(fields), headers=headers) as answer:
            return _value(name, await answer.json(content_type=None))

    async def query(self, name: str, **fields: str | int) -> Any:
        async with self._session.get(f"{self.url}/api/v1/queries/{name}", params=fields) as answer:
            return _value(name, await answer.json(content_type=None))

    async def rows(self, entity: str, **params: str | int) -> list[dict[str, Any]]:
        """All rows of an entity, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            asked = {"limit": 500, **({"after": found[-1]["id"]} if found else {}), **params}
            async with self._session.get(f"{self.url}/api/v1/entities/{entity}", params=asked) as answer:
                page = _value(entity, await answer.json(content_type=None))
            found += page
            if len(page) < 500 or "id" in params:
                return found


def _value(name: str, said: dict[str, Any]) -> Any:
    if "value" not in said:
        raise Declined(name, said)
    return said["value"]
