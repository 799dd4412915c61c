"""A database is opened with the keys it belongs to and with no others: restored without them, beside another central's,
older than the naming, half gone or open to others."""

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import product
from pathlib import Path
from threading import Barrier

import click
import pytest
from click.testing import CliRunner

from central.app import open_door
from central.config import CentralConfig
from central.founding import found_house
from central.house_keys import KeyName, KeyStanding, named_keys, open_keys, standing
from central.kernel.db import Database
from central.kernel.keys import load_keys
from central.kernel.log_chain import Chain
from central.kernel.schema import upgrade
from central.kernel.vault import load_vault
from parterre.cli import main
from shared.runtime.config import Failure
from tests.central.small_house import NOW


def config_of(data: Path, url: str = "") -> CentralConfig:
    return CentralConfig(data, url)


async def founded(config: CentralConfig) -> None:
    """A house with a sealed, signed log: what every house has after its first five minutes."""
    await found_house(config, "HOUSE", "La maison", "Anna")
    door = open_door(config)
    door.start()
    await Chain(door, config.checkpoint_file).close()
    door.stop()


@pytest.fixture
async def data(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Founded once, and copied: nobody has it open any more."""
    once = tmp_path_factory.getbasetemp() / "founded"
    if not once.exists():
        await founded(config_of(once))
    shutil.copytree(once, tmp_path / "central")
    return tmp_path / "central"


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()} if folder.exists() else {}


def names_of(data: Path) -> dict[str, str]:
    with closing(Database(f"sqlite:///{data / 'parterre.db'}").connect(read_only=True)) as db:
        return named_keys(db)


# --- the rule --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "held", "used", "proved"), list(product(["", "a"], ["", "a", "b"], [False, True], [None, False, True]))
)
def test_how_a_key_and_a_database_stand(named: str, held: str, used: bool, proved: bool | None) -> None:
    found = standing(named, held, used=used, proved=proved)
    if found is KeyStanding.NEW:  # a key is made, or named, only where nothing says otherwise
        assert not named and (held or not used)
        assert proved is not False or not held
    if found is KeyStanding.OURS:
        assert named == held
    if found is KeyStanding.LOST:
        assert not held and (named or used)
    if found is KeyStanding.OTHER:
        assert held and (named not in ("", held) or proved is False)


# --- restored without, or with another's -----------------------------------------------------------------------------


def gone(keys: Path) -> None:
    shutil.rmtree(keys)


def empty(keys: Path) -> None:
    gone(keys)
    keys.mkdir()


def of_another_house(keys: Path) -> None:
    gone(keys)
    load_keys(keys, NOW)
    load_vault(keys)


def without_the_vaults(keys: Path) -> None:
    (keys / "vault.key").unlink()


def with_another_vaults(keys: Path) -> None:
    without_the_vaults(keys)
    load_vault(keys)


def without_the_root(keys: Path) -> None:
    (keys / "root.key").unlink()


def for_all_to_read(name: str) -> Callable[[Path], None]:
    return lambda keys: (keys / name).chmod(0o644)


def a_folder_in_its_place(keys: Path) -> None:
    (keys / "working.key").unlink()
    (keys / "working.key").mkdir()


HARMS = {
    gone: ("belongs to the root key", "Restore"),
    empty: ("belongs to the root key", "Restore"),
    of_another_house: ("belongs to the root key", "holds"),
    without_the_vaults: ("belongs to the vault key", "Restore"),
    with_another_vaults: ("belongs to the vault key", "holds"),
    without_the_root: ("lacks root.key", "restore the folder from your backup"),
    for_all_to_read("root.key"): ("others may read", "chmod"),
    for_all_to_read("working.key"): ("others may read", "chmod"),
    for_all_to_read("vault.key"): ("others may read", "chmod"),
    a_folder_in_its_place: ("cannot be used", "working.key"),
}
# Commands that open central's database: which arguments they need, and why they may go on without the keys.
COMMANDS: dict[tuple[str, ...], tuple[list[str], str]] = {
    ("central",): ([], ""),
    ("found",): (["--name", "Une autre"], ""),
    ("audit", "verify"): ([], "reads root.pem alone: what concerns it, below"),
    ("audit", "inventory"): ([], "counts, and needs no key"),
    ("schema", "update"): ([], "changes tables, and needs no key"),
    ("schema", "repair"): ([], "changes tables, and needs no key"),
    ("keys", "accept"): (["--lost", "root"], "is the way out"),
}


def commands_of_central() -> set[tuple[str, ...]]:
    """Those that take central's configuration."""
    found: dict[tuple[str, ...], click.Command] = {}
    for name, each in main.commands.items():
        found |= {(name, sub): command for sub, command in getattr(each, "commands", {}).items()} or {(name,): each}
    said = {path: [getattr(option, "help", "") or "" for option in each.params] for path, each in found.items()}
    return {path for path, helps in said.items() if path == ("central",) or any("Central's" in text for text in helps)}


def test_every_command_that_opens_central_is_listed() -> None:
    assert commands_of_central() == set(COMMANDS)


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__qualname__.split(".")[0])
@pytest.mark.parametrize("command", [path for path, (_, why) in COMMANDS.items() if not why], ids=" ".join)
def test_a_database_without_its_keys_is_not_opened(
    data: Path, command: tuple[str, ...], harm: Callable[[Path], None]
) -> None:
    """One sentence and the next step, exit code 2; and nothing is made in the place of what is lost."""
    harm(data / "keys")
    before = files_of(data / "keys") if harm is not a_folder_in_its_place else {}
    names = names_of(data)
    env = {
        "PARTERRE_CENTRAL__DATA": str(data),
        "PARTERRE_CENTRAL__LISTEN__PORT": "0",
        "PARTERRE_CENTRAL__BROKER__PORT": "0",
    }
    result = CliRunner().invoke(main, [*command, *COMMANDS[command][0]], env=env)
    assert result.exit_code == 2, result.output
    for words in HARMS[harm]:
        assert words in result.output, result.output
    assert harm is a_folder_in_its_place or files_of(data / "keys") == before
    assert names_of(data) == names


@pytest.mark.parametrize("harm", [gone, of_another_house])
def test_the_log_is_not_proved_with_another_root(data: Path, harm: Callable[[Path], None]) -> None:
    env = {"PARTERRE_CENTRAL__DATA": str(data)}
    assert CliRunner().invoke(main, ["audit", "verify"], env=env).exit_code == 0
    harm(data / "keys")
    result = CliRunner().invoke(main, ["audit", "verify"], env=env)
    assert result.exit_code == 2 and "root" in result.output and "--root" in result.output


def test_a_backup_with_its_keys_goes_on(data: Path, tmp_path: Path) -> None:
    restored = tmp_path / "restored"
    restored.mkdir()
    with (
        closing(sqlite3.connect(data / "parterre.db")) as old,
        closing(sqlite3.connect(restored / "parterre.db")) as new,
    ):
        old.backup(new)
    with pytest.raises(Failure, match=r"belongs to the root key [0-9a-f]{16}, which is not in .*Restore"):
        open_door(config_of(restored))
    assert not (restored / "keys").exists()
    shutil.copytree(data / "keys", restored / "keys")
    assert open_door(config_of(restored)).keys.root_pem == open_door(config_of(data)).keys.root_pem


# --- two centrals ----------------------------------------------------------------------------------------------------


@pytest.mark.postgres
async def test_two_centrals_share_keys_or_do_not_start(empty_postgres: Database, tmp_path: Path) -> None:
    first, second = (config_of(tmp_path / name, empty_postgres.url) for name in ("one", "two"))
    await founded(first)
    with pytest.raises(Failure, match="a second central on this database needs a copy of the first one's"):
        open_door(second)
    assert not second.keys.exists()
    load_keys(second.keys, NOW)
    load_vault(second.keys)
    with pytest.raises(Failure, match=r"belongs to the root key [0-9a-f]{16}, and .* holds [0-9a-f]{16}"):
        open_door(second)
    shutil.rmtree(second.keys)
    shutil.copytree(first.keys, second.keys)
    open_door(second)


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_two_first_starts_at_once(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """On an empty database: one of them founds, the other is told to copy its keys, and makes none."""
    found: Database = (
        request.getfixturevalue("empty_postgres") if database == "postgres"
        else Database(f"sqlite:///{tmp_path / 'shared.db'}")
    )  # fmt: skip
    upgrade(found)
    configs = [config_of(tmp_path / name, found.url) for name in ("one", "two")]
    together = Barrier(2)

    def start(config: CentralConfig) -> str:
        together.wait()
        try:
            open_keys(found, config.keys, NOW)
        except Failure as failure:
            return failure.sentence
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(start, configs))
    assert sorted(map(bool, said)) == [False, True], said
    (loser,) = [config for config, sentence in zip(configs, said, strict=True) if sentence]
    assert not loser.keys.exists()
    assert "which is not in" in max(said)


# --- older databases -------------------------------------------------------------------------------------------------


def unnamed(data: Path) -> None:
    with closing(sqlite3.connect(data / "parterre.db")) as db, db:
        db.execute("DELETE FROM house_key")


def test_an_older_database_takes_the_keys_that_signed_its_log(data: Path) -> None:
    unnamed(data)
    open_door(config_of(data))
    assert set(names_of(data)) == {KeyName.ROOT, KeyName.VAULT}


@pytest.mark.parametrize(
    ("harm", "says"),
    [(gone, "belongs to the root key, which is not in"), (of_another_house, "was made with another root key")],
)
def test_an_older_database_takes_no_others(data: Path, harm: Callable[[Path], None], says: str) -> None:
    unnamed(data)
    harm(data / "keys")
    with pytest.raises(Failure, match=says):
        open_door(config_of(data))
    assert names_of(data) == {}


def test_an_older_database_knows_its_root_by_its_devices_too(data: Path) -> None:
    """Without a checkpoint, e.g. one that was stopped hard in its first minutes."""
    keys = load_keys(data / "keys", NOW)
    with closing(sqlite3.connect(data / "parterre.db")) as db, db:
        db.execute("DELETE FROM house_key")
        db.execute("DELETE FROM audit_checkpoint")
        row = dict.fromkeys(
            [name for (_, name, *_) in db.execute("PRAGMA table_info(device)")], ""
        ) | {"id": "D", "context_id": "C", "certificate": keys.certificate.pem}  # fmt: skip
        db.execute(f"INSERT INTO device ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
    open_door(config_of(data))
    unnamed(data)
    of_another_house(data / "keys")
    with pytest.raises(Failure, match="was made with another root key"):
        open_door(config_of(data))


def test_an_older_database_knows_its_vault_by_what_it_sealed(data: Path) -> None:
    with closing(sqlite3.connect(data / "parterre.db")) as db, db:
        (operator,) = db.execute("SELECT id FROM operator").fetchone()
        sealed = load_vault(data / "keys").seal("SEED", operator)
        db.execute("UPDATE operator SET totp = ?", (sealed,))
    unnamed(data)
    without_the_vaults(data / "keys")
    with pytest.raises(Failure, match="belongs to the vault key, which is not in"):
        open_door(config_of(data))
    load_vault(data / "keys")
    with pytest.raises(Failure, match="was made with another vault key"):
        open_door(config_of(data))


# --- lost for good ---------------------------------------------------------------------------------------------------


def accept(data: Path, *lost: str) -> tuple[int, str]:
    words = [word for each in lost for word in ("--lost", each)]
    result = CliRunner().invoke(main, ["keys", "accept", *words], env={"PARTERRE_CENTRAL__DATA": str(data)})
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("harm", "lost"),
    [(gone, ("root", "vault")), (of_another_house, ("root", "vault")), (without_the_vaults, ("vault",))],
)
def test_what_is_lost_for_good_is_said_and_replaced(
    data: Path, harm: Callable[[Path], None], lost: tuple[str, ...]
) -> None:
    before = names_of(data)
    harm(data / "keys")
    code, said = accept(data, *lost)
    assert code == 0 and "Back the folder up" in said
    open_door(config_of(data))
    now = names_of(data)
    assert {name for name in now if now[name] != before[name]} == set(lost)


@pytest.mark.parametrize("lost", [("root",), ("vault",), ("root", "vault")])
def test_what_is_not_lost_is_not_given_up(data: Path, lost: tuple[str, ...]) -> None:
    before = names_of(data)
    code, said = accept(data, *lost)
    assert code == 2 and "is not lost" in said and names_of(data) == before


def test_more_is_lost_than_was_said(data: Path) -> None:
    gone(data / "keys")
    code, said = accept(data, "root")
    assert code == 2 and "belongs to the vault key" in said and not (data / "keys").exists()
