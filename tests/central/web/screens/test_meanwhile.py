"""What somebody else did first: said to whoever comes second, with who it was; and what they typed is still there."""

import re
from html import unescape

from central.catalogue.model import CataloguePrivilege, PerformanceDo
from central.catalogue.ops import CreateEvent
from central.kernel.crud import CONFIGURED
from central.kernel.privileges import Action
from central.programme.sale_state import ChangeSale
from tests.central.small_house import new_id
from tests.central.web.screens.conftest import Browser


def said(text: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", text[text.index("<main") :])).split())


async def done(browser: Browser, command: object) -> None:
    assert (await browser.door.execute(browser.me["now"].actor, command, new_id())).ok


async def test_a_form_of_what_was_deleted_says_who_and_when_and_keeps_what_was_typed(browser: Browser) -> None:
    """Before: *Introuvable*, and the text was gone."""
    made = new_id()
    await done(
        browser, CreateEvent(id=made, context_id=browser.house.activity, code="E2", names={"fr": "Autre"}, vat_bp=210)
    )
    path = f"/admin/e/event/{made}/edit"
    form = await browser.get(path)
    await done(browser, CONFIGURED["event"].commands[Action.DELETE](id=made))
    lost = await browser.send(path, form, names__fr="Un long titre, bien pesé", vat_bp="5,5")
    told = said(lost.text)
    assert lost.status == 404 and "Supprimé entre-temps : Autre" in told, told
    assert "l’a supprimé (21/11/2026 19:00)" in told and "Un long titre, bien pesé" in told and "5,5" in told
    assert f"/admin/history/event/{made}" in lost and (await browser.get(f"/admin/history/event/{made}")).status == 200
    for other in (f"/admin/e/event/{made}", f"/admin/do/delete_event?on={made}"):
        page = await browser.get(other)
        assert page.status == 404 and "l’a supprimé" in page.text, other
    browser.sign_in(browser.house.operator(CataloguePrivilege.CATALOGUE_MODIFY))
    assert "l’a supprimé" not in (await browser.get(path)).text, "who may not see it hears nothing"
    assert "l’a supprimé" not in (await browser.get(f"/admin/e/event/{new_id()}")).text


async def test_a_step_that_somebody_took_already_is_said_to_be_done(browser: Browser) -> None:
    """Before: *state does not allow it: look at it, and change that first*."""
    night = browser.house.performance
    path = f"/admin/do/change_sale?on={night}&do=suspend"
    form = await browser.get(path)
    await done(browser, ChangeSale(performance_id=night, do=PerformanceDo.SUSPEND))
    for page in (await browser.send(path, form, _do="1"), await browser.get(path)):
        told = said(page.text)
        assert "C’est déjà fait : vente suspendue." in told and "21/11/2026 19:00" in told, told
    draft = await browser.get(f"/admin/do/change_sale?on={night}&do=open")
    assert "déjà fait" not in draft.text, "what can be done is"


async def test_a_line_that_breaks_while_the_plan_saves_is_not_called_a_plan_that_does_not_load(
    browser: Browser,
) -> None:
    page = await browser.get(f"/admin/plan/performance/{browser.house.performance}")
    script = await browser.get(re.findall(r'src="([^"]*plan_page[^"]*)"', page.text)[0])
    caught = re.findall(r"catch[^;]*words\.(\w+)|textContent = words\.(\w+)", script.text)
    assert ("", "unsure") in caught and script.text.count("words.lost") == 1, caught
    assert "on ne sait pas si c’est fait" in unescape(page.text).replace("\\u2019", "’")
