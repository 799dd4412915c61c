"""After a plan file was taken: what was done with it beyond what stands in it, for whoever brought it to look at. It
goes with the address of the page that comes next, and says nothing that names anything of the house. What it repeats
of the file, the names of its columns, is marked by this process: no address makes a page say a stranger's words."""

import hmac
from collections.abc import Sequence
from functools import partial
from secrets import token_bytes

from aiohttp import web
from multidict import MultiMapping
from yarl import URL

from central.kernel.door import Door
from central.kernel.helper_processes import Errand
from central.venues.plan import ImportReport
from central.venues.plan_preparation import report_of
from central.venues.planfile_axes import MM, Unit
from central.venues.svg_sources import SvgMapping
from central.web.caller import awaited
from central.web.texts import Texts
from shared.outcome import Refused

MOST_TIMES = 1_000_000
MOST_NAMED = 30  # characters of a column's name
_KEY = token_bytes(32)


async def with_report(door: Door, request: web.Request, text: str, to: str, mapping: SvgMapping | None = None) -> str:
    """The address `to`, with what was done with this file. The file is read once more, beside all else; where there is
    no room for that, nothing is said."""
    done = await door.work_out(Errand(report_of, (text, mapping)), partial(awaited, request))
    if isinstance(done, Refused) or not done.value:
        return to
    report: ImportReport = done.value[0]
    said = [("times", f"{report.times:.4g}")] if report.times != 1 else []
    said += [("laid_out", "1")] if report.laid_out else []
    said += [("unit", report.unit)] if report.unit else []
    unread = ["".join(sign for sign in name if sign.isprintable())[:MOST_NAMED] for name in report.unread]
    said += [("unread", name) for name in unread] + ([("mark", _mark(unread))] if unread else [])
    return str(URL(to).update_query([*URL(to).query.items(), *said]))


def _mark(unread: Sequence[str]) -> str:
    return hmac.new(_KEY, "\n".join(unread).encode(), "sha256").hexdigest()[:32]


def report_words(t: Texts, query: MultiMapping[str]) -> list[str]:
    found = []
    if (unit := query.get("unit", "")) in list(Unit):
        found.append(t(
            "Les colonnes des positions comptent en {unit} : une unité du plan vaut {n} mm. Vérifiez le dessin.",
            unit=t.value("plan_unit", unit), n=t.number(MM),
        ))  # fmt: skip
    if times := _times(query.get("times", "")):
        found.append(t(
            "Ce fichier comptait dans une autre mesure (pieds, mètres) : tout a été agrandi {n} fois, pour que les "
            "sièges soient à 25 unités les uns des autres. Vérifiez le dessin.", n=t.number(times)
        ))  # fmt: skip
    if query.get("laid_out") == "1":
        found.append(t(
            "Aucune colonne de cette liste n’est une position (x, y) : les sièges ont été dessinés zone par zone et "
            "rang par rang, dans l’ordre de la liste. Vérifiez le dessin."
        ))  # fmt: skip
    unread = query.getall("unread", [])
    if unread and hmac.compare_digest(query.get("mark", "").encode(), _mark(unread).encode()):
        names = ", ".join(unread)
        found.append(t.n(
            "Une colonne du fichier n’a pas été lue : « {names} ».",
            "{n} colonnes du fichier n’ont pas été lues : « {names} ».",
            len(unread), names=names,
        ))  # fmt: skip
    return found


def _times(said: str) -> float:
    try:
        times = float(said) if len(said) < 12 else 0.0
    except ValueError:
        return 0.0
    return times if 0 < times < MOST_TIMES else 0.0
