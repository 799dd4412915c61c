"""What a browser says of itself, in two words."""

import re

import pytest

from central.organisation.browser_names import browser_text
from central.web.texts import texts
from shared.ids import Id
from tests.central.organisation.conftest import People

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (CHROME, "Chrome sous Linux"),
        (f"{CHROME} Edg/131.0.0.0", "Edge sous Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox sous Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15",
         "Safari sous macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Safari/604.1",
         "Safari sous iPhone"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36",
         "Chrome sous Android"),
        ("curl/8.5.0", "curl/8.5.0"), ("x" * 200, "x" * 59 + "…"), ("", "inconnu"),
    ],
)  # fmt: skip
def test_a_browser_has_a_name(said: str, text: str) -> None:
    assert browser_text(said, texts("fr")) == text


async def test_ones_own_session_is_seen_now_in_words(people: People, jeanne: Id) -> None:
    """Before: the browser's whole line, and three minutes ago."""
    browser = people.browser()
    browser.client.headers["User-Agent"] = CHROME
    await browser.sign_in(next="/me")
    table = browser.text.partition('<th scope="col">Navigateur')[2].partition("</table>")[0]
    cells = [" ".join(re.sub("<[^>]*>", " ", each).split()) for each in re.findall(r"<td.*?</td>", table, re.S)]
    assert "Chrome sous Linux ici" in cells and "maintenant" in cells, cells
    assert "Mozilla" not in browser.text


async def test_who_asks_for_no_right_is_told_so(people: People, jeanne: Id) -> None:
    """Before: the same page again, without a word."""
    browser = await people.browser().sign_in(next="/admin/who?privilege=&at=")
    assert "Choisissez d’abord un droit" in browser.text and ">Demander<" not in browser.text
