"""Vermilion is for the one main act of a page (docs/look.md): each page of the administration shows one at most, as it
opens. What paints it is read in the style sheets."""

import asyncio
import re
from contextlib import closing
from pathlib import Path

import pytest

import central
from central.kernel.entity import BY_NAME
from tests.central.sampling import Sampler
from tests.central.web.screens.conftest import Browser
from tests.central.web.test_no_page_grows import paths

RULE = re.compile(r"^([^{}\n]+) \{([^}]*)\}", re.M)
PAINTED = "background: var(--action)"
AT_A_STEP = ".setup-steps .is-here i"  # where one is in the first run: nothing to press


def painting() -> set[str]:
    """The classes of what is pressed."""
    sheets = Path(central.__file__).parent.glob("*/static/*.css")
    rules = (rule for sheet in sheets for rule in RULE.findall(sheet.read_text()))
    chosen = {one.strip() for selectors, rule in rules if PAINTED in rule for one in selectors.split(",")}
    assert AT_A_STEP in chosen
    return {each.rpartition(".")[2] for each in chosen - {AT_A_STEP}}


def acts(page: str, classes: set[str]) -> list[str]:
    """What is painted, and what stands on it."""
    shown = re.sub(r"<template.*?</template>", "", page[page.index("<main") :], flags=re.S)
    found = re.findall(r'<(?:a|button)\b[^>]*\bclass="([^"]*)"[^>]*>(.*?)</', shown, re.S)
    return [text for said, text in found if classes & {*said.split()}]


def test_what_is_painted_is_known() -> None:
    assert painting() == {"main", "first"}


@pytest.mark.behind_the_door  # rows of every table, put in by hand
async def test_no_page_has_two_main_acts(browser: Browser) -> None:
    """Before: *Nouveau plan de salle* had two."""

    def rows() -> dict[str, str]:
        with closing(browser.door.database.connect()) as db:
            house = browser.house
            own = {table: str(getattr(house, table)) for table in BY_NAME if hasattr(house, table)}
            own |= {"physical_configuration": house.physical, "logical_configuration": house.logical}
            sampler = Sampler(db, house)
            return {table: sampler.row(table) for table in BY_NAME} | own

    classes, asked, many = painting(), 0, dict[str, list[str]]()
    for path in paths(browser.client.app, await asyncio.to_thread(rows)):
        page = await browser.get(path)
        if page.status == 200 and "<main" in page:
            asked += 1
            if len(found := acts(page.text, classes)) > 1:
                many[path] = found
    assert many == {} and asked > 5 * len(BY_NAME), asked
