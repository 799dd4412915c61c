"""Whoever cannot start central reads what, where, and how to mend it."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from central.app import _begun, open_door
from central.config import CentralConfig
from central.founding import found_house
from central.kernel.contexts import path_of
from central.kernel.db import Database, Waits
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.remedy import remedy
from central.kernel.trouble import NoDatabase, Unavailable
from shared.runtime.config import Failure
from tests.central.small_house import House, Watch


def of_sqlite(code: str) -> sqlite3.Error:
    fault = sqlite3.OperationalError("disk I/O error")
    fault.sqlite_errorcode, fault.sqlite_errorname = getattr(sqlite3, code), code
    return fault


@pytest.mark.parametrize(
    "fault, words",
    [
        (OSError(errno.ENOSPC, ""), ["Make room on the disk at ", " MB are free"]),
        (OSError(errno.EDQUOT, ""), ["Make room on the disk at "]),
        (of_sqlite("SQLITE_FULL"), ["Make room on the disk at "]),
        (of_sqlite("SQLITE_IOERR_SHMSIZE"), ["Make room on the disk at "]),
        (Unavailable(NoDatabase.DISK_FULL, ""), ["Make room on the disk at "]),
        (OSError(errno.EROFS, ""), ["lets nobody write"]),
        *((OSError(getattr(errno, name), ""), ["does not answer", "mount it again"])
          for name in ("ENOTCONN", "ESTALE", "EIO", "ENODEV")),
        (of_sqlite("SQLITE_BUSY"), ["Another program holds it"]),
        (of_sqlite("SQLITE_CANTOPEN"), ["Is it there"]),
        (OSError(errno.EACCES, ""), ["the folder's owner"]),
        (ValueError("others may read it: run chmod"), []),
    ],
)  # fmt: skip
def test_each_fault_has_its_remedy(fault: Exception, words: list[str], tmp_path: Path) -> None:
    said = remedy(fault, tmp_path / "not" / "there yet")
    assert [word for word in words if word not in said] == [] and bool(said) is bool(words)


@pytest.mark.parametrize("left, files, words", [(0, 9, "MB are free)"), (9, 0, "takes no more files"), (9, 9, "")])
def test_a_disk_that_is_full_is_told_whatever_the_database_says_of_it(
    left: int, files: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = list(os.statvfs(tmp_path))
    found[4], found[5], found[7] = left, 1000, files
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(found))
    said = remedy(of_sqlite("SQLITE_IOERR_SHMOPEN"), tmp_path)
    assert said.startswith("Make room" if words else "Is it there") and words in said


def test_of_a_server_nothing_is_said_of_folders() -> None:
    assert "server" in remedy(OSError("refused"), None)
    assert "the disk of the database" in remedy(Unavailable(NoDatabase.DISK_FULL, ""), None)


async def test_a_database_that_cannot_be_written_at_the_start_is_told_and_all_is_ended(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """Before: a traceback, and the writer's process stayed for as long as that took."""
    door = Door(Database(sqlite_place[0].url, Waits(lock_s=0.05)), Watch(), path_of, keys)
    door.start()
    with closing(sqlite3.connect(sqlite_place[0].path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Failure, match=r"cannot be written: .+ Another program holds it"):
            await _begun(door)
        other.execute("ROLLBACK")
    assert door.standings[0].ended


async def founded(data: Path) -> CentralConfig:
    config = CentralConfig(data=data)
    await found_house(config, "MAISON", "La maison", "Anna")
    (data / "keys").rename(data / "elsewhere")
    return config


async def test_a_folder_of_keys_whose_disk_is_not_mounted_is_told_so(tmp_path: Path) -> None:
    config = await founded(tmp_path / "data")
    with pytest.raises(Failure) as gone:
        open_door(config)
    assert gone.value.step.startswith("Restore ")
    config.keys.mkdir()
    with pytest.raises(Failure) as empty:
        open_door(config)
    assert empty.value.step.startswith(
        f"{config.keys} is empty: if a disk of its own belongs there, mount it. If not: "
    )
    config.keys.rmdir()
    config.keys.symlink_to(tmp_path / "usb" / "keys")
    with pytest.raises(Failure) as link:
        open_door(config)
    assert link.value.step.startswith(f"{config.keys} points to {tmp_path / 'usb' / 'keys'}, which is not there: mount")
    config.keys.unlink()
    config.keys.symlink_to("elsewhere")
    assert open_door(config).keys


def test_no_keys_are_made_in_the_place_of_a_disk_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before: a new house put a folder of its own where the link was, and the disk, once there, was never read."""
    config, usb = CentralConfig(data=tmp_path / "data"), tmp_path / "usb"
    config.data.mkdir()
    config.keys.symlink_to(usb / "keys")
    with pytest.raises(Failure, match="which is not there: mount its disk") as said:
        open_door(config)
    assert "owner" not in said.value.step and config.keys.is_symlink()
    (usb / "keys").mkdir(parents=True)
    with monkeypatch.context() as mounted:
        mounted.setattr(os.path, "ismount", lambda path: Path(path) == usb / "keys")
        with pytest.raises(Failure, match="is a disk of its own: make a folder on it"):
            open_door(config)
    made = open_door(config).keys
    assert config.keys.is_symlink() and (usb / "keys" / "root.pem").read_text() == made.root_pem
