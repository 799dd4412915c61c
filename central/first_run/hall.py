"""The wizard's hall: out of a plan file, two numbers, or zones whose places are counted. A drawing that somebody else
made is asked where it says which seat is which, as in the workshop."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web

from central.first_run.forms import bands, blocks, number, way
from central.first_run.model import NoSetUp
from central.first_run.ops import AcceptHall, SettleHall
from central.first_run.simple_hall import MOST_ROWS, MOST_SEATS, small_hall
from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.kernel.helper_processes import Errand
from central.kernel.languages import spoken_first
from central.venues.arrivals import needs_mapping
from central.venues.import_report import with_report
from central.venues.mapping_page import asked_of, look_at, only_category, wanted_mapping, what_comes
from central.venues.mapping_report import file_of
from central.venues.planfile_text import text_of
from central.venues.svg_sources import SvgMapping
from central.web.caller import awaited
from central.web.form import line
from central.web.preview_mark import SHOWN
from central.web.texts import Texts, texts
from shared.ids import Id
from shared.languages import LANGUAGES
from shared.outcome import Outcome, Refused

Do = Callable[[web.Request, Any], Awaitable[Outcome[Any]]]


class HallStep:
    def __init__(self, door: Door, do: Do) -> None:
        self._door, self._do = door, do

    async def settled(self, request: web.Request, form: Any, t: Texts) -> Outcome[Any]:  # noqa: ARG002 - as each step
        if form.get("do") == "accept":
            return await self._do(request, AcceptHall(configuration_id=Id(line(form, SHOWN))))
        named = {language: texts(language)("Plan de salle") for language in LANGUAGES}
        match way(form):
            case "plan":
                if (brought := await self._brought(request, form)) is None:
                    return Refused(NoSetUp.FAULTY, detail={"faults": [{"at": "plan", "what": "missing"}]})
                return await self._do(request, SettleHall(names=named, plan=brought[0], mapping=brought[1]))
            case "drawn":
                return await self._drawn(request, form, named)
            case "blocks":
                found, wrong = blocks(form)
                if wrong:
                    return Refused(NoSetUp.FAULTY, detail={"faults": wrong})
                return await self._do(request, SettleHall(names=named, blocks=found))
        return Refused(NoSetUp.FAULTY, detail={"faults": [{"at": "way", "what": "missing"}]})

    async def _drawn(self, request: web.Request, form: Any, named: dict[str, str]) -> Outcome[Any]:
        rows, seats = number(form, "rows"), number(form, "seats")
        faults = [
            {"at": at, "what": "not_between", "least": 1, "most": most}
            for at, n, most in (("rows", rows, MOST_ROWS), ("seats", seats, MOST_SEATS))
            if n is None or not 1 <= n <= most
        ]
        priced, wrong = bands(form, rows or 0)
        if faults or wrong:
            return Refused(NoSetUp.FAULTY, detail={"faults": faults or wrong})
        t = texts(await self._door.read(SYSTEM, spoken_first))
        drawn = small_hall(
            rows or 1, seats or 1, name=t("Plan de salle"), zone=t("Orchestre"),
            category=lambda n: t("Catégorie {n}", n=n), stage=t("Scène"), bands=priced,
        )  # fmt: skip
        return await self._do(request, SettleHall(names=named, plan=drawn))

    async def _brought(self, request: web.Request, form: Any) -> tuple[str, SvgMapping | None] | None:
        """The file's text, and by what a drawing is read; None: there is none."""
        if mapping := wanted_mapping(_said(form)):
            opened = await self._door.work_out(Errand(file_of, (line(form, "file"),)), partial(awaited, request))
            if isinstance(opened, Refused) or opened.value[0] is None:
                return None
            return opened.value[0], mapping.in_one_category(await only_category(self._door))
        file = form.get("plan")
        return (text_of(file), None) if isinstance(file, bytes) and file else None

    async def reported(self, request: web.Request, form: Any, to: str) -> str:
        """The address `to`, with what was done with the file beyond what stands in it."""
        brought = await self._brought(request, form) if way(form) == "plan" else None
        return await with_report(self._door, request, brought[0], to, brought[1]) if brought else to

    # a drawing that somebody else made

    async def asked(self, request: web.Request, form: Any, t: Texts) -> dict[str, Any] | None:
        """For the page that asks where the drawing says which seat is which; None: there is nothing to ask."""
        said, file = _said(form), form.get("plan")
        if "file" in said and wanted_mapping(said) is None:
            carried, look = await look_at(self._door, request, said, said["file"])
            return {**asked_of(t, carried, look), "unseen": "import" in said}
        text = text_of(file) if way(form) == "plan" and isinstance(file, bytes) else ""
        if not text or not needs_mapping(text, asked="map" in said):
            return None
        carried, look = await look_at(self._door, request, said, text, is_packed=False)
        return {**asked_of(t, carried, look), "unseen": False}

    async def what_comes(self, request: web.Request, form: Any, t: Texts) -> dict[str, Any]:
        said = _said(form)
        _, look = await look_at(self._door, request, said, said.get("file", ""))
        return what_comes(t, look)


def _said(form: Any) -> dict[str, str]:
    return {name: said.strip() for name, said in form.items() if isinstance(said, str)}
