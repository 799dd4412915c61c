"""Whom it touches when a performance is moved, closed or cancelled: said before it is done."""

from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from central.access.reads import came_in
from central.catalogue.model import PerformanceDo
from central.inventory.counts import counts_of, sums_in
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.orders.reads import sold_and_orders, takings_for
from central.web.frame import FRAME, AnswerWords
from central.web.screens.listing import seen_at
from central.web.texts import Texts


def consequence_pages(app: web.Application) -> None:
    frame = app[FRAME]
    for command in ("change_sale", "reschedule_performance"):
        frame.answer_of(command, _touched(frame.door))


def _touched(door: Door) -> AnswerWords:
    def told(read: Read, t: Texts, given: Mapping[str, Any], _: Any) -> list[tuple[str, str]]:
        if given.get("do") in (PerformanceDo.OPEN, PerformanceDo.SUSPEND):
            return []
        return [*_who(read, t, given["performance_id"]), *_what_follows(door, read, t, given)]

    return told


def _who(read: Read, t: Texts, performance_id: str) -> Iterator[tuple[str, str]]:
    places, orders = sold_and_orders(read, performance_id)
    yield t("Places vendues"), t.number(places)
    yield t("Commandes de visiteurs"), t.number(orders)
    if came := came_in(read, performance_id):
        yield t("Visiteurs déjà entrés"), t.number(came)


def _what_follows(door: Door, read: Read, t: Texts, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    performance_id, do = given["performance_id"], given.get("do")
    if do is not None and (leased := sums_in(counts_of(read, performance_id)).leased):
        yield t("Confiées aux bornes"), t.number(leased)
    if do == PerformanceDo.CANCEL and (orders := seen_at(door, read, BY_NAME["sale_order"], None)) != ():
        taken = takings_for(read, orders, [performance_id]).get(performance_id, [])
        yield t("Recette"), " + ".join(t.money(each.amount, each.currency) for each in taken) or "—"
    if do == PerformanceDo.CLOSE:
        yield t("Retour en arrière"), t("La représentation peut être remise en vente.")
    else:
        yield t("Prévenir les visiteurs"), t("C’est à vous : rien ne leur est envoyé d’ici.")
