"""A hall that somebody else drew, brought to the workshop: the step in which the operator says where the drawing says
which seat is which, without a script."""

import re
from html import unescape
from io import BytesIO

import pytest

from central.kernel.actor import SYSTEM
from central.venues.mapping_report import packed, unpacked
from central.venues.svg_sources import SeatPart
from shared.ids import derived_id
from tests.central.venues.strange_drawings import CODE, DRAWINGS, circle, flat
from tests.central.web.screens.conftest import CSRF, Browser

SPACE = derived_id("house", "venue", 1)
IDS = DRAWINGS["ids put together"]


async def post(browser: Browser, path: str, **sent: object) -> tuple[int, str]:
    async with browser.client.post(path, data={"_csrf": CSRF, **sent}) as answer:
        return answer.status, await answer.text()


async def bring(browser: Browser, drawing: str, code: str = "NEUVE", **more: object) -> str:
    status, page = await post(
        browser, "/admin/plan/new", name=code, code=code, space=SPACE, file=BytesIO(drawing.encode()), **more
    )
    assert status == 200, page[:500]
    return page


def fields(page: str) -> dict[str, str]:
    """What the form would send as it stands."""
    found = {
        name: unescape(value) for name, value in re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', page)
    }
    for part in SeatPart:
        select = page.split(f'<select name="{part}-source">')[1].split("</select>")[0]
        found[f"{part}-source"] = unescape(re.findall(r'<option value="([^"]*)" selected', select)[0])
    return found


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


async def test_a_drawing_from_elsewhere_is_proposed_looked_at_and_imported(browser: Browser) -> None:
    page = await bring(browser, IDS.replace("</svg>", '<path d="M300 40h20v20h-20z"/></svg>'))
    said = words(page)
    assert "12 places" in said and "4 rangs" in said and "2 sections" in said
    assert "P, rang A, siège 1" in said and "1 forme" in said, "examples, and what is left out"
    assert re.search(r"Repris avec les places\s*: SCÈNE", said)
    picture = page.split('class="map-picture"')[1].split("<table")[0]
    assert picture.count("<circle") == 12 and picture.count('class="map-left"') == 1, "seats, and the exit in grey"
    sent = fields(page)
    assert sent["row-pattern"] == "{section}-{row}-{number}"
    status, plan = await post(browser, "/admin/plan/new/mapping", **(sent | {"import": "1", "space": SPACE}))
    assert status == 200 and "data-canvas" in plan, words(plan)[:600]
    assert (await browser.get("/admin/e/physical_zone")).text.count(">B<") >= 1


@pytest.mark.parametrize("cleared", [False, True])
async def test_seats_without_a_category_are_in_one_that_is_called_as_in_a_hall_drawn_here(
    browser: Browser, cleared: bool
) -> None:
    """Before: in one called “Plan”, in the prices and the sale, too."""
    page = await bring(browser, IDS)
    sent = fields(page)
    assert (sent["category-source"], sent["category-pattern"]) == ("same|0|", "Catégorie 1")
    assert re.search(r"Catégories\s*: Catégorie 1 \(12\)", words(page))
    if cleared:
        _, page = await post(browser, "/admin/plan/new/mapping", **(sent | {"category-pattern": "", "space": SPACE}))
        sent = fields(page)
        assert sent["category-pattern"] == ""
    await post(browser, "/admin/plan/new/mapping", **(sent | {"import": "1", "space": SPACE}))
    sql = "SELECT DISTINCT s.category FROM physical_seat s JOIN physical_configuration c ON c.id = s.configuration_id "
    found = await browser.door.read(SYSTEM, lambda read: read.run(f"{sql} WHERE c.code = 'NEUVE'"))
    assert [tuple(row) for row in found] == [("Catégorie 1",)]


async def test_a_hall_that_is_drawn_anew_stays_the_hall(browser: Browser) -> None:
    """Before: the step forgot over which plan the drawing was brought."""
    physical = browser.house.physical
    status, page = await post(browser, f"/admin/plan/new?onto={physical}", map="1", file=BytesIO(IDS.encode()))
    assert status == 200 and f'action="/admin/plan/new/mapping?onto={physical}"' in page
    assert f'hx-post="/admin/plan/new/mapping/preview?onto={physical}"' in page


async def test_nothing_is_imported_that_was_not_looked_at(browser: Browser) -> None:
    sent = fields(await bring(browser, IDS)) | {"space": SPACE, "import": "1"}
    changed = sent | {"section-source": "same|0|", "section-pattern": "Parterre"}
    status, page = await post(browser, "/admin/plan/new/mapping", **changed)
    assert status == 200 and "Vos réponses ont changé" in page
    assert "6 points à régler" in words(page) and 'name="import"' not in page, "two seats of each name: refused"
    mended = fields(page) | {"space": SPACE, "import": "1", "row-pattern": "{row}-{number}"}
    mended["number-pattern"] = "{row}-{number}"
    status, page = await post(browser, "/admin/plan/new/mapping", **mended)
    assert "12 places" in words(page) and 'name="import"' in page
    status, plan = await post(browser, "/admin/plan/new/mapping", **(fields(page) | {"space": SPACE, "import": "1"}))
    assert "data-canvas" in plan, words(plan)[:600]


async def test_the_preview_follows_the_fields(browser: Browser) -> None:
    sent = fields(await bring(browser, IDS)) | {"space": SPACE}
    status, part = await post(browser, "/admin/plan/new/mapping/preview", **sent)
    assert status == 200 and "<html" not in part and "Importer 12 places" in words(part)
    status, part = await post(
        browser, "/admin/plan/new/mapping/preview", **(sent | {"number-pattern": "{section}_{row}_{number}"})
    )
    assert "0 place" in words(part) and "12 formes" in words(part) and "ne va pas avec le modèle" in words(part)
    assert "1 point à régler" in words(part) and "Aucune forme du dessin ne devient un siège" in words(part)


async def test_the_next_import_of_the_hall_is_read_as_the_last_one(browser: Browser) -> None:
    odd = flat(lambda z, r, n, x, y: circle(f'id="{CODE[z]}-{r}-{n}" data-label="Y{n}X{r}"', x, y))
    sent = fields(await bring(browser, odd)) | {"space": SPACE}
    sent |= {"number-source": "attribute|0|data-label", "number-pattern": "Y{number}X*"}
    _, page = await post(browser, "/admin/plan/new/mapping", **sent)
    _, plan = await post(browser, "/admin/plan/new/mapping", **(fields(page) | {"space": SPACE, "import": "1"}))
    assert "data-canvas" in plan, words(plan)[:600]
    again = await bring(browser, odd, "ENCORE")
    assert fields(again)["number-pattern"] == "Y{number}X*" and "Comme au dernier import" in again
    other = await bring(browser, DRAWINGS["layers of inkscape"], "AUTRE")
    assert fields(other)["number-source"] == "attribute|0|inkscape:label", "which it does not fit"


async def test_our_own_notation_needs_no_such_step_but_may_have_it(browser: Browser) -> None:
    ours = (
        '<svg><g data-zone="P" data-row="A" data-category="1re"><circle data-seat="1" cx="50" cy="50" r="9"/>'
        '<circle data-seat="2" cx="80" cy="50" r="9"/></g></svg>'
    )
    assert "data-canvas" in await bring(browser, ours)
    asked = await bring(browser, ours, "AUTRE", map="1")
    assert "2 places" in words(asked) and fields(asked)["row-source"] == "attribute|-1|data-row"
    _, sheet = await post(
        browser, "/admin/plan/new", name="L", code="L", space=SPACE, map="1", file=BytesIO(b"zone,row,seat\nP,A,1\n")
    )
    assert "data-canvas" in sheet, "a list says it by its columns"


@pytest.mark.parametrize(
    "sent, said",
    [
        ({"file": "%%%"}, "revenu abîmé"),
        ({"file": packed("<svg><circle")}, "XML"),
        ({"file": packed('<!DOCTYPE svg [<!ENTITY a "b">]><svg/>')}, "Un type de document"),
        ({"section-source": "nowhere|0|id"}, "12 places"),
        ({"section-source": "attribute|99|id"}, "12 places"),
        ({"section-source": "attribute|x|id"}, "12 places"),
        ({"row-pattern": "{" * 500}, "12 places"),
    ],
)
async def test_what_comes_back_otherwise_than_it_went_is_said_or_proposed_anew(browser, sent, said) -> None:
    whole = fields(await bring(browser, IDS)) | {"space": SPACE} | sent
    for path in ("/admin/plan/new/mapping", "/admin/plan/new/mapping/preview"):
        status, page = await post(browser, path, **whole)
        assert status == 200 and said in words(page), words(page)[:800]


def test_a_packed_file_is_opened_within_its_bound() -> None:
    assert unpacked(packed("é")) == "é"
    assert unpacked(packed("x" * (33 * 1024 * 1024))) is None
    assert unpacked("") is None and unpacked("AAAA") is None and unpacked(packed("abc")[:-4]) is None
