"""`parterre <role>`: each role is loaded only when it is asked for, since a gate has no need of Kivy.

What goes wrong at a start that a person can mend is a `Failure`: one sentence, a next step, exit code 2.
"""

import gc
import os
import shlex
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from shared.languages import FIRST_LANGUAGE
from shared.runtime.config import Failure, load_config
from shared.runtime.log import setup
from shared.runtime.tasks import run

EXTRA = {
    "broker": "central",
    "found": "central",
    "accept-keys": "central",
    "revoked": "central",
    "schema": "central",
    "simulate": "simulators",
}  # roles whose packages stand elsewhere
_FILE = click.Path(path_type=Path, dir_okay=False)
_OFTEN = gc.get_threshold()
SELDOM = 100_000
"""New objects between two looks for what can be thrown away, while a program starts: a quarter of central's start went
by in looking through what it imported, of which nothing ever is."""


class Group(click.Group):
    """Turns a Failure into its sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Failure as failure:
            click.echo(str(failure), err=True)
            sys.exit(2)
        except ModuleNotFoundError as missing:
            if missing.name and missing.name.split(".")[0] in ("central", "edge", "parterre", "shared"):
                raise
            role = ctx.invoked_subcommand or "demo"
            click.echo(f"The role {role} needs the package {missing.name}, which is not installed.", err=True)
            extra = EXTRA.get(role, role)
            click.echo(f"Install it with: pip install 'parterre[{extra}]'", err=True)
            sys.exit(2)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="parterre")
def main() -> None:
    """Parterre: open, offline-safe ticketing."""
    gc.set_threshold(SELDOM)


def _start(role: str, kind: type[Any], config: Path | None, work: Any, **overrides: Any) -> None:
    settings = load_config(kind, config, os.environ, f"PARTERRE_{role.upper()}", overrides)
    told = getattr(settings, "device", None) or settings
    setup(role, getattr(told, "log_level", "info"))
    main_coroutine: Coroutine[Any, Any, Any] = work(settings)
    _imported()
    run(main_coroutine)


def _imported() -> None:
    """From here on things are thrown away as they come, and nobody looks through all that was imported once more."""
    gc.freeze()
    gc.set_threshold(*_OFTEN)


@main.command()
@click.option("--config", type=_FILE, help="TOML file.")
@click.option("--ready-file", type=_FILE, help="Gets the address once central serves.")
def central(config: Path | None, ready_file: Path | None) -> None:
    """The server: API, live page, embedded broker."""
    from central.app import run as run_central
    from central.config_file import read_config

    settings = read_config(config, os.environ)
    setup("central", settings.log_level)
    _imported()
    run(run_central(settings, ready_file))


@main.command()
@click.option("--config", type=_FILE, help="Central's TOML file.")
@click.option("--code", default="HOUSE", show_default=True, help="Short code of the institution.")
@click.option("--name", required=True, help="Name of the institution.")
@click.option("--language", default=FIRST_LANGUAGE, show_default=True, help="The house's first language: fr, de …")
@click.option("--operator", default="Administrator", show_default=True)
def found(config: Path | None, code: str, name: str, language: str, operator: str) -> None:
    """Founds a house in an empty database and prints its first administrator's key, once."""
    from central.config_file import read_config
    from central.founding import found_house

    settings = read_config(config, os.environ)
    setup("central", "warning")
    made = run(found_house(settings, code, name, operator, language))
    if made:
        institution_id, operator_id, key = made
        click.echo(f"institution  {institution_id}\noperator     {operator_id}\nkey          {key}")


@main.group("keys")
def house_keys() -> None:
    """The keys that central's database belongs to."""


@house_keys.command("accept")
@click.option("--config", type=_FILE, help="Central's TOML file.")
@click.option(
    "--lost", type=click.Choice(["root", "vault"]), required=True, multiple=True, help="What is lost for good."
)
def accept_keys(config: Path | None, lost: tuple[str, ...]) -> None:
    """After keys were lost for good: the database belongs to the ones in central's folder from now on, which are made
    if there are none. A new root: every device enrols again, and tickets sold so far are void. A new vault key: second
    factors open nothing and are cleared by an administrator. Central must not run."""
    from central.config_file import read_config
    from central.house_keys import KeyName
    from central.house_keys import accept_keys as accept
    from central.kernel.db import Database

    settings = read_config(config, os.environ)
    held = accept(Database(settings.database_url), settings.keys, [KeyName(each) for each in lost])
    for name in lost:
        click.echo(f"The database belongs to the {name} key {held[KeyName(name)][:16]} now.")
    click.echo(f"Back the folder up: {settings.keys}")


@main.group()
def schema() -> None:
    """The tables of central's database. Central must not run."""


@schema.command("update")
@click.option("--config", type=_FILE, help="Central's TOML file.")
@click.option("--copied", is_flag=True, help="There is a copy already: make none.")
def schema_update(config: Path | None, copied: bool) -> None:
    """Brings them to this version, as central does at its start: after a copy was set aside."""
    from central.config_file import read_config
    from central.kernel.schema import SchemaError, heads, upgrade

    settings = read_config(config, os.environ)
    try:
        copy = upgrade(settings.opened, None if copied else settings.set_aside)
    except SchemaError as fault:
        raise Failure(str(fault)) from fault
    if copy:
        click.echo(f"A copy of what it was: {copy}")
    click.echo(f"The database has schema {heads(settings.opened)[0]}.")


@schema.command("repair")
@click.option("--config", type=_FILE, help="Central's TOML file.")
def schema_repair(config: Path | None) -> None:
    """For a house that an early text of schema 0002 made: brings its tables and rows to this version, after a copy was
    set aside."""
    from central.config_file import read_config
    from central.kernel.schema import SchemaError, heads, repair, upgrade

    settings = read_config(config, os.environ)
    try:
        copy = repair(settings.opened, settings.set_aside)
        upgrade(settings.opened)
    except SchemaError as fault:
        raise Failure(str(fault)) from fault
    click.echo(f"A copy of what it was: {copy}")
    click.echo(f"The database has schema {heads(settings.opened)[0]}.")


@main.command()
@click.option("--config", type=_FILE, help="TOML file.")
def broker(config: Path | None) -> None:
    """A site's broker: carries claims and bells while the line to central is cut."""
    from edge.device.site_broker import BrokerDeviceConfig, run_site_broker

    _start("broker", BrokerDeviceConfig, config, run_site_broker)


@main.command()
@click.option("--config", type=_FILE, help="The site broker's TOML file.")
@click.option("--out", type=_FILE, required=True, help="The file that Mosquitto reads (crlfile).")
@click.option("--then", default="", help="What to run once it has changed.")
def revoked(config: Path | None, out: Path, then: str) -> None:
    """For a site's Mosquitto: fetches central's list of who is revoked."""
    from edge.device.revocation_list import fetch_revoked
    from edge.device.site_broker import BrokerDeviceConfig

    settings = load_config(BrokerDeviceConfig, config, os.environ, "PARTERRE_BROKER")
    setup("broker", settings.log_level)
    if run(fetch_revoked(settings, out)) and then:
        subprocess.run(shlex.split(then), check=True)


@main.command()
@click.option("--config", type=_FILE, help="TOML file.")
def kiosk(config: Path | None) -> None:
    """A self-service kiosk."""
    from edge.kiosk.config import KioskConfig
    from edge.kiosk.main import run as run_kiosk

    _start("kiosk", KioskConfig, config, run_kiosk)


@main.command()
@click.option("--config", type=_FILE, help="TOML file.")
def gate(config: Path | None) -> None:
    """One lane of a gate."""
    from edge.gate.config import GateConfig
    from edge.gate.main import run as run_gate

    _start("gate", GateConfig, config, run_gate)


@main.command()
@click.option("--config", type=_FILE, help="TOML file.")
def printer(config: Path | None) -> None:
    """A printer agent."""
    from edge.printer_agent.config import PrinterConfig
    from edge.printer_agent.main import run as run_printer

    _start("printer", PrinterConfig, config, run_printer)


@main.group()
def simulate() -> None:
    """Hardware that is not there, speaking its real protocol, with faults to switch on."""


@simulate.command("terminal")
@click.option("--config", type=_FILE, help="TOML file.")
def simulate_terminal(config: Path | None) -> None:
    """A card terminal that speaks Caisse-AP over TCP."""
    from parterre.simulators.terminal import Settings, serve

    _start("terminal", Settings, config, serve)


@simulate.command("printer")
@click.option("--config", type=_FILE, help="TOML file.")
def simulate_printer(config: Path | None) -> None:
    """An ESC/POS receipt printer that shows its paper as pictures."""
    from parterre.simulators.printer import Settings, serve

    _start("printer_simulator", Settings, config, serve)


@main.group()
def audit() -> None:
    """What an auditor asks of a database."""


@audit.command("verify")
@click.option("--config", type=_FILE, help="Central's TOML file.")
@click.option("--head", "heads", multiple=True, help="A head noted earlier, number:hash; as often as you like.")
@click.option("--checkpoints", type=_FILE, help="A copy of the checkpoints, instead of central's own.")
@click.option("--root", type=_FILE, help="The house's root certificate, instead of central's own.")
def audit_verify(config: Path | None, heads: tuple[str, ...], checkpoints: Path | None, root: Path | None) -> None:
    """Proves that the log is what was sealed, and that the tables are what it left. Exit code 0: they are; 1: they are
    not; 2: it could not be looked at."""
    from central.audit import report, verify
    from central.config_file import read_config

    settings = read_config(config, os.environ)
    proof = verify(settings, heads, checkpoints, root, _progress if sys.stderr.isatty() else lambda _: None)
    click.echo("\n".join(report(proof)))
    sys.exit(1 if proof.faults else 0)


@audit.command("inventory")
@click.option("--config", type=_FILE, help="Central's TOML file.")
def audit_inventory(config: Path | None) -> None:
    """Proves that what is counted is what is there. Exit code 0: it is; 1: it is not; 2: it could not be looked at."""
    from central.config_file import read_config
    from central.inventory.audit import audit_house, report
    from central.kernel.db import PATIENT, Database

    settings = read_config(config, os.environ)
    all_sound = True
    for sound, line in report(audit_house(Database(settings.database_url, PATIENT))):
        click.echo(line)
        all_sound = all_sound and sound
    sys.exit(0 if all_sound else 1)


def _progress(rows: int) -> None:
    click.echo(f"\r{rows} rows", err=True, nl=False)


@main.command()
@click.option("--once", is_flag=True, help="Play the story, print the table, exit 0 only if every check held.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where the demo's data goes.")
def demo(once: bool, folder: Path | None) -> None:
    """The whole system on this machine, and a robot visitor that plays the story."""
    from parterre.demo.story import play

    setup("demo", "warning")
    sys.exit(run(play(once=once, folder=folder)) or 0)
