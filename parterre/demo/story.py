"""The story: two seats bought, admitted once, the line cut, two more sold and admitted, the books agree.

Everything is real but the paper, the card and the visitor: processes of their own, touches in a window, a card terminal
over TCP, QR codes read off the printed picture and sent down the gate's serial line. Nothing is asserted from inside.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from parterre.demo.devices import approve, device_config, invite
from parterre.demo.house import House, set_up
from parterre.demo.office import Office
from parterre.demo.robot import Lane, Tray, Visitor
from parterre.demo.stage import Line, Stage, free_port, screen
from parterre.demo.verdict import Verdict, judge
from shared.ids import Id
from shared.runtime.config import Failure
from shared.runtime.login import Login
from shared.runtime.mqtt import Bus
from shared.wire import topics
from shared.wire.codec import load
from shared.wire.topics import Presence

console = Console(highlight=False)
PASSAGE_S = 1.2  # how long a visitor takes to walk through


@dataclass(slots=True)
class Step:
    """A line of the table at the end. `held` is None for what is only done, not checked."""

    what: str
    seen: str
    seconds: float
    held: bool | None = None


@dataclass(slots=True)
class Play:
    """What is on the stage, and what has been seen."""

    stage: Stage
    office: Office
    house: House
    visitor: Visitor
    tray: Tray
    lanes: tuple[Lane, Lane]
    line: Line
    live: str
    watch: "Watch"
    invitation: str
    steps: list[Step] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)


class Watch:
    """What the devices tell the site's broker: the words on the lanes' screens, who is there, what waits to be sent."""

    def __init__(self) -> None:
        self.presence: dict[str, Presence] = {}

    async def heard(self, _: str, payload: bytes) -> None:
        said = load(Presence, payload)
        self.presence[said.device_id] = said

    def lane(self, name: str) -> dict[str, Any]:
        for said in self.presence.values():
            if said.detail and said.detail.get("lane") == name:
                return said.detail
        return {}

    def unsent(self) -> int:
        return sum(int((said.detail or {}).get("unsent", 0)) for said in self.presence.values())


async def play(once: bool, folder: Path | None) -> int:
    """Plays the story; the exit code says whether every check held."""
    began, well = time.monotonic(), False
    kept = _room(folder)
    async with Stage(kept) as stage:
        line = Line()
        try:
            async with AsyncExitStack() as ends:
                acting = await _cast(stage, line, kept, began, ends, once)
                verdict = await _story(acting)
                well = verdict.ok and all(step.held is not False for step in acting.steps)
                _show(acting, verdict, time.monotonic() - began)
                if not once:
                    console.print(f"\nLive page: [bold]{acting.live}[/]")
                    console.print("Its administration, by a link that sets your password once:")
                    console.print(f"[bold]{acting.invitation}[/]", soft_wrap=True)
                    console.print(f"Data and logs: {kept}\nCtrl-C ends the demo.", soft_wrap=True)
                    await asyncio.Event().wait()
        finally:
            line.close()
    if once and well and folder is None:
        shutil.rmtree(kept)  # a story that went well leaves nothing behind, and nobody writes there any more
    return 0 if well else 1


def _room(folder: Path | None) -> Path:
    """An empty folder for this evening's data: two demos never share one."""
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="parterre-demo-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as fault:
        raise Failure(f"The folder {folder} cannot be used ({fault.strerror}).", "Name another one.") from fault
    if used:
        raise Failure(f"The folder {folder} is not empty: it may be another demo's.", "Name another one, or empty it.")
    return folder


# --- setting the stage ----------------------------------------------------------------------------------------------


async def _cast(stage: Stage, line: Line, folder: Path, began: float, ends: AsyncExitStack, once: bool) -> Play:
    def progress(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.1f} s[/]  {text}")

    progress("central starts: SQLite, embedded broker")
    office, institution, url, broker_port, link = await _central(stage, folder, once)
    await ends.enter_async_context(office)
    house = await set_up(office, institution, datetime.now(UTC))
    progress(f"a theatre of {house.seats} seats is set up from its plan file, two performances are on sale")
    progress(f"watch it live: {url}/live")
    http_port = await line.relay(int(url.rsplit(":", 1)[1]))
    mqtt_port = await line.relay(broker_port)
    central = f"http://127.0.0.1:{http_port}"  # devices reach central through the line that can be cut
    display = await screen(stage)
    lanes = tuple(Lane(stage, f"Porte {name}", folder / f"lane-{name}-port.log") for name in "AB")
    assert len(lanes) == 2
    site_port = free_port()
    ports = (mqtt_port, site_port)
    kiosk_pid = await _devices(stage, office, house, folder, central, ports, display, lanes, progress)
    watch = Watch()
    await _listen(stage, folder, house, watch, site_port)
    visitor = Visitor(stage, folder / "kiosk-targets.json", display, kiosk_pid)
    await visitor.waits_for("idle", seconds=40)
    await stage.until("the lanes", lambda: watch.lane("Porte A") and watch.lane("Porte B"), 20)
    progress("the kiosk shows its idle picture, both lanes say welcome")
    tray = Tray(stage, folder / "paper")
    return Play(stage, office, house, visitor, tray, lanes, line, f"{url}/live", watch, f"{url}{link}")


async def _central(stage: Stage, folder: Path, once: bool) -> tuple[Office, Id, str, int, str]:
    """An administrator's program, the institution, central's address, its broker's port; unless it is played `once`,
    the path of a link for a person."""
    config = {
        "data": folder / "central", "listen": {"port": 0}, "broker": {"port": 0}, "live_open": "true",
        "hall_every_s": 0.3,
    }  # fmt: skip
    ready = folder / "central.ready"
    ready.unlink(missing_ok=True)
    founded = await stage.role("found", ("found", "--name=Les Tilleuls"), config)
    await founded.wait()
    stage.forget("found")
    said = (folder / "found.log").read_text()
    words = dict(
        line.split(maxsplit=1) for line in said.splitlines() if line.startswith(("institution", "operator", "key"))
    )
    if len(words) < 3:
        raise Failure(said.strip().splitlines()[-1] if said.strip() else "The house could not be founded.")
    link = ""
    if not once:
        from parterre.demo.person import invited  # all of central: who plays it once need not load it

        link = await invited(folder / "central", Id(words["institution"].strip()))
    await stage.role("central", ("central", f"--ready-file={ready}"), config)
    await stage.until("central", lambda: ready.exists() and ready.read_text().count("\n") == 2)
    url, broker_port = ready.read_text().split()
    office = Office(url, words["operator"].strip(), words["key"].strip())
    return office, Id(words["institution"].strip()), url, int(broker_port), link


async def _devices(
    stage: Stage, office: Office, house: House, folder: Path, central: str, ports: tuple[int, int], display: str,
    lanes: tuple[Lane, ...], progress: Callable[[str], None],
) -> int:  # fmt: skip
    """Invites, starts and approves them; answers with the kiosk's process id."""
    mqtt_port, site_port = ports
    printer_port, terminal_port = free_port(), free_port()
    paper = folder / "paper"
    paper.mkdir(exist_ok=True)
    simulated = {"out": paper, "port": printer_port, "control_port": free_port()}
    await stage.role("printer-simulator", ("simulate", "printer"), simulated)
    card = {"port": terminal_port, "control_port": free_port(), "delay_s": 1.2}
    await stage.role("card-terminal", ("simulate", "terminal"), card)
    invited = {
        "broker": await invite(office, house, "broker", "SB", "Broker du site"),
        "kiosk": await invite(office, house, "kiosk", "K1", "Borne 1", house.kiosk_point),
        "printer": await invite(office, house, "printer", "P1", "Imprimante borne 1"),
        "lane-A": await invite(office, house, "gate", "GA", "Porte A"),
        "lane-B": await invite(office, house, "gate", "GB", "Porte B"),
    }
    broker = device_config(folder / "broker", central, site_port, invited["broker"], "Broker du site")
    upstream = {"host": "127.0.0.1", "port": mqtt_port}
    own = {name: broker[name] for name in ("data", "central", "code", "label")}
    await stage.role(
        "broker", ("broker",), own | {"listen": {"host": "127.0.0.1", "port": site_port}, "upstream": upstream}
    )

    def common(name: str, label: str) -> dict[str, Any]:
        return device_config(folder / name, central, site_port, invited[name], label)

    agent = {
        "printer": f"tcp://127.0.0.1:{printer_port}", "socket": folder / "printer.sock",
        "data": folder / "printer-queue", "device": common("printer", "Imprimante borne 1"),
    }  # fmt: skip
    await stage.role("printer", ("printer",), agent)
    for lane, name in zip(lanes, ("lane-A", "lane-B"), strict=True):
        config = {
            "device": common(name, lane.name), "lane": {"name": lane.name}, "reader": {"device": lane.device},
            "port": {"kind": "fake", "log": folder / f"{name}-port.log", "passage_s": PASSAGE_S},
        }  # fmt: skip
        await stage.role(name, ("gate",), config)
    kiosk = {
        "device": common("kiosk", "Borne 1"), "printer": {"socket": folder / "printer.sock"},
        "terminal": {"port": terminal_port}, "window": {"targets_file": folder / "kiosk-targets.json"},
    }  # fmt: skip
    process = await stage.role("kiosk", ("kiosk",), kiosk, DISPLAY=display, SDL_VIDEODRIVER="x11")
    progress("devices started: site broker, kiosk, printer agent, two gate lanes; they ask to be let in")
    await approve(stage, office, invited)
    progress("an operator has approved all five; each made its own key and got its certificate")
    return process.pid


async def _listen(stage: Stage, folder: Path, house: House, watch: Watch, site_port: int) -> None:
    """Listens at the site's broker as central may: it goes on while the line is cut."""
    from central.kernel.keys import load_keys

    keys = load_keys(folder / "central" / "keys", datetime.now(UTC))
    login = Login.of(keys.signer.key, keys.certificate.pem, keys.certificate.holder_id)
    bus = Bus("127.0.0.1", site_port, login=login, name="watch")
    bus.subscribe(topics.states(house.site), watch.heard)
    stage.background(bus.run())
    await bus.wait_connected()


# --- the story ------------------------------------------------------------------------------------------------------


async def _story(acting: Play) -> Verdict:
    lane_a, lane_b = acting.lanes
    console.print()
    first = await _buys(acting, "A visitor buys the two best seats at the kiosk, pays, takes the tickets")
    await _enters(acting, lane_a, first[0], "green", "Lane A admits the first ticket")
    await _enters(acting, lane_b, first[0], "red", "Lane B refuses the same ticket", wants="Porte A")
    began = time.monotonic()
    acting.line.cut()
    await _noticed(acting, online=False)
    _note(acting, "The line to central is cut", "kiosk and gates notice and go on", began)
    second = await _buys(acting, "The kiosk sells two more seats out of its lease")
    await _enters(acting, lane_b, second[0], "green", "Lane B, which never heard of them, admits one")
    await _enters(acting, lane_a, second[0], "red", "Lane A refuses the second entry", wants="Porte B")
    await _enters(acting, lane_a, second[1], "green", "Lane A admits the other one")
    began = time.monotonic()
    acting.line.mend()
    await _noticed(acting, online=True)
    await acting.stage.until("everything to be sent", lambda: acting.watch.unsent() == 0, 30)
    _note(acting, "The line returns", "every device has told central everything", began, held=True)
    return await judge(acting.office, acting.house, acting.stage.folder)


async def _buys(acting: Play, what: str) -> list[str]:
    """Through the window: performance, seats as proposed, tariffs as proposed, summary, card, tickets."""
    began, visitor = time.monotonic(), acting.visitor
    seen = visitor.sees()
    if seen and seen.screen == "done":
        await visitor.touches("next")
    await visitor.waits_for("idle")
    await visitor.touches("start")
    await visitor.waits_for("performances")
    await visitor.touches(f"performance:{acting.house.performances[0]}")
    await visitor.waits_for("seats")
    for after in ("tariffs", "summary"):
        await visitor.touches("next")
        await visitor.waits_for(after)
    await visitor.touches("next")
    await visitor.waits_for("done", seconds=45)
    tokens = await acting.tray.takes(2)
    acting.tokens += tokens
    _note(acting, what, f"{len(tokens)} tickets read off the paper", began, held=len(set(tokens)) == 2)
    return tokens


async def _enters(acting: Play, lane: Lane, token: str, lamp: str, what: str, wants: str = "") -> None:
    began = time.monotonic()
    lit = await lane.scans(token)

    def shown() -> dict[str, Any] | None:
        said = acting.watch.lane(lane.name)
        last = said.get("last") or {}
        return said if last.get("admitted") is (lamp != "red") and said.get("show", {}).get("word") else None

    said = await acting.stage.until(f"the words on {lane.name}'s screen", shown, 10)
    show = said["show"]
    held = lit == lamp and (not wants or wants in show["line"])
    _note(acting, what, f"{lit}: {show['word']} — {show['line']}", began, held)
    await lane.rests()


async def _noticed(acting: Play, online: bool) -> None:
    """Waits until kiosk and lanes know how the line is."""

    def all_know() -> bool:
        kinds = ("kiosk", "gate")
        details = [said.detail or {} for said in acting.watch.presence.values()]
        known = [detail.get("central") is online for detail in details if detail.get("kind") in kinds]
        return len(known) == 3 and all(known)

    await acting.stage.until("the devices to notice the line", all_know, 30)


def _note(acting: Play, what: str, seen: str, began: float, held: bool | None = None) -> None:
    step = Step(what, seen, time.monotonic() - began, held)
    acting.steps.append(step)
    mark = {True: "[green]✔[/]", False: "[red]✘[/]", None: " "}[held]
    console.print(f"{mark} {what}: [dim]{seen}[/] ({step.seconds:.1f} s)")


def _show(acting: Play, verdict: Verdict, seconds: float) -> None:
    table = Table(title="What happened", show_lines=False, title_justify="left")
    for column in ("", "step", "seen", "seconds"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for step in acting.steps:
        mark = {True: "[green]✔[/]", False: "[red]✘[/]", None: ""}[step.held]
        table.add_row(mark, step.what, step.seen, f"{step.seconds:.1f}")
    checks = Table(title="What must hold", title_justify="left")
    for column in ("", "check", "figures"):
        checks.add_column(column)
    for check in verdict.checks:
        checks.add_row("[green]✔[/]" if check.ok else "[red]✘[/]", f"{check.name} {check.sentence}", check.figures)
    console.print()
    console.print(table)
    console.print(checks)
    console.print(f"{seconds:.0f} s in all.")
