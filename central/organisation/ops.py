"""The names of the organisation that other areas use; importing it declares all of its commands and queries."""

import central.organisation.erasure
import central.organisation.letters
import central.organisation.limits
import central.organisation.list_views
import central.organisation.sessions  # noqa: F401
from central.organisation.contexts import (
    CreateContext,
    SetUpHouse,
)
from central.organisation.operators import CreateOperator, InviteOperator
from central.organisation.rights import actor_of, key_digest, operator_of

__all__ = [
    "CreateContext", "CreateOperator", "InviteOperator", "SetUpHouse", "actor_of", "key_digest", "operator_of",
]  # fmt: skip
