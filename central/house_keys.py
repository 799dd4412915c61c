"""Whose database this is: it names the house's root and the key of its vault, and is opened with these alone.

The keys lie in a folder, the database elsewhere, and each is restored by itself. New keys in the place of lost ones
would start without a word, and every device, ticket and second factor would be void; so central makes keys for a
database that has no house yet, and for no other. Two centrals share a database only with copies of one folder.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum, auto
from pathlib import Path

import psycopg

from central.devices.reads import certificates
from central.kernel.db import Connection, Database
from central.kernel.keys import Keys, fingerprint, made_keys, read_keys
from central.kernel.remedy import missing, remedy
from central.kernel.trouble import Repeatable, Unavailable
from central.kernel.turns import Footing
from central.kernel.vault import Vault, made_vault, read_vault
from central.organisation.second_factor import sealed_factors
from shared.clock import to_ms
from shared.runtime.config import Failure
from shared.wire.certificates import verified

SHOWN = 16  # digits of a fingerprint that a sentence gives
ONE_AT_A_TIME = "house keys"


class KeyName(StrEnum):
    """The keys that a database names."""

    ROOT = auto()  # signs the certificates of central and devices
    VAULT = auto()  # seals second factors, keys digests


class KeyStanding(StrEnum):
    """How a folder's key and a database stand to each other."""

    OURS = auto()
    NEW = auto()  # the database names none yet: it names this one, which is made if there is none
    LOST = auto()  # the database belongs to a key, and there is none here
    OTHER = auto()  # the database belongs to another key than the one here


AMISS = (KeyStanding.LOST, KeyStanding.OTHER)


def standing(named: str, held: str, *, used: bool, proved: bool | None) -> KeyStanding:
    """`named` and `held` are fingerprints, empty: none. `used`: the database holds what only its key can serve.
    `proved`: whether the held key made that; None: there is nothing of it, or no key to compare with."""
    if named:
        return KeyStanding.OURS if named == held else KeyStanding.OTHER if held else KeyStanding.LOST
    if not held:
        return KeyStanding.LOST if used else KeyStanding.NEW
    return KeyStanding.OTHER if proved is False else KeyStanding.NEW


def open_keys(database: Database, folder: Path, now: datetime) -> Keys:
    """The keys that this database belongs to; the vault's lies beside them then. Failure if it belongs to others."""
    with _alone_with(database) as db:
        keys, vault = read_keys(folder), read_vault(folder)
        stand = _standings(db, keys, vault)
        for name in KeyName:
            if stand[name] in AMISS:
                raise _failure(db, name, stand[name], folder, keys, vault)
        keys = keys or made_keys(folder, now)
        vault = vault or made_vault(folder)
        if KeyStanding.NEW in stand.values():
            _name(db, keys, vault, now)
    return keys


@contextmanager
def _alone_with(database: Database) -> Iterator[Connection]:
    """A transaction. A second central that starts at the same moment waits, and finds the first one's keys named."""
    try:
        db = database.connect()
        try:
            with db.alone(ONE_AT_A_TIME):
                db.begin(write=True, footing=Footing.APART)
                try:
                    yield db
                    db.commit()
                except BaseException:
                    db.rollback()
                    raise
        finally:
            db.close()
    except (sqlite3.Error, psycopg.Error, Repeatable, Unavailable) as fault:
        said = str(fault).strip().partition("\n")[0]
        where = database.path.parent if database.is_sqlite else None
        raise Failure(f"The database cannot be used: {said}.", remedy(fault, where)) from fault


def named_keys(db: Connection) -> dict[str, str]:
    """Name → fingerprint."""
    return {row[0]: row[1] for row in db.run("SELECT name, fingerprint FROM house_key", {})}


def refuse_other_root(db: Connection, root_pem: str, file: Path) -> None:
    """For who only reads: Failure if the database belongs to another root than the one in `file`."""
    named = named_keys(db).get(KeyName.ROOT, "")
    try:
        held = fingerprint(root_pem)
    except (ValueError, AssertionError) as fault:
        raise Failure(f"{file} is no root certificate of a house.", "Give the house's own: --root.") from fault
    if named and named != held:
        raise Failure(
            f"The database belongs to the root key {named[:SHOWN]}, and {file} is of {held[:SHOWN]}.",
            "Give the house's own root certificate: --root.",
        )


def accept_keys(database: Database, folder: Path, lost: Iterable[KeyName]) -> dict[KeyName, str]:
    """After a loss for good: the database belongs to the keys in `folder` from now on, which are made if there are
    none. Their fingerprints. Failure unless `lost` is what is amiss. No command: without keys there is no door."""
    if database.is_sqlite and not database.path.exists():
        raise Failure(f"There is no database at {database.path}.", "Give central's configuration: --config.")
    said, now = frozenset(lost), datetime.now(UTC)
    with _alone_with(database) as db:
        keys, vault = read_keys(folder), read_vault(folder)
        for name, each in _standings(db, keys, vault).items():
            if name in said and each not in AMISS:
                raise Failure(f"The database belongs to the {name} key in {folder}: it is not lost.", "Start central.")
            if name not in said and each in AMISS:
                raise _failure(db, name, each, folder, keys, vault)
        keys = keys or made_keys(folder, now)
        vault = vault or made_vault(folder)
        for name in said:
            db.write("DELETE FROM house_key WHERE name = :name", {"name": name})
        _name(db, keys, vault, now)
    return _held(keys, vault)


# --- how they stand --------------------------------------------------------------------------------------------------


def _held(keys: Keys | None, vault: Vault | None) -> dict[KeyName, str]:
    return {
        KeyName.ROOT: fingerprint(keys.root_pem) if keys else "",
        KeyName.VAULT: vault.fingerprint if vault else "",
    }


def _standings(db: Connection, keys: Keys | None, vault: Vault | None) -> dict[KeyName, KeyStanding]:
    named, held = named_keys(db), _held(keys, vault)
    sealed = sealed_factors(db)
    used = {
        KeyName.ROOT: bool(db.run("SELECT 1 FROM command_log LIMIT 1", {})),
        KeyName.VAULT: bool(sealed),
    }
    proved = {
        KeyName.ROOT: _signed_under(db, keys.root_pem) if keys else None,
        KeyName.VAULT: any(vault.open(*each) for each in sealed) if vault and sealed else None,
    }
    return {name: standing(named.get(name, ""), held[name], used=used[name], proved=proved[name]) for name in KeyName}


def _failure(
    db: Connection, name: KeyName, found: KeyStanding, folder: Path, keys: Keys | None, vault: Vault | None
) -> Failure:
    named, held = named_keys(db).get(name, "")[:SHOWN], _held(keys, vault)[name][:SHOWN]
    step = (
        f"{missing(folder)} Restore {folder} from your backup; a second central on this database needs a copy of the "
        "first one's. "
        "Lost for good: see docs/operation.md, Backup."
    )
    if found is KeyStanding.LOST:
        which = f" {named}" if named else ""
        return Failure(f"The database belongs to the {name} key{which}, which is not in {folder}.", step.strip())
    whose = f"belongs to the {name} key {named}" if named else f"was made with another {name} key"
    return Failure(f"The database {whose}, and {folder} holds {held}.", step.strip())


def _name(db: Connection, keys: Keys, vault: Vault, now: datetime) -> None:
    for name, held in _held(keys, vault).items():
        db.write(
            "INSERT INTO house_key (name, fingerprint, since) VALUES (:name, :held, :now) ON CONFLICT DO NOTHING",
            {"name": name, "held": held, "now": to_ms(now)},
        )


def _signed_under(db: Connection, root_pem: str) -> bool | None:
    """Of a database that names no root yet: whether its newest checkpoint, or one of its devices, was signed under this
    one. None: nothing was signed yet."""
    newest = db.run(
        "SELECT c.certificate FROM audit_checkpoint c JOIN "
        "(SELECT kid FROM audit_checkpoint ORDER BY seq DESC LIMIT 1) n ON n.kid = c.kid WHERE c.certificate <> ''",
        {},
    )
    if newest:
        return _any_under(newest, root_pem)
    devices = certificates(db)
    return _any_under(devices, root_pem) if devices else None


def _any_under(rows: Iterable[tuple[str]], root_pem: str) -> bool:
    return any(verified(certificate, root_pem) for (certificate,) in rows)
