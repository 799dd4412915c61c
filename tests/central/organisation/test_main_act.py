"""Vermilion is for the one main act of a page (docs/look.md), on the pages about people too."""

import re
from pathlib import Path

import central.organisation

HERE = Path(central.organisation.__file__).parent
PEOPLE = [each for each in sorted((HERE / "templates").glob("*.html")) if '"people.html"' in each.read_text()]


def test_on_pages_about_people_the_main_act_alone_is_vermilion() -> None:
    rules = re.findall(r"^([^{}\n]+) \{([^}]*)\}", (HERE / "static" / "people.css").read_text(), re.M)
    painted = [selector for selector, rule in rules if "background: var(--action)" in rule]
    assert painted and all(".main" in one for selector in painted for one in selector.split(",")), painted


def test_each_such_page_has_one_at_most() -> None:
    counts = {each.name: each.read_text().count('class="main"') for each in PEOPLE}
    assert len(counts) > 6 and set(counts.values()) == {0, 1}, counts
