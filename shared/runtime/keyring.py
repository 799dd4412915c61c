"""The keys this process knows: certificates that the root signed, found by kid, and which of them are revoked.

Fed from the feed `keys/<institution>` and from what enrolment gave. A certificate proves itself against the root, so it
does not matter who brought it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.clock import ClockState, Now
from shared.ids import Id
from shared.wire.certificates import Certificate, Right, verified
from shared.wire.codec import build
from shared.wire.feeds import KeyRow
from shared.wire.seal import Sealed


class Keyring:
    """All look-ups are in memory. `certificate` also answers for revoked keys; ask `trusted` before believing one."""

    def __init__(self, root_pem: str) -> None:
        self.root_pem = root_pem
        self._certificates: dict[str, Certificate] = {}
        self._revoked: dict[str, tuple[datetime, frozenset[Id]]] = {}

    def add(self, pem: str) -> Certificate | None:
        """The verified certificate, now known; None if the root did not sign it."""
        found = verified(pem, self.root_pem)
        if found is not None:
            self._certificates[found.kid] = found
        return found

    def revoke(self, kid: str, at: datetime, good: tuple[Id, ...] = ()) -> None:
        self._revoked[kid] = at, frozenset(good)

    def certificate(self, kid: str) -> Certificate | None:
        return self._certificates.get(kid)

    def revoked(self, kid: str) -> datetime | None:
        """Since when the key is revoked; None if it is not."""
        found = self._revoked.get(kid)
        return found[0] if found else None

    def trusted(self, kid: str, right: Right, now: Now | None = None, about: Id | None = None) -> Certificate | None:
        """The certificate, if its key may sign this: it has the right, and is not revoked, or `about` is listed as good
        all the same. Its period counts only where the time is known (`now` given, and not `untrusted`)."""
        found = self._certificates.get(kid)
        if found is None or right not in found.rights:
            return None
        if kid in self._revoked and about not in self._revoked[kid][1]:
            return None
        if now is not None and now.state is not ClockState.UNTRUSTED and not found.may(right, now.at):
            return None
        return found

    def vouches(self, sealed: Sealed, right: Right, now: Now | None = None) -> Certificate | None:
        """Who sealed this, if a key with this right did; None for anything else."""
        found = self.trusted(sealed.kid, right, now)
        return found if found is not None and sealed.signed_by(found.key) else None

    def take(self, rows: Mapping[str, dict[str, Any] | None]) -> list[str]:
        """Rows of the feed of keys by kid, None for a row that is gone. Answers the kids of rows that were not
        believed: they name a key that the root did not sign, and change nothing."""
        refused = []
        for kid, body in rows.items():
            if body is None:
                self._certificates.pop(kid, None)
                continue
            try:
                row = build(KeyRow, body)
            except ValueError:
                refused.append(kid)
                continue
            found = verified(row.certificate, self.root_pem)
            if found is None or found.kid != kid:
                refused.append(kid)
                continue
            self._certificates[kid] = found
            if row.revoked_at is not None:
                self.revoke(kid, row.revoked_at, row.good)
            else:
                self._revoked.pop(kid, None)
        return refused
