"""A visitor's finger on the real window: what goes out, what stays put, what a stranger's words do to it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from edge.kiosk import core
from edge.kiosk.model import (
    AccessToggled,
    Back,
    BestAsked,
    CategoryChosen,
    LanguageChosen,
    Next,
    PerformanceChosen,
    PrintAnswered,
    PrintStage,
    QuantityChosen,
    Screen,
    SeatToggled,
    StartOver,
    TariffChosen,
    Touched,
)
from edge.kiosk.ui.paint import FittedText

LONG = "Les Très Riches Heures de la Compagnie des Tréteaux de la Méditerranée et de ses Invités Extraordinaires"
STRANGE = [
    LONG,
    "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenanpassungsverordnung",
    "هاملت — مسرحية في خمسة فصول من تأليف ويليام شكسبير على خشبة المسرح الكبير",
    "המלט, נסיך דנמרק: טרגדיה בחמש מערכות מאת ויליאם שייקספיר בתיאטרון הגדול",
    "🎭🎪✨ Gala 🎉🎉🎉 of 👩‍🎤 the year — 2026 🌟🌟🌟 with everyone you can possibly think of",
    "夏の夜の夢",
    "A" * 200,
    "   ",
    "line\nbreak",
]


async def test_every_touch_says_what_it_meant(stage: Any, sample: Any) -> None:
    first, tariff = sample.programme[0], sample.catalogue.tariffs[2]
    category = sample.catalogue.categories[1].id
    for screen, more, name, event in [
        (Screen.IDLE, {}, "start", Touched()),
        (Screen.IDLE, {}, "language:de", LanguageChosen("de")),
        (Screen.PERFORMANCES, {}, f"performance:{first.performance_id}", PerformanceChosen(first.performance_id)),
        (Screen.PERFORMANCES, {}, "access:large", AccessToggled("large")),
        (Screen.PERFORMANCES, {}, "access:contrast", AccessToggled("contrast")),
        (Screen.SEATS, {}, "best", BestAsked()),
        (Screen.SEATS, {}, "quantity:more", QuantityChosen(3)),
        (Screen.SEATS, {}, "quantity:less", QuantityChosen(1)),
        (Screen.SEATS, {}, f"category:{category}", CategoryChosen(category)),
        (Screen.SEATS, {}, "category:any", CategoryChosen(None)),
        (Screen.TARIFFS, {}, f"tariff:1:{tariff.id}", TariffChosen(1, tariff.id)),
        (Screen.SUMMARY, {}, "next", Next()),
        (Screen.SUMMARY, {}, "back", Back()),
        (Screen.SUMMARY, {}, "over", StartOver()),
        (Screen.PRINTING, {"print_state": PrintStage.UNCERTAIN}, "printed:no", PrintAnswered(False)),
        (Screen.SEATS, {"warned": True}, "stay", Touched()),
    ]:
        await stage.show(sample.kiosk(screen, **more))
        await stage.tap(name)
        assert stage.sent == [event], name
        stage.sent.clear()


async def test_a_visit_from_the_idle_picture_to_the_payment(stage: Any, sample: Any) -> None:
    """The real core behind the real window, a finger in front."""
    kiosk, effects = sample.kiosk(), []

    async def touch(name: str) -> None:
        nonlocal kiosk
        await stage.tap(name)
        for event in stage.sent:
            kiosk, more = core.step(kiosk, event)
            effects.extend(more)
        stage.sent.clear()
        await stage.show(kiosk)

    await stage.show(kiosk)
    await touch("language:en")
    assert kiosk.screen is Screen.PERFORMANCES and kiosk.language == "en"
    await touch(f"performance:{sample.programme[0].performance_id}")
    assert kiosk.screen is Screen.SEATS and len(kiosk.cart.places) == 2
    await touch("quantity:more")
    assert len(kiosk.cart.places) == 3
    await touch("next")
    assert [type(effect).__name__ for effect in effects][-1] == "AskLease" and kiosk.busy
    assert "next" not in stage.window.targets()


async def test_a_seat_too_small_to_be_meant_comes_nearer_and_is_chosen_then(stage: Any, sample: Any) -> None:
    await stage.show(sample.kiosk(Screen.SEATS, cart=replace(sample.cart(), places=())))
    assert not [name for name in stage.window.targets() if name.startswith("seat:")]
    await stage.tap((300, 300))
    assert stage.sent == [Touched()], "a sign of life, no choice"
    stage.sent.clear()
    seats = [name for name in stage.window.targets() if name.startswith("seat:")]
    assert len(seats) > 20
    await stage.tap(seats[7])
    assert stage.sent == [SeatToggled(seats[7].removeprefix("seat:"))]


async def test_dragging_the_plan_chooses_nothing(stage: Any, sample: Any) -> None:
    await stage.show(sample.kiosk(Screen.SEATS))
    await stage.tap("zoom:in")
    await stage.tap("zoom:in")
    stage.sent.clear()
    before = {name: spot for name, spot in stage.window.targets().items() if name.startswith("seat:")}
    await stage.drag([(400, 400), (420, 400), (450, 380), (480, 360)])
    after = stage.window.targets()
    moved = [name for name in before if name in after and abs(after[name][0] - before[name][0] - 80) < 2]
    assert stage.sent == [Touched()] and len(moved) > 10
    await stage.tap("zoom:all")
    assert not [name for name in stage.window.targets() if name.startswith("seat:")]


async def test_two_fingers_spread_the_plan(stage: Any, sample: Any) -> None:
    from kivy.core.window import Window
    from kivy.tests.common import UnitTestTouch

    await stage.show(sample.kiosk(Screen.SEATS))
    one, two = UnitTestTouch(350, Window.height - 400), UnitTestTouch(450, Window.height - 400)
    one.touch_down()
    two.touch_down()
    two.touch_move(470, Window.height - 400)
    two.touch_move(700, Window.height - 400)
    one.touch_up()
    two.touch_up()
    await stage.frames()
    assert [name for name in stage.window.targets() if name.startswith("seat:")]
    assert set(stage.sent) == {Touched()}


async def test_a_finger_that_slides_off_changes_its_mind(stage: Any, sample: Any) -> None:
    await stage.show(sample.kiosk(Screen.SUMMARY))
    await stage.drag([stage.window.targets()["next"], (640, 300)])
    assert stage.sent == []


async def test_nothing_moves_away_from_under_a_finger(stage: Any, sample: Any) -> None:
    from kivy.core.window import Window
    from kivy.tests.common import UnitTestTouch

    await stage.show(sample.kiosk(Screen.SUMMARY))
    x, y = stage.window.targets()["next"]
    touch = UnitTestTouch(x, Window.height - y)
    touch.touch_down()
    await stage.show(sample.kiosk(Screen.IDLE))
    assert "next" in stage.window.targets()
    touch.touch_up()
    await stage.frames()
    assert stage.sent == [Next()] and "start" in stage.window.targets()


async def test_a_finger_whose_lifting_was_lost_does_not_freeze_the_screen(
    stage: Any, sample: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kivy.tests.common import UnitTestTouch

    from edge.kiosk.ui import root_widget

    monkeypatch.setattr(root_widget, "HOLD_S", 0.0)
    await stage.show(sample.kiosk(Screen.SUMMARY))
    UnitTestTouch(100, 400).touch_down()
    await stage.show(sample.kiosk(Screen.IDLE))
    assert "start" in stage.window.targets()


async def test_the_pages_of_a_list_are_the_windows_own_affair(stage: Any, sample: Any) -> None:
    await stage.show(sample.kiosk(Screen.TARIFFS, cart=sample.cart(8)))
    assert f"tariff:0:{sample.catalogue.tariffs[0].id}" in stage.window.targets()
    await stage.tap("tariffs:more")
    assert f"tariff:7:{sample.catalogue.tariffs[0].id}" in stage.window.targets()
    assert stage.sent == [Touched()], "somebody is here; the rest is no business of the kiosk"


async def test_a_robot_reads_where_to_touch(stage: Any, sample: Any, tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    await stage.show(sample.kiosk(Screen.PERFORMANCES))
    told = _told(path)
    assert told["screen"] == "performances" and told["language"] == "fr"
    assert {"back", "over", "language:fr", f"performance:{sample.programme[0].performance_id}"} <= set(told["targets"])
    await stage.show(sample.kiosk(Screen.SEATS))
    after = _told(path)
    assert after["screen"] == "seats" and after["drawing"] > told["drawing"]


def _told(path: Path) -> dict[str, Any]:
    """What the window wrote last; a half-written file lies nowhere."""
    assert not list(path.parent.glob("*.new"))
    return json.loads(path.read_text())  # type: ignore[no-any-return]


async def test_the_clock_alone_draws_nothing(stage: Any, sample: Any) -> None:
    from datetime import timedelta

    kiosk = sample.kiosk(Screen.SEATS)
    await stage.show(kiosk)
    page = stage.window.page
    await stage.show(replace(kiosk, now=kiosk.now + timedelta(seconds=1), deadline=kiosk.now))
    assert stage.window.page is page
    await stage.show(replace(kiosk, warned=True, deadline=kiosk.now))
    assert stage.window.page is not page


@pytest.mark.parametrize("name", STRANGE, ids=range(len(STRANGE)))
async def test_a_strangers_words_stay_in_their_place(stage: Any, sample: Any, name: str) -> None:
    """Long words, other scripts and pictures in titles, zones and tariffs: no text is larger than its rectangle."""
    first = sample.programme[0]
    named = {"fr": name}
    seats = tuple(replace(s, zone=name, row=name[:12]) if s in sample.row_f else s for s in sample.plan.seats)
    listed = replace(
        first,
        performance=replace(first.performance, event_names=named, venue={"fr": name}),
        plan=replace(first.plan, seats=seats),
        catalogue=replace(
            first.catalogue,
            categories=tuple(replace(category, names=named) for category in first.catalogue.categories),
            tariffs=tuple(replace(tariff, names=named) for tariff in first.catalogue.tariffs),
        ),
    )
    for screen in (Screen.PERFORMANCES, Screen.SEATS, Screen.TARIFFS, Screen.SUMMARY, Screen.OUT_OF_ORDER):
        for large in (False, True):
            kiosk = sample.kiosk(screen, programme=(listed, *sample.programme[1:]), large=large)
            await stage.show(replace(kiosk, label=name))
            oversized(stage.window.page.marks)
            if folder := os.environ.get("PARTERRE_PICTURES_ALL"):
                at = STRANGE.index(name)
                stage.window.screenshot(Path(folder) / f"strange-{at}-{screen}{'-large' * large}.png")


def oversized(marks: Any) -> None:
    from edge.kiosk.ui.fonts import Letters, fit

    letters = Letters()
    for mark in marks:
        if isinstance(mark, FittedText) and mark.text:
            rect = mark.rect
            fitted = fit(mark.text, mark.weight, mark.size, mark.smallest, rect.w, rect.h, mark.lines)
            width, height = letters.texture(fitted, mark.align).size
            assert width <= rect.w + 2, mark
            assert height <= max(rect.h, fitted.size * 1.5) + 6, mark


async def test_the_codes_on_the_screen_can_be_read(stage: Any, sample: Any, tmp_path: Path) -> None:
    kiosk = sample.kiosk(Screen.PROBLEM)
    read = []
    await stage.show(kiosk)
    for turn in range(2):
        if turn:
            await stage.tap("tickets:more")
        stage.window.screenshot(tmp_path / "codes.png")
        with Image.open(tmp_path / "codes.png") as picture:
            read += [code.text for code in zxingcpp.read_barcodes(picture)]
    assert read == [line.ticket for line in kiosk.sale.lines]


def test_without_a_screen_it_says_so_and_does_not_start() -> None:
    code = (
        "from edge.kiosk.ui.window import KioskWindow, NoScreen\n"
        "try: KioskWindow(print)\n"
        "except NoScreen as no: print(no)\n"
    )
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    for more, told in (
        ({}, "no screen to draw on"),
        ({"SDL_VIDEODRIVER": "offscreen"}, "no screen to draw on"),
        ({"DISPLAY": ":59321"}, "No X server answers at DISPLAY=:59321"),
        ({"DISPLAY": "nonsense"}, "No X server answers"),
    ):
        done = subprocess.run([sys.executable, "-c", code], env=env | more, capture_output=True, text=True, timeout=30)
        assert told in done.stdout and done.returncode == 0, done.stderr
