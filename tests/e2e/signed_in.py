"""A browser that is signed in already, for tests of what stands behind the door."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_urlsafe

from playwright.async_api import BrowserContext

from central.organisation.sign_in import digest
from shared.clock import to_ms
from shared.runtime.system import SystemClock, fresh_id

_CLOCK = SystemClock()
_DAY_MS = 86_400_000


def session_of(database: Path, operator: str) -> str:
    """The cookie's token of a session that this operator has from now on."""
    token, now = token_urlsafe(32), to_ms(datetime.now(UTC))
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(
            "INSERT INTO operator_session (id, operator_id, token_digest, began, seen, until, address, browser, "
            "second_factor) VALUES (?, ?, ?, ?, ?, ?, '127.0.0.1', 'test', 1)",
            (fresh_id(_CLOCK), operator, digest(token), now, now, now + _DAY_MS),
        )
    return token


async def enter(context: BrowserContext, url: str, token: str) -> None:
    await context.add_cookies([{"name": "session", "value": token, "url": url}])
