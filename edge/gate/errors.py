"""A lane's errors: a code, a sentence, the next step. docs/devices/gate.md has the same table, checked by a test."""

from typing import Final

from edge.device.health import Trouble

NO_READER: Final = Trouble(
    "G-01", "The barcode reader is not there.", "Plug it in again; the lane finds it within 3 seconds by itself."
)
READER: Final = Trouble(
    "G-02", "The barcode reader is there but cannot be read.", "Check that no other program uses it, and its rights."
)
PORT: Final = Trouble("G-03", "Relay or lamps do not answer.", "Check the wiring and the GPIO lines; restart the lane.")
NEIGHBOURS: Final = Trouble(
    "G-04",
    "Other gates cannot be heard; the lists' offline policy holds.",
    "Check the site's network and broker; let one gate alone admit if the evening needs it.",
)
NO_LIST: Final = Trouble(
    "G-05", "This lane has not been told of any performance.", "Connect it to central once; check its site."
)
BAD_ROWS: Final = Trouble(
    "G-06", "Some rows of central's lists make no sense and were left out.", "Update this lane's software."
)
INTRUSION: Final = Trouble("G-07", "Somebody went through without a ticket.", "Have a look at the barrier.")
ALARM: Final = Trouble(
    "G-08", "The fire alarm is on: the barrier stands open.", "Follow the evacuation plan; reset the alarm afterwards."
)

ALL: Final = (NO_READER, READER, PORT, NEIGHBOURS, NO_LIST, BAD_ROWS, INTRUSION, ALARM)
