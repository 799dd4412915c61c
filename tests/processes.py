"""Processes as the system sees them."""

from pathlib import Path


def children(pid: int) -> list[int]:
    """Those that a process has begun, and that are not gone."""
    return [
        int(each) for task in Path(f"/proc/{pid}/task").iterdir() for each in (task / "children").read_text().split()
    ]


def command_of(pid: int) -> str:
    """How it was begun, in one line; empty: it is gone, or nobody has looked at how it ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return ""
