"""The evening at one moment, for the live page: read in one look, so that its figures agree with each other.

It costs a few dozen milliseconds for a theatre; the page asks at a bounded rate and never for each watcher.
"""

from collections.abc import Sequence

from central.catalogue.model import Performance
from central.catalogue.reads import not_over
from central.kernel.contexts import the_institution
from central.kernel.tx import Read
from central.kernel.values import Names
from central.reports.checks import run_checks
from central.reports.evening import (
    CheckLine,
    Evening,
    EveningHall,
)
from central.reports.live_reads import (
    devices_seen,
    entries_of,
    evening_hall,
    lanes_of,
    last_sales,
    open_kinds,
    places_seen,
    show_of,
    sold,
)
from central.venues.hall_svg import hall_svg

MOST_SHOWS = 8
MOST_HALLS = 16


class Evenings:
    """Collects evenings; keeps drawings of halls, which do not change once they are validated."""

    def __init__(self) -> None:
        self._halls: dict[tuple[str, str], EveningHall] = {}

    def __call__(self, read: Read, wanted: str, old_checks: Sequence[CheckLine] | None = None) -> Evening | None:
        """The evening of performance `wanted`, or of the next one; None if nothing is planned. `old_checks` are shown
        again instead of looking anew."""
        performances = not_over(read, MOST_SHOWS)
        if not performances:
            return None
        performance = next((each for each in performances if each.id == wanted), performances[0])
        hall = self._hall(read, performance)
        seats, counts = places_seen(read, performance.id, [seat.id for seat in hall.plan.seats])
        window, places, takings = sold(read, performance.id)
        entry_window, entries = entries_of(read, performance.id)
        shows = tuple(show_of(read, each) for each in performances)
        return Evening(
            now=read.now,
            house=_house(read),
            shows=shows,
            show=next(show for show in shows if show.id == performance.id),
            hall=hall,
            seats=seats,
            counts=counts,
            window=window,
            places=places,
            takings=takings,
            sales=last_sales(read, performance.id),
            entry_window=entry_window,
            entries=entries,
            lanes=lanes_of(read, performance, [each.id for each in performances]),
            devices=devices_seen(read, performance.site_id),
            checks=tuple(old_checks) if old_checks is not None else check_lines(read),
            anomalies=open_kinds(read),
        )

    def _hall(self, read: Read, performance: Performance) -> EveningHall:
        key = (performance.id, performance.logical_configuration_id)
        known = self._halls.get(key)
        if known is None:
            while len(self._halls) >= MOST_HALLS:
                self._halls.pop(next(iter(self._halls)), None)
            known = self._halls[key] = evening_hall(read, performance)
        return known


def hall_now(read: Read, performance: Performance, language: str) -> str:
    """A performance's hall as an SVG that stands alone, each seat as it is; without a legend."""
    hall = evening_hall(read, performance)
    states, _ = places_seen(read, performance.id, [seat.id for seat in hall.plan.seats])
    return hall_svg(hall.plan, states, hall.categories, language, legend=False)


def check_lines(read: Read) -> tuple[CheckLine, ...]:
    return tuple(
        CheckLine(each.name, each.ok, each.sentence, each.figures, each.wrong, each.money) for each in run_checks(read)
    )


def _house(read: Read) -> Names:
    house = the_institution(read)
    return house.names if house else {}
