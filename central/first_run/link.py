"""The link that opens the wizard: made when central starts on an empty database, printed on its console, dead once the
house has an operator."""

from os import O_CREAT, O_EXCL, O_WRONLY, fdopen
from os import open as open_file
from pathlib import Path
from secrets import token_urlsafe

from central.first_run.ops import is_over
from central.kernel.actor import SYSTEM
from central.kernel.door import Door

FILE = "setup-token"


async def setup_link(door: Door, folder: Path, url: str) -> str | None:
    """The set-up's address, the same until it is over, so that a restart does not kill it. None: this house is set up,
    and what was left of a link is gone."""
    file = folder / FILE
    if await door.read(SYSTEM, is_over):
        file.unlink(missing_ok=True)
        return None
    return f"{url}/setup?token={_token(file)}"


def _token(file: Path) -> str:
    """Kept whole or not at all: a disk that was full in the middle leaves no link that is none."""
    if file.exists() and (kept := file.read_text().strip()):
        return kept
    token = token_urlsafe(32)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with fdopen(open_file(new, O_WRONLY | O_CREAT | O_EXCL, 0o600), "w") as out:
        out.write(token)
    new.replace(file)
    return token
