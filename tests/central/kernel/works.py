"""What tests let another process do: it finds these by their names."""

import os
import re
import resource
import signal
import sys
import threading
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


def tell(descriptor: int, code: int) -> None:
    """No work: what a process is in which it runs, line by line, to whoever began it."""
    line = re.sub(r"serve\(\d+", "serve(_", Path("/proc/self/cmdline").read_text().rstrip("\0"))
    handled = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)]
    limits = [resource.getrlimit(each) for each in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE)]
    left_open = [each for each in range(3, 64) if each != descriptor and Path(f"/proc/self/fd/{each}").exists()]
    said = [
        os.getpid(), os.getppid(), os.getpgid(0), Path.cwd(), os.environ["SAID"], os.nice(0), *handled, *limits,
        *left_open, *(each.name for each in threading.enumerate()), *dict.fromkeys(sys.path), *line.split("\0"),
    ]  # fmt: skip
    told = "\n".join(map(str, said))
    os.write(descriptor, told.encode())
    print("out")
    print("err", file=sys.stderr)
    sys.exit(code)
