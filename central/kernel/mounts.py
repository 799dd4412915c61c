"""What is mounted where, as the system's own list has it: a folder that is bound over another of the same disk
(`mount --bind`) looks like any other to who compares the disks' numbers, as os.path.ismount does."""

import os
from pathlib import Path

LISTED = Path("/proc/self/mountinfo")


def is_mount(folder: Path) -> bool:
    return os.path.ismount(folder) or folder.resolve() in mounted()


def mounted(listed: Path = LISTED) -> set[Path]:
    """Of proc(5): the fifth field of each line."""
    try:
        lines = listed.read_text(errors="replace").splitlines()
    except OSError:  # another system
        return set()
    return {unescaped(fields[4]) for line in lines if len(fields := line.split()) > 4}


def unescaped(text: str) -> Path:
    """Blanks stand as octal numbers in the system's lists of disks."""
    return Path(text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\"))
