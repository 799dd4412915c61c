"""What helps a start that fails at a folder, a disk or the database: whoever reads it stands before a machine, and has
no screen of ours yet. What the system says of it (`disk I/O error`, `Transport endpoint is not connected`) does not."""

import errno
import os
import shutil
from pathlib import Path

from central.kernel.log_mark import ForeignLog
from central.kernel.mounts import is_mount
from central.kernel.trouble import NoDatabase, trouble_of

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_GONE = {errno.ENOTCONN, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.EIO, errno.EHOSTDOWN, errno.EHOSTUNREACH,
         errno.ETIMEDOUT, errno.EREMOTEIO}  # fmt: skip
"""Of a disk that is no longer there, here or over the network."""


def remedy(fault: BaseException, folder: Path | None) -> str:
    """`folder`: where it failed; None: at a database elsewhere. Empty: what it says is all there is to say."""
    if isinstance(fault, ValueError | ForeignLog):
        return ""
    trouble = trouble_of(fault)
    reason, number = trouble.reason if trouble else None, getattr(fault, "errno", None)
    if number in _FULL or reason is NoDatabase.DISK_FULL or (reason and folder and _room(folder) == 0):
        return f"Make room on {_disk(folder) if folder else 'the disk of the database'}, then start again."
    if number == errno.EROFS:
        return "Its disk lets nobody write: look in the system's log (dmesg) why, then mount it for writing again."
    if number in _GONE:
        return f"The disk of {folder} does not answer: see `findmnt`, mount it again, then start."
    if reason is NoDatabase.DATABASE_HELD:
        return "Another program holds it (a copy tool, a shell, another central): end that."
    if folder is None:
        return "Is its server there, and does it let central in?"
    if reason is not None:
        return "Is it there, does its disk answer, and may central write it?"
    return "Check the folder's owner."


def _there(folder: Path) -> Path:
    return next((each for each in (folder, *folder.parents) if each.exists()), Path("/")).resolve()


def _room(folder: Path) -> int:
    """Bytes that are left for us; 0 also where it takes no more files."""
    found = os.statvfs(_there(folder))
    return 0 if found.f_files and not found.f_favail else found.f_bavail * found.f_frsize


def _disk(folder: Path) -> str:
    """Where it is mounted, and what is left of it."""
    where = _there(folder)
    top = next((each for each in (where, *where.parents) if is_mount(each)), where)
    usage = shutil.disk_usage(where)
    files = ", and it takes no more files" if usage.free and not _room(where) else ""
    return f"the disk at {top} ({usage.free >> 20} of {usage.total >> 20} MB are free{files})"


def missing(folder: Path) -> str:
    """Why a folder that should hold something may hold nothing; empty: it looks like any other."""
    if folder.is_symlink() and not folder.exists():
        return f"{folder} points to {folder.readlink()}, which is not there: mount its disk. If that is lost:"
    if folder.is_dir() and not any(folder.iterdir()):
        return f"{folder} is empty: if a disk of its own belongs there, mount it. If not:"
    return ""
