"""After a plan file was taken: what was done with it beyond what stands in it, for whoever brought it to look at. It
goes with the address of the page that comes next, and says nothing that names anything of the house."""

from collections.abc import Mapping
from functools import partial

from aiohttp import web
from yarl import URL

from central.kernel.door import Door
from central.kernel.helper_processes import Errand
from central.venues.plan import ImportReport
from central.venues.plan_preparation import report_of
from central.venues.svg_sources import SvgMapping
from central.web.caller import awaited
from central.web.texts import Texts
from shared.outcome import Refused

MOST_TIMES = 1_000_000


async def with_report(door: Door, request: web.Request, text: str, to: str, mapping: SvgMapping | None = None) -> str:
    """The address `to`, with what was done with this file. The file is read once more, beside all else; where there is
    no room for that, nothing is said."""
    done = await door.work_out(Errand(report_of, (text, mapping)), partial(awaited, request))
    if isinstance(done, Refused) or not done.value:
        return to
    report: ImportReport = done.value[0]
    said = {"times": f"{report.times:.4g}"} if report.times != 1 else {}
    return str(URL(to).update_query(said | ({"laid_out": "1"} if report.laid_out else {})))


def report_words(t: Texts, query: Mapping[str, str]) -> list[str]:
    found = []
    if times := _times(query.get("times", "")):
        found.append(t(
            "Ce fichier comptait dans une autre mesure (pieds, mètres) : tout a été agrandi {n} fois, pour que les "
            "sièges soient à 25 unités les uns des autres. Vérifiez le dessin.", n=t.number(times)
        ))  # fmt: skip
    if query.get("laid_out") == "1":
        found.append(t(
            "Cette liste ne donnait aucune position : les sièges ont été dessinés zone par zone et rang par rang, dans "
            "l’ordre de la liste. Vérifiez le dessin."
        ))  # fmt: skip
    return found


def _times(said: str) -> float:
    try:
        times = float(said) if len(said) < 12 else 0.0
    except ValueError:
        return 0.0
    return times if 0 < times < MOST_TIMES else 0.0
