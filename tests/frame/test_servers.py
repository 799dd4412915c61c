"""The tests' own PostgreSQL is real, and each session's alone."""

import psycopg
import pytest


@pytest.mark.postgres
def test_postgres_is_ready_and_listens_on_its_socket_only(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("select 40 + 2").fetchone() == (42,)
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("show server_encoding").fetchone() == ("UTF8",)
