"""What tests let another process do: it finds these by their names."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def who(*said: Any) -> Iterator[Any]:
    yield os.getpid()
    yield from said


def spin() -> Iterator[int]:
    while True:
        pass
    yield 0


def sleep() -> Iterator[int]:
    time.sleep(3600)
    yield 0


def hoard() -> Iterator[int]:
    yield len(bytearray(1 << 40))  # at once, so that it costs no processor time


def die() -> Iterator[int]:
    os._exit(3)
    yield 0


def fall() -> Iterator[int]:
    raise ValueError("not like this")
    yield 0


def wait_for(path: str) -> Iterator[str]:
    while not Path(path).exists():
        time.sleep(0.005)
    yield path


def note(path: str, said: str) -> Iterator[str]:
    """Leaves a line, so that a test can count how often it was called."""
    with Path(path).open("a") as file:
        file.write(f"{said} {os.getpid()}\n")
    yield said
    yield said * 2
