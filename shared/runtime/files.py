"""Files that are whole and on the disk, or not there."""

import os
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int) -> None:
    """All of it or nothing, on the disk when this returns; never readable by others than `mode` says, not even for a
    moment."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    settle_names(path.parent)


def settle_names(folder: Path) -> None:
    """The names in this folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
