"""Compares the processor time that tests took with the list of those that may take long (tests/slow.txt).

    tools/slow_tests.py REPORT            exit 0: the list is true; 1: what is not is told line by line
    tools/slow_tests.py REPORT --write    puts what the report says into the list, and leaves what it says nothing of

REPORT is pytest's (--junitxml; `make test` writes var/tests.xml). Processor time is of the test's process and those it
waited for, with what its fixtures took: whoever comes first pays for what a session shares.
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "slow.txt"
MAY_S = 3.0  # without standing in the list
MORE = 2  # so many times what the list says: caches, and whoever comes first, make that much


def main(report: str, *options: str) -> int:
    took, listed = measured(Path(report)), read(LIST)
    if options == ("--write",):
        now = {test: took.get(test, seconds) for test, seconds in (took | listed).items()}
        slow = sorted((test, seconds) for test, seconds in now.items() if seconds > MAY_S)
        LIST.write_text("".join(f"{seconds:.1f} {test}\n" for test, seconds in slow))
        return 0
    found = faults(took, listed)
    print("\n".join([*found, f"{len(took)} tests, {len(listed)} may be slow, {len(found)} faults"]))
    return 1 if found else 0


def measured(report: Path) -> dict[str, float]:
    """Test → seconds."""
    took = {}
    for case in ET.parse(report).iter("testcase"):
        named = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"
        for said in case.iter("property"):
            if said.get("name") == "processor_s":
                took[named] = float(said.get("value", ""))
    return took


def read(listing: Path) -> dict[str, float]:
    lines = (line.partition(" ") for line in listing.read_text().splitlines())
    return {test: float(seconds) for seconds, _, test in lines}


def faults(took: dict[str, float], listed: dict[str, float]) -> list[str]:
    found = [f"{test}: {seconds} s, not listed" for test, seconds in sorted(took.items())
             if test not in listed and seconds > MORE * MAY_S]  # fmt: skip
    for test, may in listed.items():
        if test not in took:
            found.append(f"{test}: there is no such test any more")
        elif took[test] > MORE * may:
            found.append(f"{test}: {took[test]} s, listed with {may} s")
        elif took[test] < MAY_S / MORE:
            found.append(f"{test}: {took[test]} s: take it off the list")
    return found


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
