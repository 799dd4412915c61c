"""Where one is led: what was just done is said in whole, and what makes a thing stands where one looks for it."""

from central.pricing.ops import CreateTariff
from central.selling.model import ChannelKind
from central.selling.ops import CreateChannel
from shared.ids import derived_id
from tests.central.small_house import new_id
from tests.central.web.screens.conftest import Browser

SPACE = derived_id("house", "venue", 1)


async def test_of_several_that_one_press_did_each_is_told(browser: Browser) -> None:
    """Before: *Créer plusieurs tarifs : c’est fait*, of categories, channels and tariffs."""
    house, acts = browser.house, [new_id(), new_id()]
    tariff = CreateTariff(id=new_id(), context_id=house.season, code="T", names={"fr": "T"}, rank=3, proof=False)
    channel = CreateChannel(
        id=new_id(), context_id=house.institution, code="WEB", names={"fr": "Web"}, kind=ChannelKind.BOX_OFFICE,
        contingents=(), uncontingented=True, max_places=10, active=True,
    )  # fmt: skip
    for act, command in zip(acts, (tariff, channel), strict=True):
        assert (await browser.door.execute(browser.me["now"].actor, command, act)).ok
    for said, told in ((acts[:1], "<b>Créer un tarif</b>"), (acts, "<b>Créer un tarif, Créer un canal de vente</b>")):
        page = await browser.get(f"/admin?done={'.'.join(said)}")
        assert told in page and "c’est fait" in page, page.text.partition('class="done"')[2][:300]
    assert "c’est fait" not in await browser.get(f"/admin?done=.{new_id()}.")


async def test_a_new_seating_is_a_plan_unless_one_asks_for_none(browser: Browser) -> None:
    """Before: *Créer une configuration de salle sans plan*, and no way to a plan from there."""
    page = await browser.get(f"/admin/e/physical_configuration/new?space_id={SPACE}")
    assert page.url == f"/admin/plan/new?space_id={SPACE}" and f'<option value="{SPACE}" selected' in page
    bare = f"/admin/e/physical_configuration/new?by=create_physical_configuration&amp;space_id={SPACE}"
    assert f'href="{bare}"' in page
    form = await browser.get(bare.replace("&amp;", "&"))
    assert form.status == 200 and form.inputs["space_id"] == [SPACE] and "sans plan</h1>" in form
