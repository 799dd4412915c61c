"""Plan files: reads and writes the pretix seating-plan JSON, SVG and CSV (docs/plan-files.md).

A file with any fault is refused whole with every fault listed by path or line (docs/spec/venues.md, Plan files): who
drew the plan mends it in one go, and a hall is never half imported. What is written and read again is the same plan, in
each of the formats; so any of them can be turned into any other."""

from collections.abc import Callable, Mapping

from central.venues.csv_writer import write_csv
from central.venues.plan import Plan, write_plan
from central.venues.plan_flaws import Flaw, PlanFileFault
from central.venues.planfile_checks import MOST_BYTES, Format, PlanFault, refused
from central.venues.planfile_csv import read_csv
from central.venues.planfile_json import read_json
from central.venues.planfile_svg import read_svg
from central.venues.planfile_table import MOST_LOOKED_AT, MOST_TITLES, seat_list_start
from central.venues.planfile_text import other_file, text_of
from central.venues.svg_seats import read_mapped
from central.venues.svg_sources import SvgMapping
from central.venues.svg_writer import write_svg
from shared.outcome import Outcome

__all__ = ["Format", "PlanFault", "PlanFileFault", "format_of", "read_plan", "write_plan", "written"]

READERS: Mapping[Format, Callable[[bytes], Outcome[Plan]]] = {
    Format.JSON: read_json,
    Format.SVG: read_svg,
    Format.CSV: read_csv,
}
WRITERS: Mapping[Format, Callable[[Plan], bytes]] = {
    Format.JSON: write_plan,
    Format.SVG: write_svg,
    Format.CSV: write_csv,
}


def format_of(data: bytes) -> Format | None:
    """By content; a file's name proves nothing."""
    start = data[:4096].lstrip(b" \t\r\n")
    if start[:1] in (b"{", b"["):
        return Format.JSON
    if start[:1] == b"<":
        return Format.SVG
    return Format.CSV if seat_list_start(data[: MOST_TITLES * MOST_LOOKED_AT].decode(errors="ignore")) else None


def read_plan(data: bytes, mapping: SvgMapping | None = None) -> Outcome[Plan]:
    """The plan in a file; in an SVG by `mapping`, where there is one. `Refused.detail["faults"]` lists faults as
    `{"at", "what", …}` (plan_flaws.py), the first of each kind and then how many more there are of it;
    `detail["count"]` counts them all."""
    if len(data) > MOST_BYTES:
        return refused(PlanFault.TOO_LARGE, [PlanFileFault("$", Flaw.TOO_LARGE, {"most": MOST_BYTES >> 20})], 1)
    text = text_of(data)
    data = text.encode()
    found = format_of(data)
    if found is None:
        return refused(PlanFault.UNKNOWN_FORMAT, [PlanFileFault("$", other_file(text) or Flaw.UNKNOWN_FORMAT)], 1)
    return read_mapped(data, mapping) if found is Format.SVG and mapping is not None else READERS[found](data)


def written(plan: Plan, into: Format) -> bytes:
    """The plan as a file of this format."""
    return WRITERS[into](plan)
