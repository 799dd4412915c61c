"""`parterre found`: a house without the wizard."""

from dataclasses import replace
from secrets import token_urlsafe

from central.app import open_door
from central.config import CentralConfig
from central.kernel.actor import SYSTEM
from central.kernel.trouble import Unavailable
from central.organisation.model import NoContext
from central.organisation.ops import SetUpHouse, key_digest
from shared.ids import Id
from shared.languages import FIRST_LANGUAGE
from shared.outcome import Refused
from shared.runtime.config import Failure
from shared.runtime.system import SystemClock, fresh_id


async def found_house(
    config: CentralConfig, code: str, name: str, operator_name: str, language: str = FIRST_LANGUAGE
) -> tuple[Id, Id, str]:
    """`parterre found`: the institution and its first administrator, whose key is shown once and kept nowhere.
    `language`: the house's first, in which its name is (`fr`, `de`, `pt` …)."""
    door = open_door(replace(config, writer_apart=False))  # it is not worth another process
    door.start()
    clock = SystemClock()
    institution_id, operator_id, key = fresh_id(clock), fresh_id(clock), token_urlsafe(32)
    command = SetUpHouse(
        institution_id=institution_id,
        code=code,
        names={language: name},
        operator_id=operator_id,
        operator_name=operator_name,
        key_digest=key_digest(key),
    )
    try:
        reply = await door.execute(SYSTEM, command, fresh_id(clock))
    except Unavailable as trouble:
        raise Failure(
            f"The database does not serve ({trouble}).", "Nothing was made: mend it, and start again."
        ) from None
    finally:
        door.stop()
    if isinstance(reply.outcome, Refused):
        if reply.outcome.reason == NoContext.HOUSE_EXISTS:
            raise Failure("This database holds a house already.", "Sign in with its operators.")
        raise Failure(f"The house cannot be founded: {reply.outcome.reason} ({reply.outcome.fix}).", "Name it.")
    return institution_id, operator_id, key
