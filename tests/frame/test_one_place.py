"""A rule stands in one place: each of these stood in several once, in Python, SQL and JavaScript. What such a rule
cannot be written without is looked for everywhere, and found where the rule is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    file
    for folder in ("central", "edge", "shared", "parterre")
    for kind in ("*.py", "*.js", "*.html")
    for file in sorted((ROOT / folder).rglob(kind))
    if not {"migrations", "vendor"} & set(file.parts)
]

RULES = {
    "which scans use an entry": (r"\bpassed = 0\b", "central/access/reads.py"),
    "which of those counts": (r"\bat, \{TOLD_ID\}", "central/access/reads.py"),
    "what serves a performance": (
        r"context_id (?:not )?in (?:whereabouts|path_of)\(|(?i:context_id in \(\w+\.id,)", "central/catalogue/reads.py"
    ),
    "until when it is sold": (
        r"min\(sell_until|sell_until > :now|performance\.sell_until [<>]|[<>]=? performance\.sell_until",
        "shared/rules/selling.py",
    ),
    "which performances are over": (r"State\.CLOSED, \w+State\.CANCELLED", "central/catalogue/model.py"),
    "when one may be moved": (r"PerformanceState\) - OVER|\.state not in OVER", "central/programme/date_change.py"),
    "whether a point of sale is open": (r"active (?:and|\*) \w+[._]active", "central/selling/rules.py"),
    "whether a place is free": (r"blocked = '' AND \w\.id|id IS NULL AND \w\.blocked", "central/inventory/model.py"),
    "whether one that was read is": (r"not \w+\.blocked and not \w+\.taken", "central/inventory/reads.py"),
    "as what a place counts": (r"BLOCKED if |'blocked' ELSE", "shared/rules/place_state.py"),
    "which leases are open": (r"'active', 'draining'|ACTIVE, LeaseState.DRAINING", "shared/wire/leases.py"),
    "whether a hold is over": (
        r"ACTIVE (?:or|and) \w+\.until|(?:'active|ACTIVE\})' AND (?:\w\.)?until", "central/inventory/model.py"
    ),
    "whether a letter's link is good": (r"\.used(?: is None)? (?:or|and) .*\.until", "central/organisation/rules.py"),
    "whether a session is over": (r"recent\(session\.seen", "central/organisation/rules.py"),
    "which rows of the outbox are due": (r"(?:'waiting|WAITING\})' AND due <=", "central/kernel/outbox.py"),
    "what a code may be": (r"\[A-Za-z0-9\]\[A-Za-z0-9_", "central/kernel/values.py"),
    "a ticket's number": (r":0(?:[67]|\{digits\})d\}", "shared/rules/numbering.py"),
    "the series of a device's": (r"\{organiser(?:\.code)?\}-\{", "shared/rules/numbering.py"),
    "which context's setting holds": (
        r"path_of\([^\n]*\n(?:[^\n]*\n){0,3}[^\n]*(?:\.settings|said_at\()", "central/kernel/contexts.py"
    ),
    "the letters of seats": (r'(?i:held)"?(?:: |, )"h"|\bf?hlos', "shared/rules/place_state.py"),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_stands_in_one_place(rule: str) -> None:
    needs, home = RULES[rule]
    found = [str(file.relative_to(ROOT)) for file in FILES if re.search(needs, file.read_text())]
    assert found == [home], f"{rule}: say it in {home}, and ask there"
