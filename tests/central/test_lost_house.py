"""A disk that is not mounted leaves an empty folder: central says so, and begins no new house in it."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from central import lost_house
from central.app import open_door
from central.config import CentralConfig
from central.founding import found_house
from central.kernel import mounts
from central.kernel.db import Database
from central.lost_house import mount_points, unmounted
from parterre.cli import main
from shared.runtime.config import Failure

FSTAB = """\
# <file system> <mount point> <type> <options>
UUID=1 / ext4 defaults 0 1
UUID=2 none swap sw 0 0
# UUID=3 /srv/old ext4 defaults 0 2
UUID=4 /srv/a\\040hall ext4 noauto 0 2
UUID=5 {disk} ext4 nofail 0 2
"""


@pytest.fixture
async def founded(tmp_path: Path) -> CentralConfig:
    config = CentralConfig(tmp_path / "disk" / "central", checkpoints=tmp_path / "elsewhere.jsonl")
    await found_house(config, "H", "La maison", "Anna")
    open_door(config)
    return config


def left(config: CentralConfig) -> list[str]:
    return sorted(str(each.relative_to(config.data.parent)) for each in config.data.parent.rglob("*"))


def test_the_keys_of_a_house_without_its_database(founded: CentralConfig) -> None:
    """Before: an empty house began under the old root, and offered its set-up."""
    for file in founded.data.glob("parterre.db*"):
        file.unlink()
    before = left(founded)
    env = {"PARTERRE_CENTRAL__DATA": str(founded.data)}
    for command in (["central"], ["found", "--name", "Une autre"]):
        said = CliRunner().invoke(main, command, env=env)
        assert said.exit_code == 2 and "holds the keys of a house" in said.output and "Mount" in said.output
    assert left(founded) == before
    shutil.rmtree(founded.keys)
    open_door(founded)


@pytest.mark.postgres
async def test_the_keys_of_a_house_beside_an_empty_server(empty_postgres: Database, founded: CentralConfig) -> None:
    with pytest.raises(Failure, match=r"holds the keys of a house.*that `database` names.*Mount"):
        open_door(CentralConfig(founded.data, empty_postgres.url))


def test_checkpoints_elsewhere_tell_of_the_house_of_an_empty_folder(founded: CentralConfig) -> None:
    assert founded.checkpoints
    shutil.rmtree(founded.data)
    founded.data.mkdir()
    founded.checkpoints.write_text("{}\n")
    with pytest.raises(Failure, match="is of the log of a house"):
        open_door(founded)
    assert left(founded) == ["central"], "nothing is made"
    founded.checkpoints.unlink()
    open_door(founded)


def test_the_systems_list_of_disks_tells_of_one_that_is_not_mounted(
    founded: CentralConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fstab := tmp_path / "fstab").write_text(FSTAB.format(disk=tmp_path / "disk"))
    monkeypatch.setattr(lost_house.refuse_in_place_of_another, "__defaults__", (fstab,))
    open_door(founded)  # what is there is there
    shutil.rmtree(founded.data)
    with pytest.raises(Failure, match=rf"A disk belongs at {tmp_path / 'disk'} .*none is mounted.*mount {tmp_path}"):
        open_door(founded)
    assert left(founded) == []
    fstab.write_text(FSTAB.format(disk="/srv/other"))
    open_door(founded)


def test_which_mount_points_count(tmp_path: Path) -> None:
    assert list(map(str, mount_points(FSTAB.format(disk="/srv")))) == ["/", "/srv/a hall", "/srv"]
    assert unmounted(tmp_path, tmp_path / "no fstab") is None
    (fstab := tmp_path / "fstab").write_text("tmpfs / tmpfs defaults 0 0\nnonsense\n")
    assert unmounted(tmp_path, fstab) is None, "it is mounted"


def test_a_folder_bound_over_another_is_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same disk: to who compares the disks' numbers it looks like any folder."""
    (bound := tmp_path / "a hall").mkdir()
    written = str(bound).replace(" ", "\\040")
    (fstab := tmp_path / "fstab").write_text(f"/srv {written} none bind 0 0\n")
    assert unmounted(bound / "house.db", fstab) == bound
    (listed := tmp_path / "mountinfo").write_text(
        f"36 35 98:0 /srv {written} rw,noatime master:1 - ext4 /dev/root rw\nnonsense\n"
    )
    monkeypatch.setattr(mounts.mounted, "__defaults__", (listed,))
    assert unmounted(bound / "house.db", fstab) is None
