"""Enrolment: a one-time code from the operator's screen, a signing request from here, a person's approval.

The code says "this is the device I mean", the approval "and I have seen it". What is asked for survives a restart; what
central answers counts only if the certificate is for our key under the root that was named first.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field

from edge.device.identity import (
    Identity,
    Pending,
    Stored,
    device_key,
    forget_asked,
    keep_asked,
    keep_identity,
    keep_pending,
    read_identity,
    read_pending,
)
from shared.ids import Id
from shared.runtime.central import Central, Declined, Unreachable
from shared.runtime.config import Failure
from shared.runtime.log import logger
from shared.runtime.system import Clock, fresh_id
from shared.runtime.tasks import Backoff
from shared.wire.bounds import IdOrNone, IdText, Json, Pem, Word
from shared.wire.certificates import DeviceKind, EnrolmentState, signing_request, verified
from shared.wire.codec import dump, load
from shared.wire.refusals import DeviceRefusal
from shared.wire.seal import kid_of

log = logger(__name__)
MOST_ANSWER = 256 * 1024

_NEW_CODE = "Make a new code for this device in the device list and enter it."
REFUSALS = {
    DeviceRefusal.BAD_CODE: ("Central does not know this code, or it was used already.", _NEW_CODE),
    DeviceRefusal.CODE_EXPIRED: ("This code is too old: it lives ten minutes.", _NEW_CODE),
    DeviceRefusal.BAD_REQUEST: (
        "Central could not read this device's request.", "Check that both run the same version.",
    ),
    DeviceRefusal.KEY_TAKEN: (
        "Another device has, or had, this device's key at central.",
        "Give this device a data directory of its own: it makes a key there. Keep the old one until all is told.",
    ),
    DeviceRefusal.NO_SUCH_DEVICE: ("Central no longer knows this request.", _NEW_CODE),
}  # fmt: skip


class NotApproved(Exception):
    """An operator said no to this device."""


@dataclass(frozen=True, slots=True)
class Requested:
    """Answer of `enrol_device`."""

    device_id: IdText
    root_pem: Pem


@dataclass(frozen=True, slots=True)
class EnrolmentStanding:
    """Answer of `enrolment`."""

    state: EnrolmentState
    certificate: Pem | None = None
    root_pem: Pem | None = None
    central_certificates: Annotated[tuple[Pem, ...], Field(max_length=20)] = ()
    site_id: IdOrNone | None = None
    institution_id: IdText | None = None
    settings: Annotated[dict[Word, Any], Json(64 * 1024)] | None = field(default_factory=dict)


async def ensure_enrolled(
    directory: Path,
    kind: DeviceKind,
    central: Central,
    clock: Clock,
    *,
    code: str = "",
    label: str = "",
    poll_s: float = 0.5,
    say: Callable[[str], None] | None = None,
) -> Identity:
    """As `_enrolled`; a disk that keeps nothing is a Failure as well, after which the same code serves again."""
    try:
        return await _enrolled(directory, kind, central, clock, code, label, poll_s, say)
    except OSError as bad:
        raise Failure(
            f"This device cannot keep its enrolment in {directory} ({bad.strerror or bad}).",
            "Make room there, or set the folder's owner right; then start it again with the same code.",
        ) from bad


async def _enrolled(
    directory: Path, kind: DeviceKind, central: Central, clock: Clock, code: str, label: str, poll_s: float,
    say: Callable[[str], None] | None,
) -> Identity:  # fmt: skip
    """The device's identity, enrolling it if it has none: that needs a line and, for the first request, a code. `say`
    hears what is being waited for. Failure with the next step if it cannot be."""
    found = read_identity(directory)
    if found is not None:
        if found.certificate.kind is not kind:
            raise Failure(
                f"The identity in {directory} is that of a {found.certificate.kind}, not of a {kind}.",
                "Give each device a data directory of its own.",
            )
        return found
    key = device_key(directory)
    tell = say or (lambda text: log.info(text, device=label))
    pending = read_pending(directory)
    if pending is not None and code:
        tell("Central was asked before; going on with that request.")
    asked = False
    delays = Backoff(first_s=poll_s, most_s=30.0).delays()
    while True:
        try:
            if pending is None:
                asked = True
                pending = await _ask(directory, central, clock, key, code, label)
                tell(f"Waiting for an operator to approve this device ({pending.device_id}).")
            identity = await _look(directory, central, key, pending, kind)
            if identity is not None:
                tell("Enrolled.")
                return identity
            await asyncio.sleep(poll_s)
        except Unreachable as bad:
            delay = next(delays)
            tell(f"Central cannot be reached ({bad}); trying again.")
            await asyncio.sleep(delay)
        except (Declined, NotApproved) as bad:
            keep_pending(directory, None)
            forget_asked(directory)
            if asked or not code:
                raise _failure(bad) from bad
            pending = None  # an earlier request that came to nothing, but there is a code to ask anew
        except Failure:
            keep_pending(directory, None)
            raise


def _failure(bad: Declined | NotApproved) -> Failure:
    if isinstance(bad, NotApproved):
        return Failure("An operator refused this device.", "Ask who runs the devices; then enrol it with a new code.")
    if bad.reason in REFUSALS:
        return Failure(*REFUSALS[bad.reason])
    return Failure(f"Central refuses to enrol this device ({bad.said}).", "Look at the device list at central.")


async def _ask(
    directory: Path, central: Central, clock: Clock, key: Ed25519PrivateKey, code: str, label: str
) -> Pending:
    if not code:
        raise Failure(
            "This device is not enrolled.", "Make a code for it in central's device list and start it with that code."
        )
    body = {"code": code, "request_pem": signing_request(key, label or "device"), "label": label}
    asked = keep_asked(directory, kid_of(key.public_key()), code, dump(body), lambda: fresh_id(clock))
    answer = await central.command("enrol_device", asked.command_id, asked.body.encode())
    try:
        requested = load(Requested, answer, MOST_ANSWER)
    except ValueError as bad:
        raise Unreachable(f"central's answer makes no sense: {bad}") from None
    pending = Pending(requested.device_id, requested.root_pem)
    keep_pending(directory, pending)
    return pending


async def _look(
    directory: Path, central: Central, key: Ed25519PrivateKey, pending: Pending, kind: DeviceKind
) -> Identity | None:
    standing = await standing_of(central, pending.device_id, kid_of(key.public_key()))
    if standing.state is EnrolmentState.REFUSED:
        raise NotApproved
    if standing.state is not EnrolmentState.APPROVED or standing.certificate is None or standing.institution_id is None:
        return None
    if standing.root_pem is not None and standing.root_pem != pending.root_pem:
        raise Failure(
            "Central now names another root than when this device asked.", "Check who answers at central's address."
        )
    certificate = verified(standing.certificate, pending.root_pem)
    if certificate is None or certificate.kid != kid_of(key.public_key()) or certificate.holder_id != pending.device_id:
        raise Failure("Central sent a certificate that is not for this device.", "Enrol this device again.")
    if certificate.kind is not kind:
        raise Failure(
            f"This code was made for a {certificate.kind}, but this is a {kind}.",
            f"Remove the device at central and make a code for a {kind}.",
        )
    stored = Stored(
        standing.certificate,
        pending.root_pem,
        standing.institution_id,
        standing.central_certificates,
        standing.settings or {},
    )
    return keep_identity(directory, key, certificate, stored)


async def standing_of(central: Central, device_id: Id, kid: str) -> EnrolmentStanding:
    """How central sees this enrolment; also the way to learn of central's new keys after a long time away."""
    answer = await central.query("enrolment", {"device_id": device_id, "kid": kid})
    try:
        return load(EnrolmentStanding, answer, MOST_ANSWER)
    except ValueError as bad:
        raise Unreachable(f"central's answer makes no sense: {bad}") from None
