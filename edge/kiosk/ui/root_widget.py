"""The Kivy side of the window: one widget that covers it, draws pages and feels fingers.

Imported only once the environment is prepared: Kivy opens its window when it is imported.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from kivy.app import App
from kivy.clock import Clock
from kivy.config import Config
from kivy.core.window import Window
from kivy.graphics import InstructionGroup
from kivy.graphics.opengl import glFinish, glReadPixels
from kivy.uix.widget import Widget

from edge.kiosk.model import Event, Kiosk, Screen, SeatToggled, Touched
from edge.kiosk.ui.canvas import Painter, rgba
from edge.kiosk.ui.hall import listed_of, looks
from edge.kiosk.ui.idle_art import FRAMES, CurtainPicture
from edge.kiosk.ui.paint import Curtain, HallArea, Mark, Page, PageTurn, Press
from edge.kiosk.ui.plan import HallPlan, Shown
from edge.kiosk.ui.screens.invitation import TURNS
from edge.kiosk.ui.shapes import Shapes
from edge.kiosk.ui.texts import say
from shared.look import solid

# Kivy also reads /dev/input where it may, and would then feel each finger twice: SDL tells of it as well, as a mouse.
Config.remove_option("input", "%(name)s")

NEXT_LANGUAGE = 4.0  # seconds an invitation stays
HOLD_S = 5.0  # a finger that has not stirred for so long holds the screen no more: its lifting may have been lost


class Behind(Protocol):
    """What stands behind the glass (window.py): it is told of touches and says what there is to be drawn."""

    @property
    def offscreen(self) -> bool: ...
    @property
    def kiosk(self) -> Kiosk | None: ...
    @property
    def page(self) -> Page | None: ...
    def compose(self, width: float, height: float, forced: bool) -> Page | None: ...
    def act(self, press: Press) -> None: ...
    def chosen(self, event: Event) -> None: ...
    def turn(self, turn: PageTurn) -> None: ...
    def tell(self) -> None: ...


class Glass(Widget):  # type: ignore[misc]  # Kivy has no types
    """The root widget. A finger down marks its place; the event goes out when it lifts on the same place."""

    def __init__(self, window: Behind) -> None:
        super().__init__()
        self._window = window
        self.plan = HallPlan(Painter().letters, self._seat_meant, self._plan_moved)
        self._painter = Painter()
        self._picture = CurtainPicture()
        self._page_group, self._pressed_group = InstructionGroup(), InstructionGroup()
        self.canvas.add(self._page_group)
        self.canvas.add(self._pressed_group)
        self._fingers: dict[object, Press | None] = {}
        self._stirred = 0.0
        self._forced = True
        self._since = 0.0
        self._language_for = 0.0
        self._draw_soon: Callable[[], None] = Clock.create_trigger(self._draw, 0)
        self._app: App | None = None
        self.bind(size=lambda *_: self.changed(forced=True))

    # --- life --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        if self._window.offscreen:
            # Nothing ever swaps buffers in memory: without this the driver keeps every frame: memory grows without end.
            Window.bind(on_flip=_finish)
        Window.clearcolor = (0, 0, 0, 1)
        self._app = _KioskApp(self)
        picture = Clock.schedule_interval(self._breathe, 1 / FRAMES)
        try:
            await self._app.async_run("asyncio")
        finally:
            picture.cancel()

    def stop(self) -> None:
        if self._app is not None:
            self._app.stop()

    def changed(self, forced: bool = False) -> None:
        self._forced = self._forced or forced
        self._draw_soon()

    # --- drawing -----------------------------------------------------------------------------------------------

    def _draw(self, *_: object) -> None:
        if self.width < 200:
            return
        if self._fingers:  # what is under a finger stays there until it lifts
            if Clock.get_time() - self._stirred < HOLD_S:
                Clock.schedule_once(self._draw, 0.5)
                return
            self._fingers.clear()
            self._pressed_group.clear()
        before = self._window.page
        page = self._window.compose(self.width, self.height, self._forced)
        self._forced = False
        if page is None or page is before:
            return
        self._show_plan(page)
        self._move_picture(page)
        living: dict[type[Mark], InstructionGroup] = {HallArea: self.plan.group, Curtain: self._picture.group}
        self._painter.draw(page.marks, self.height, self._page_group, living)
        self._window.tell()

    def _show_plan(self, page: Page) -> None:
        kiosk = self._window.kiosk
        listed = listed_of(kiosk) if kiosk else None
        spot = next((mark.rect for mark in page.marks if isinstance(mark, HallArea)), None)
        if kiosk is None or spot is None or listed is None:
            if kiosk is not None and kiosk.screen in (Screen.IDLE, Screen.PERFORMANCES):
                self.plan.forget()
            return
        shown = Shown(
            plan=listed.plan,
            looks=looks(kiosk, listed),
            colours=tuple(
                (category.id, solid(category.colour, page.scheme.hall_ink)) for category in listed.catalogue.categories
            ),
            only=kiosk.cart.category_id if kiosk.cart else None,
            scheme=page.scheme,
            stage=say(kiosk.language, "seats.stage"),
            unit=page.unit,
        )
        self.plan.show(shown, spot, self.height)

    def _breathe(self, passed: float) -> None:
        """The idle picture moves, and now and then its language changes."""
        page = self._window.page
        if page is None or not any(isinstance(mark, Curtain) for mark in page.marks):
            self._since = self._language_for = 0
            return
        self._since += passed
        self._language_for += passed
        self._move_picture(page)
        if self._language_for >= NEXT_LANGUAGE:
            self._language_for = 0
            self._window.turn(PageTurn(TURNS, 1))

    def _move_picture(self, page: Page) -> None:
        spot = next((mark.rect for mark in page.marks if isinstance(mark, Curtain)), None)
        if spot is not None:
            self._picture.move(spot, self.height, page.scheme, self._since)

    # --- fingers -----------------------------------------------------------------------------------------------

    def on_touch_down(self, touch: Any) -> bool:
        page = self._window.page
        if page is None or touch.is_mouse_scrolling:
            return True
        x, y = touch.x, self.height - touch.y
        press = page.at(x, y)
        self._fingers[touch.uid] = press
        self._stirred = Clock.get_time()
        if press is not None:
            self._light(press)
        elif any(isinstance(mark, HallArea) and mark.rect.has(x, y) for mark in page.marks):
            self.plan.down(touch.uid, x, y)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        self._stirred = Clock.get_time()
        self.plan.move(touch.uid, touch.x, self.height - touch.y)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if touch.uid not in self._fingers:
            return True
        press = self._fingers.pop(touch.uid)
        self._pressed_group.clear()
        x, y = touch.x, self.height - touch.y
        if press is None:
            if not self.plan.up(touch.uid, x, y):
                self._window.chosen(Touched())  # looking around on the plan is a sign of life too
        elif press.rect.has(x, y):
            self._window.act(press)
        self.changed()
        return True

    def _light(self, press: Press) -> None:
        """Answer the finger at once, whatever the kiosk will say."""
        shapes = Shapes()
        shapes.look_at(1, -1, 0, self.height)
        rect = press.rect
        if rect.w < self.width:  # the idle picture as a whole does not flash
            shapes.box(rect.x, rect.y, rect.w, rect.h, rgba("#ffffff", 0.28), press.radius)
            shapes.box(rect.x, rect.y, rect.w, rect.h, rgba("#ffd9a0"), press.radius, 4)
        self._pressed_group.clear()
        self._pressed_group.add(shapes.seal())

    def _seat_meant(self, seat_id: Any) -> None:
        self._window.chosen(SeatToggled(seat_id))

    def _plan_moved(self) -> None:
        self._window.tell()

    # --- pictures ----------------------------------------------------------------------------------------------

    def screenshot(self, path: Path) -> None:
        """Read the pixels back; Kivy's own way appends a number to the name."""
        from PIL import Image

        width, height = Window.system_size
        Window.on_draw()
        pixels = glReadPixels(0, 0, width, height, 0x1908, 0x1401)
        image = Image.frombytes("RGBA", (width, height), bytes(pixels)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        image.convert("RGB").save(path)


class _KioskApp(App):  # type: ignore[misc]  # Kivy has no types
    def __init__(self, glass: Glass) -> None:
        super().__init__()
        self.title = "Parterre"
        self._glass = glass

    def open_settings(self, *_: object) -> bool:
        """Kivy opens a panel of its own at F1; a kiosk has none."""
        return False

    def build(self) -> Widget:
        return self._glass


def _finish(*_: object) -> None:
    glFinish()
