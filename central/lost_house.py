"""A new house is not made where there was one. A disk that is not mounted leaves an empty folder: central would begin
anew in it without a word, with a root that no device knows, and offer its set-up to whoever reads the console. What
lies elsewhere tells of the house that should be there: its keys, the signed checkpoints of its log, the system's list
of disks.
"""

from collections.abc import Iterator
from pathlib import Path

from central.config import CentralConfig
from central.kernel.mounts import is_mount, unescaped
from central.kernel.schema import is_new
from shared.runtime.config import Failure

FSTAB = Path("/etc/fstab")
RESTORE = "Mount the database's disk, or restore it from your backup (docs/operation.md, Backup)."


def refuse_in_place_of_another(config: CentralConfig, fstab: Path = FSTAB) -> None:
    """Failure where a house would be made beside signs of another."""
    if not is_new(config.opened):
        return
    database = config.opened
    where = f"at {database.path}" if database.is_sqlite else "in the database that `database` names"
    if disk := unmounted(database.path if database.is_sqlite else config.data, fstab):
        raise Failure(
            f"A disk belongs at {disk} ({fstab} names it), and none is mounted there.",
            f"Mount it (`mount {disk}`), then start; if there is no such disk any more, take its line away.",
        )
    if config.keys.is_dir() and any(config.keys.iterdir()):
        raise Failure(
            f"{config.keys} holds the keys of a house, and there is none {where}.",
            f"{RESTORE} For a new house, move that folder away.",
        )
    if config.checkpoint_file.is_file() and config.checkpoint_file.stat().st_size:
        raise Failure(
            f"{config.checkpoint_file} is of the log of a house, and there is none {where}.",
            f"{RESTORE} For a new house, move that file away.",
        )


def unmounted(path: Path, fstab: Path) -> Path | None:
    """Where a disk that should hold this path is not mounted."""
    try:
        text = fstab.read_text(errors="replace")
    except OSError:  # nobody tells
        return None
    real = path.resolve()
    points = [point for point in mount_points(text) if point in (real, *real.parents)]
    return next((point for point in sorted(points, reverse=True) if not is_mount(point)), None)


def mount_points(text: str) -> Iterator[Path]:
    """Of fstab(5): the second field of each line; blanks in it are written as octal numbers."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 2 and not line.lstrip().startswith("#") and fields[1].startswith("/") and fields[2] != "swap":
            yield unescaped(fields[1])
