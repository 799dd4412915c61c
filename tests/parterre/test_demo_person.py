"""The link that the demo prints lets a person in as its administrator."""

import re
from pathlib import Path

import aiohttp
import pytest

from central.app import running
from central.config import BrokerConfig, CentralConfig
from central.founding import found_house
from parterre.demo.person import EMAIL, invited, language_of
from shared.runtime.mqtt import Endpoint

PASSWORD = "une phrase que moi seule connais"


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"), ({"LANG": "de_AT", "LC_ALL": "it_IT"}, "it"), ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "es_ES"}, "es"), ({"LANG": "pt_BR"}, "en"), ({}, "en"),
    ],
)  # fmt: skip
def test_who_looks_at_the_demo_is_greeted_in_their_machines_language(said: dict[str, str], language: str) -> None:
    """Before: in English, whoever they were."""
    assert language_of(said) == language


async def test_a_person_signs_in_with_the_demos_link(tmp_path: Path) -> None:
    config = CentralConfig(
        tmp_path, writer_apart=False, listen=Endpoint("127.0.0.1", 0), broker=BrokerConfig(port=0)
    )  # fmt: skip
    institution, _, _ = await found_house(config, "H", "Les Tilleuls", "Administrator")
    link = await invited(tmp_path, institution)
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, too
    async with running(config) as central, aiohttp.ClientSession(central.url, cookie_jar=jar) as browser:

        async def sends(path: str, **fields: str) -> str:
            async with browser.get(path) as page:
                found = re.search(r'name="_csrf" value="([0-9a-f]*)"', await page.text())
            async with browser.post(path, data=fields | ({"_csrf": found[1]} if found else {})) as answer:
                assert answer.status == 200
                return answer.url.path

        assert await sends(link, password=PASSWORD, again=PASSWORD) == "/sign-in"
        there = await sends("/sign-in", email=EMAIL, password=PASSWORD)
        assert there.startswith("/admin")
        for page, status in (("/admin/operators/new", 200), (link, 410)):
            async with browser.get(page) as answer:
                assert answer.status == status, page
