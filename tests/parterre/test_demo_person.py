"""The link that the demo prints lets a person in as its administrator."""

import re
from pathlib import Path

import aiohttp

from central.app import running
from central.config import BrokerConfig, CentralConfig
from central.founding import found_house
from parterre.demo.person import EMAIL, invited
from shared.runtime.mqtt import Endpoint

PASSWORD = "une phrase que moi seule connais"


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
