"""What is said to PostgreSQL about its line, about locks that have a name, and first in a transaction."""

from hashlib import sha256
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from central.kernel.turns import GROUPS, SALES, Footing


def line_settings(url: str, connect_s: float) -> dict[str, Any]:
    """What libpq is told about the line to the server, where the address does not say otherwise."""
    wanted = {"connect_timeout": max(2, round(connect_s)), "keepalives": 1, "keepalives_idle": 10,
              "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}  # fmt: skip
    said = conninfo_to_dict(url)
    return {name: value for name, value in wanted.items() if name not in said}


def lock_of(word: str) -> int:
    """The key of an advisory lock."""
    return int.from_bytes(sha256(word.encode()).digest()[:8], "big", signed=True)


def beginning(*, write: bool, footing: Footing, lock_s: float = 0.0) -> str:
    """How a transaction that stands so begins on PostgreSQL; for its turn it waits as long as the line says."""
    below = footing in (Footing.APART, Footing.BESIDE, Footing.TOGETHER)
    mode = "READ COMMITTED" if below else "SERIALIZABLE" if write else "REPEATABLE READ READ ONLY"
    begin = f"BEGIN ISOLATION LEVEL {mode}"
    if footing in (Footing.BESIDE, Footing.TOGETHER):  # in one go: no statement of a sale comes before it
        begin += f"; SELECT pg_advisory_xact_lock_shared({lock_of(SALES)})"
    if footing is Footing.TOGETHER:
        begin += f"; SELECT pg_advisory_xact_lock({lock_of(GROUPS)})"
    return begin + (f"; SET LOCAL lock_timeout = {int(lock_s * 1000)}" if lock_s else "")
