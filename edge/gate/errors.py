"""A lane's errors, each a code; what they mean and the next step stand in texts/<language>/troubles.po. The table in
docs/devices/gate.md is the English one, which a test checks."""

from typing import Final

from edge.device.health import Trouble

NO_READER: Final = Trouble("G-01")
READER: Final = Trouble("G-02")  # it is there but cannot be read
PORT: Final = Trouble("G-03")
NEIGHBOURS: Final = Trouble("G-04")
NO_LIST: Final = Trouble("G-05")
BAD_ROWS: Final = Trouble("G-06")
INTRUSION: Final = Trouble("G-07")
ALARM: Final = Trouble("G-08")

ALL: Final = (NO_READER, READER, PORT, NEIGHBOURS, NO_LIST, BAD_ROWS, INTRUSION, ALARM)
