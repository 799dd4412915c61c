"""What is said to PostgreSQL about its line, and about locks that have a name."""

from hashlib import sha256
from typing import Any

from psycopg.conninfo import conninfo_to_dict


def line_settings(url: str, connect_s: float) -> dict[str, Any]:
    """What libpq is told about the line to the server, where the address does not say otherwise."""
    wanted = {"connect_timeout": max(2, round(connect_s)), "keepalives": 1, "keepalives_idle": 10,
              "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}  # fmt: skip
    said = conninfo_to_dict(url)
    return {name: value for name, value in wanted.items() if name not in said}


def lock_of(word: str) -> int:
    """The key of an advisory lock."""
    return int.from_bytes(sha256(word.encode()).digest()[:8], "big", signed=True)
