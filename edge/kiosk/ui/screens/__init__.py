"""One module per screen: each a function that puts a `Kiosk` value on a `Page`."""

from collections.abc import Callable, Mapping

from edge.kiosk.model import Kiosk, Screen
from edge.kiosk.ui.frame import still_there
from edge.kiosk.ui.paint import Page
from edge.kiosk.ui.screens.card_terminal import paint_paying
from edge.kiosk.ui.screens.closure import paint_out_of_order
from edge.kiosk.ui.screens.invitation import paint_idle
from edge.kiosk.ui.screens.performances import paint_performances
from edge.kiosk.ui.screens.printing import paint_printing
from edge.kiosk.ui.screens.problem import paint_problem
from edge.kiosk.ui.screens.seats import paint_seats
from edge.kiosk.ui.screens.summary import paint_summary
from edge.kiosk.ui.screens.tariffs import paint_tariffs
from edge.kiosk.ui.screens.thanks import paint_done

SCREENS: Mapping[Screen, Callable[[Page, Kiosk], None]] = {
    Screen.IDLE: paint_idle,
    Screen.PERFORMANCES: paint_performances,
    Screen.SEATS: paint_seats,
    Screen.TARIFFS: paint_tariffs,
    Screen.SUMMARY: paint_summary,
    Screen.PAYING: paint_paying,
    Screen.PRINTING: paint_printing,
    Screen.DONE: paint_done,
    Screen.PROBLEM: paint_problem,
    Screen.OUT_OF_ORDER: paint_out_of_order,
}


def paint(page: Page, kiosk: Kiosk) -> None:
    SCREENS[kiosk.screen](page, kiosk)
    if kiosk.warned:
        still_there(page, kiosk)
