"""An evening as the fragments of the live page: one piece of HTML each, so that only what changed is sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from central.catalogue.model import OVER, PerformanceState
from central.reports import curves
from central.reports.evening import Evening, Lane, Show, Verdict
from central.reports.site_map import device_nodes, site_map, state_text, trouble_text
from central.venues.hall_svg import hall_svg, seat_words
from central.web.assets import asset_address
from central.web.texts import Texts, texts
from shared.languages import LANGUAGES
from shared.look import solid
from shared.look.amounts import money
from shared.money import Minor, to_decimal
from shared.rules.place_state import PlaceState
from shared.wire.topics import Presence

SEAT = "seat"  # a seat's mark is `seat-<state>` in the drawing: the page changes it in place
FRAGMENTS = ("head", "places", "hall", "lanes", "sales", "last", "entries", "devices", "checks")
_SECONDS_UNTIL = timedelta(minutes=6)  # axes of longer windows tell no seconds
_LEGEND = tuple(each for each in PlaceState if each.shape)
_ALWAYS = {PlaceState.FREE, PlaceState.LEASED, PlaceState.SOLD, PlaceState.ADMITTED, PlaceState.BLOCKED}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """All fragments by name; `hall_key` and `seats` let a change of seats be sent alone."""

    fragments: Mapping[str, str]
    hall_key: str
    seats: tuple[PlaceState, ...]
    at: str


@dataclass(frozen=True, slots=True)
class Say:
    """How this page writes words, times and money: its language, the house's time zone."""

    t: Texts
    zone: ZoneInfo
    currency: str

    def number(self, value: int) -> str:
        return str(format_decimal(value, locale=self.t.language))

    def money(self, amount: int) -> str:
        return _money(amount, self.currency, self.t.language)

    def round_money(self, amount: int) -> str:
        """For an axis: no cents, no sign."""
        return str(format_decimal(int(to_decimal(Minor(amount), self.currency)), locale=self.t.language))

    def time(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%H:%M:%S")

    def minute(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%H:%M")

    def day(self, at: datetime) -> str:
        return str(format_skeleton("MMMEd", at, tzinfo=self.zone, locale=self.t.language))

    def long_day(self, at: datetime) -> str:
        return self.t.weekday(at.astimezone(self.zone).date())

    def axis(self, span: timedelta) -> Callable[[datetime], str]:
        return self.time if span <= _SECONDS_UNTIL else self.minute


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _money(amount: int, currency: str, language: str) -> str:
    return money(Minor(amount), currency, language)


def draw(evening: Evening, heard: Mapping[str, Presence], language: str) -> Drawn:
    """Every fragment at this moment."""
    say = Say(texts(language), _zone(evening.show.timezone), evening.show.currency)
    values = {"e": evening, "say": say, "t": say.t, "PlaceState": PlaceState, "solid": solid, "OVER": OVER}
    found = device_nodes(evening.devices, heard)
    parts: dict[str, Mapping[str, Any]] = {
        "head": {"wrong": sum(not check.ok for check in evening.checks)},
        "places": {"legend": legend(evening), "mark": _mark},
        "lanes": {"lanes": [(lane, _tone(lane)) for lane in evening.lanes]},
        "sales": {"pictures": _sales_pictures(evening, say)},
        "last": {},
        "entries": {"picture": _entries_picture(evening, say)},
        "devices": {
            "nodes": [(node, state_text(node, say.t), *trouble_text(node, say.t)) for node in found],
            "picture": site_map(found, say.t, say.t("live:site_map"))
            + site_map(found, say.t, say.t("live:site_map"), width=320, columns=2),
        },
        "checks": {"wrong": sum(not check.ok for check in evening.checks)},
    }
    fragments = {part: _part(part).render(**values, **parts[part]) for part in FRAGMENTS if part != "hall"}
    fragments["hall"] = hall_svg(
        evening.hall.plan, evening.seats, evening.hall.categories, language, styled=False, name=SEAT, legend=False
    )
    gone = "".join(str(at) for at, state in enumerate(evening.seats) if state is PlaceState.INVALID)
    return Drawn(fragments, evening.hall.key + gone, evening.seats, say.time(evening.now))


@cache
def _part(name: str) -> Any:
    return _templates.get_template(f"live_{name}.html")


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """What stands around the fragments. `wanted` and `news` name the stream of changes: which, and from where on."""

    house: str
    language: str
    wanted: str
    news: str


def page(frame: LiveFrame, drawn: Drawn, shows: Sequence[Show], show: Show) -> str:
    """The whole page around its fragments."""
    say = Say(texts(frame.language), _zone(show.timezone), show.currency)
    part = {name: Markup(text) for name, text in drawn.fragments.items()}  # noqa: S704 - rendered with escaping
    return str(_part("page").render(**_around(frame), say=say, shows=shows, show=show, at=drawn.at, part=part))


def empty_page(frame: LiveFrame) -> str:
    """Nothing is planned: say so, and what to do next."""
    return str(_part("empty").render(**_around(frame), show=None))


def _around(frame: LiveFrame) -> dict[str, Any]:
    return {name: getattr(frame, name) for name in frame.__slots__} | {
        "t": texts(frame.language), "static": asset_address, "languages": LANGUAGES,
        "seat_words": seat_words(texts(frame.language)),
    }  # fmt: skip


def _mark(state: PlaceState) -> Markup:
    """A seat's mark alone, drawn with what the hall's picture defines."""
    return Markup('<svg class="mark ph" viewBox="-12 -12 24 24" aria-hidden="true"><use href="#{}-{}"/></svg>').format(
        SEAT, state
    )


def legend(evening: Evening) -> list[tuple[PlaceState, int]]:
    """The states with their counts; they add up to the capacity. A state that no place has may be left out, and of what
    is cancelled no place is free."""
    there = set(_LEGEND) if evening.show.state is not PerformanceState.CANCELLED else set(_LEGEND) - {PlaceState.FREE}
    always = _ALWAYS & there
    return [
        (each, evening.counts[each]) for each in _LEGEND if each in there and (evening.counts[each] or each in always)
    ]


_TONES = {Verdict.ADMITTED: "ok", Verdict.LOOK: "warn", Verdict.REFUSED: "stop", Verdict.LEFT: "mute"}


def _tone(lane: Lane) -> str:
    return _TONES[lane.last.verdict] if lane.last else "mute"


def _sales_pictures(evening: Evening, say: Say) -> tuple[Markup, Markup] | None:
    if not evening.places.total:
        return None
    time = say.axis(evening.window.end - evening.window.start)
    grew = curves.steps_curve(
        evening.places,
        evening.window,
        time=time,
        height=128,
        says=f"{say.t('live:places_sold')}: {evening.places.total}",
    )
    came = curves.bars(
        evening.takings, evening.window, time=time, amount=say.round_money,
        says=f"{say.t('live:takings')}: {say.money(evening.takings.total)}",
    )  # fmt: skip
    return grew, came


def _entries_picture(evening: Evening, say: Say) -> Markup | None:
    if not evening.entries:
        return None
    window = evening.entry_window
    told = ", ".join(f"{each.name}: {each.total}" for each in evening.entries)
    return curves.stack(
        evening.entries,
        window,
        time=say.axis(window.end - window.start),
        says=f"{say.t('live:entries')}: {told}",
        height=230,
    )
