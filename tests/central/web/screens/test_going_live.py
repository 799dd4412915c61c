"""The going-live list as somebody reads it."""

import re

from tests.central.web.screens.conftest import Browser


async def test_what_is_missing_stands_open_and_the_rest_is_folded(browser: Browser) -> None:
    """Of two dozen lines those are seen that want something; each of the others is one press away, and counted."""
    page = await browser.get(f"/admin/live?at={browser.house.season}")
    opened = re.sub(r"<details.*?</details>", "", page.text, flags=re.S)
    assert "is-done" not in opened and "is-optional" not in opened and opened.count('class="need ') < 8
    folded = re.findall(r'<details class="stretch".*?</details>', page.text, re.S)
    for each in folded:
        count = re.search(r'<b class="count">(\d+)</b></h2></summary>', each)
        assert count and each.count('class="need ') == int(count[1]) > 0
        assert "is-open" not in each
    assert len(folded) == 2
    done = re.search(r"(\d+) étapes faites", opened)
    assert done and f'Ce qui est fait <b class="count">{done[1]}</b>' in page.text, "one figure for one thing"
