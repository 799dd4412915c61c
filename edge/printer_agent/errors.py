"""Every trouble the printer agent knows, each a code; what they mean and the next step: texts/<language>/troubles.po.
docs/devices/printer.md shows the same table; a test keeps the two alike. Staff read these; what a visitor reads is the
kiosk's."""

from enum import StrEnum

from shared.wire import printing
from shared.wire.printing import PrinterStatus


class PrinterCode(StrEnum):
    """Codes as they stand on screens and in facts."""

    PAPER_OUT = "P-01"
    COVER_OPEN = "P-02"
    CUTTER = "P-03"
    OFFLINE = "P-04"
    SILENT = "P-05"
    NEAR_END = "P-06"
    LINE_LOST = "P-07"
    NO_PROOF = "P-08"
    RESTARTED = "P-09"
    TOO_LATE = "P-10"
    STOPPED = "P-11"
    NO_AGENT = printing.NO_AGENT
    QUEUE_FULL = "P-13"


STATUS_CODE = {
    PrinterStatus.OK: "",
    PrinterStatus.NEAR_END: PrinterCode.NEAR_END,
    PrinterStatus.PAPER_OUT: PrinterCode.PAPER_OUT,
    PrinterStatus.COVER_OPEN: PrinterCode.COVER_OPEN,
    PrinterStatus.CUTTER_ERROR: PrinterCode.CUTTER,
    PrinterStatus.OFFLINE: PrinterCode.OFFLINE,
    PrinterStatus.UNKNOWN: PrinterCode.SILENT,
}
