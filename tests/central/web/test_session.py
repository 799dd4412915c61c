"""The token against forged forms: another text on each page, one token all the same."""

import pytest

from central.web.session import csrf_of, is_csrf, local_path, masked

TOKEN = csrf_of("a session's secret")


def test_each_page_carries_it_anew() -> None:
    pages = {masked(TOKEN) for _ in range(50)}
    assert len(pages) == 50 and all(is_csrf(page, TOKEN) for page in pages)
    assert all(TOKEN not in page for page in pages)


def test_a_program_may_carry_it_plainly() -> None:
    assert is_csrf(TOKEN, TOKEN)


@pytest.mark.parametrize(
    "said",
    [
        *("", "x", TOKEN[:-1], TOKEN[:-1] + "g", "0" * 64, "0" * 256, "z" * 256, TOKEN * 2, TOKEN * 4, "é" * 128, "é"),
        *("\udcff", "\udcff" * 256),
    ],
)
def test_nothing_else_is_it(said: str) -> None:
    assert not is_csrf(said, TOKEN)
    assert not is_csrf(masked(csrf_of("another session")), TOKEN)


@pytest.mark.parametrize(
    "wanted, goes",
    [
        ("/admin/e/site?q=a%20b", "/admin/e/site?q=a%20b"),
        ("//evil.example", "/admin"),
        ("/\\evil.example", "/admin"),
        ("https://evil.example/", "/admin"),
        ("javascript:alert(1)", "/admin"),
        ("/a\r\nSet-Cookie: x=1", "/admin"),
        ("", "/admin"),
        (None, "/admin"),
        ("/" + "a" * 3000, "/admin"),
    ],
)
def test_where_to_go_next_is_ours(wanted: str | None, goes: str) -> None:
    assert local_path(wanted) == goes
