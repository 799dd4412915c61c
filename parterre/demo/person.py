"""A person who looks at the demo as its administrator, made before central serves, as by the console."""

from collections.abc import Mapping
from os import environ
from pathlib import Path
from secrets import token_urlsafe

from central.app import open_door
from central.config import CentralConfig
from central.kernel.actor import SYSTEM
from central.kernel.crud import command_of
from central.kernel.privileges import EVERYTHING, Action
from central.organisation.letters import AskLink
from central.organisation.model import OperatorProfile
from central.organisation.operators import InviteOperator
from central.organisation.sign_in import digest
from shared.ids import Id
from shared.languages import LANGUAGES
from shared.runtime.system import SystemClock, fresh_id

EMAIL = "camille@tilleuls.example"


def language_of(environment: Mapping[str, str]) -> str:
    """In which pages greet them: the machine's (`LC_ALL` before `LANG`), where it is one of ours, else English."""
    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    return found if (found := said[:2].lower()) in LANGUAGES else "en"


async def invited(data: Path, institution: Id) -> str:
    """The path of a link at which they choose a password, once, within seven days. It is kept nowhere."""
    clock, token = SystemClock(), token_urlsafe(32)
    profile, person = fresh_id(clock), fresh_id(clock)
    commands = (
        command_of(Action.CREATE, OperatorProfile)(
            id=profile, context_id=institution, code="ADMIN", names={"fr": "Administration"}, privileges=(EVERYTHING,),
            second_factor=False,
        ),
        InviteOperator(
            id=person, context_id=institution, name="Camille", email=EMAIL, language=language_of(environ),
            profile_id=profile,
        ),
        AskLink(operator_id=person, token_digest=digest(token)),
    )  # fmt: skip
    door = open_door(CentralConfig(data, writer_apart=False))  # it is not worth another process
    door.start()
    try:
        for command in commands:
            reply = await door.execute(SYSTEM, command, fresh_id(clock))
            assert reply.ok, reply.outcome
    finally:
        door.stop()
    return f"/invitation/{token}"
