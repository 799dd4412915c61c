"""The last grant shown, kept where a crash of the process does not reach it: in a file that is written but not synced.

It is written just before the barrier opens. A power cut takes the relay and the barrier with it, and
a second flush to a memory card would cost more than it protects (docs/spec/edge.md, Gate decision).
"""

import os
from pathlib import Path

from shared.ids import LENGTH, Id, is_id


class Mark:
    """`path` None: in this process only."""

    def __init__(self, path: Path | None) -> None:
        self._last: Id | None = None
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600) if path else None

    def write(self, scan_id: Id) -> None:
        self._last = scan_id
        if self._file is not None:
            os.pwrite(self._file, scan_id.encode(), 0)

    def read(self) -> Id | None:
        """The last grant shown, in this run or the one before."""
        if self._file is None:
            return self._last
        text = os.pread(self._file, LENGTH, 0).decode("ascii", "replace")
        return Id(text) if is_id(text) else None

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
