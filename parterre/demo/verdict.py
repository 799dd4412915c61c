"""The demo's last question: do the devices' own journals, the hall, the ledger and the entries agree?"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from parterre.demo.house import House
from parterre.demo.office import Office


@dataclass(frozen=True, slots=True)
class Held:
    name: str
    sentence: str
    ok: bool
    figures: str


@dataclass(frozen=True, slots=True)
class Verdict:
    checks: tuple[Held, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


async def judge(office: Office, house: House, folder: Path) -> Verdict:
    """Central's own checks (I1, I2 …), and what only the journals on the devices' disks can prove."""
    central = [
        Held(said["name"], said["sentence"], said["ok"], _figures(said["figures"], said["wrong"]))
        for said in await office.query("checks", context_id=house.institution)
    ]
    sales, admitted = _on_disk(folder)
    orders = {row["id"] for row in await office.rows("sale_order")}
    scans = {row["fact_id"]: row for row in await office.rows("scan")}
    admissions = await office.rows("admission")
    lost = [sale for sale in sales if sale not in orders] + [scan for scan in admitted if scan not in scans]
    shown = Held(
        "I1", "What the devices showed as done, by their own disks, central has.", not lost,
        f"{len(sales)} sales, {len(admitted)} entries on disk; {len(lost)} not at central",
    )  # fmt: skip
    counts = await office.query("availability", performance_id=house.performances[0])
    total = {name: sum(row[name] for row in counts) for name in ("capacity", "free", "blocked", "leased", "sold")}
    lines = [row for row in await office.rows("order_line") if row["performance_id"] == house.performances[0]]
    hall = Held(
        "I5", "The hall adds up, and what it calls sold is what was sold.",
        total["sold"] == len(lines) and total["capacity"] == sum(total.values()) - total["capacity"],
        ", ".join(f"{name} {number}" for name, number in total.items()),
    )  # fmt: skip
    moves = await office.rows("move")
    revenue = sum(row["amount"] for row in moves if row["note"] == "sale")
    paid = sum(row["amount"] for row in moves if row["note"] == "payment")
    ledger = Held(
        "I4", "The ledger agrees with the orders.", revenue == paid == sum(line["price"] for line in lines),
        f"sold {revenue / 100:.2f} EUR, paid {paid / 100:.2f} EUR, {len(moves)} moves",
    )  # fmt: skip
    entries = Held(
        "I2", "Each ticket entered once.",
        len(admissions) == len({row["ticket_id"] for row in admissions}) == len(admitted),
        f"{len(admissions)} entries, {sum(not row['admitted'] for row in scans.values())} refusals",
    )  # fmt: skip
    return Verdict((shown, hall, ledger, entries, *central))


def _figures(figures: dict[str, Any], wrong: list[str]) -> str:
    return "; ".join([", ".join(f"{name} {number}" for name, number in figures.items()), *wrong])


def _on_disk(folder: Path) -> tuple[list[str], list[str]]:
    """Orders and admitted scans in the journals of kiosk and lanes, read as a technician would from their disks."""
    sales: list[str] = []
    admitted: list[str] = []
    for name in ("kiosk", "lane-A", "lane-B"):
        with closing(sqlite3.connect(f"file:{folder / name / 'journal.db'}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT json FROM fact WHERE kind IN ('sale', 'scan')").fetchall()
        for (text,) in rows:
            fact = orjson.loads(text)
            if fact["kind"] == "sale":
                sales.append(fact["body"]["order_id"])
            elif fact["body"]["admitted"]:
                admitted.append(fact["id"])
    return sales, admitted
