"""A plan file brought to the workshop: what was done with it, and what is wrong with it, is said to its reader."""

from io import BytesIO

import pytest

from central.kernel.contexts import Context
from central.kernel.crud import command_of
from central.kernel.privileges import Action
from shared.ids import derived_id
from shared.languages import LANGUAGES
from shared.outcome import Ok
from tests.central.small_house import new_id
from tests.central.venues.strange_drawings import SVG, circle
from tests.central.web.screens.conftest import CSRF, Browser

ChangeContext = command_of(Action.MODIFY, Context)
SPACE = derived_id("house", "venue", 1)
LIST = b"zone,row,seat\nOrchestre,A,1\nOrchestre,A,2\n"
FEET = b"zone,row,seat,X (ft),Y (ft)\n" + b"".join(b"P,A,%d,%g,5\n" % (n, n * 1.8) for n in range(6))
MORE = b"zone,row,seat,x,y,Prix,<i>Note</i>\n" + b"".join(b"P,A,%d,%d,5,1,2\n" % (n, n * 25) for n in range(6))
METRES = b"zone,row,seat,x,y\n" + b"".join(b"P,A,%d,%g,5\n" % (n, n * 0.5) for n in range(6))
PLACED = b"zone,row,seat,x,y\nP,A,1,0,5\nP,A,2,25,5\n"
DRAWN = "Aucune colonne de cette liste n’est une position"
LARGER = "tout a été agrandi 50 fois"
IN_FEET = "Les colonnes des positions comptent en pieds"
UNREAD = "2 colonnes du fichier n’ont pas été lues\u202f: «\u202fPrix, &lt;i&gt;Note&lt;/i&gt;\u202f»"


async def bring(browser: Browser, code: str, file: bytes) -> str:
    sent = {"_csrf": CSRF, "name": code, "code": code, "space": SPACE, "file": BytesIO(file)}
    async with browser.client.post("/admin/plan/new", data=sent) as answer:
        text = await answer.text()
        assert answer.status in (200, 422), text[:500]
    return text


@pytest.mark.parametrize(
    "file, said",
    [(LIST, DRAWN), (METRES, LARGER), (FEET, IN_FEET), (MORE, UNREAD), (PLACED, "")],
    ids=["list", "metres", "feet", "more", "positions"],
)
async def test_what_was_done_with_a_file_is_said_on_the_page_after_it(browser: Browser, file: bytes, said: str) -> None:
    page = await bring(browser, "NEUVE", file)
    assert "data-canvas" in page, "it is its plan"
    assert [each for each in (DRAWN, LARGER, IN_FEET, UNREAD) if each in page] == ([said] if said else [])


async def test_what_is_wrong_is_said_in_french_on_a_french_page(browser: Browser) -> None:
    page = await bring(browser, "FAUSSE", LIST + b"Orchestre,A,1\n")
    assert "ligne 4" in page and "est déjà là" in page
    drawing = await bring(browser, "DESSIN", b'<svg><circle id="a1" class="seat" cx="9" cy="9" r="5"/></svg>')
    assert "Ce dessin vient d’ailleurs" in drawing and "<code>ligne 1</code>" not in drawing, "it is asked, not refused"
    neither = await bring(browser, "RIEN", b"hello")
    assert "tout le fichier" in neither and "ni un plan de salle en JSON" in neither
    sheet = await bring(browser, "FEUILLE", b"PK\x03\x04\x14\x00\x06\x00\x08\x00[Content_Types].xml\xff")
    assert "C’est un classeur" in sheet and "au format CSV" in sheet


@pytest.mark.parametrize("said", ['id="A_xD800_{n}"', 'id="P" class="_xD800_{n}"', 'id="_x202E_{n}_x00_"',
                                  'data-row="A" data-seat="{n}"'])  # fmt: skip
async def test_a_drawing_is_asked_about_whatever_its_ids_escape(browser: Browser, said: str) -> None:
    """Half of a pair of surrogates answered 500."""
    seats = "".join(f'<circle {said.format(n=n)} cx="{n * 30}" cy="9" r="5"/>' for n in range(1, 7))
    page = await bring(browser, "DESSIN", f"<svg>{seats}</svg>".encode())
    assert "Ce dessin vient d’ailleurs" in page and "<code>" not in page.partition("map-draw")[0]


@pytest.mark.parametrize(
    "said",
    [
        "times=nan",
        "times=-3",
        "times=1e999",
        "times=x",
        "laid_out=2",
        "unit=parsec",
        "unread=Prix&mark=",
        "unread=Appelez+le+12&mark=00000000000000000000000000000000",
    ],
)
async def test_an_address_makes_no_page_say_what_is_not(browser: Browser, said: str) -> None:
    made = await bring(browser, "NEUVE", PLACED)
    path = made.split("data-print", 1)[0].rsplit('/export/json"', 1)[0].rsplit('href="', 1)[1]
    page = (await browser.get(f"{path}?{said}")).text
    assert "data-canvas" in page and not any(
        each in page for each in ("agrandi", DRAWN, "comptent en", "pas été lue", "Appelez")
    )


@pytest.mark.parametrize("said", [("en", "Stalls", "Category 1", "Stage"), ("fr", "Orchestre", "Catégorie 1", "Scène")])
@pytest.mark.parametrize("reader", ["en", "fr"])
async def test_what_is_proposed_is_in_the_houses_language(
    browser: Browser, reader: str, said: tuple[str, str, str, str]
) -> None:
    """It stands on tickets. Before: in French in an English house."""
    language, zone, category, stage = said
    admin = browser.house.operator("*")
    change = ChangeContext(id=browser.house.institution, set={"settings": {"languages": language}})
    assert isinstance((await browser.door.execute(admin, change, new_id())).outcome, Ok)
    browser.sign_in(admin, reader)
    form = (await browser.get(f"/admin/plan/new?space={SPACE}")).inputs
    page = {name: values[0] for name, values in form.items() if values}
    assert (page["block-0-zone"], page["block-0-category"], page["area-0-text"]) == (zone, category, stage)
    sent = {**page, "add": "1", "block-0-zone": ""}
    async with browser.client.post(f"/admin/plan/new?space={SPACE}", data=sent) as answer:
        again = await answer.text()
    assert (
        'name="block-1-zone"' in again and f'value="{category}"' in again.partition('name="block-1-category"')[2][:40]
    )
    drawing = SVG + "".join(circle(f'id="A-{n}"', n * 30, 50) for n in range(1, 7)) + "</svg>"
    assert f'value="{zone}"' in await bring(browser, "DESSIN", drawing.encode())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_import_of_a_plan_is_found(browser: Browser, language: str) -> None:
    browser.sign_in(browser.house.operator("*"), language)
    assert 'href="/admin/plan/new"' in (await browser.get("/admin/find?q=import")).text
    page = await browser.get("/admin/plan/new")
    assert page.status == 200 and 'name="file"' in page.text
    browser.sign_in(browser.house.operator("catalogue"), language)
    assert 'href="/admin/plan/new"' not in (await browser.get("/admin/find?q=import")).text
