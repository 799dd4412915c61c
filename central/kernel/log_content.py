"""What the log keeps of a command that says something about people: sealed where it went well, struck where not."""

import hmac
from typing import Any

import orjson

from central.kernel.job import Job
from central.kernel.personal_data import Path, Personal, content_digest, put, without
from central.kernel.replies import Reply
from central.kernel.tx import Read


def kept(read: Read, job: Job, reply: Reply) -> tuple[str, str, str]:
    """Digest, body and answer. What was refused made nobody: its values are struck, and its digest knows nothing of
    them; a refusal that gives one back is kept without."""
    if not job.handler.personal:
        return job.digest, job.said if reply.ok else job.said_refused, reply.kept
    values = job.handler.said_of_people(job.command)
    if not reply.ok:
        said = frozenset(value.strip().casefold() for _, value in values if isinstance(value, str))
        return job.digest, job.said_refused, "-" + orjson.dumps(without(orjson.loads(reply.body), said)).decode()
    body = orjson.loads(job.said)
    for path, value in values:
        mark = job.handler.personal[path]
        if subject := _whose(read, job, path, mark):
            put(body, path, read.people.seal(mark, subject, value, job.command_id))
    return _digest(read, job, values), orjson.dumps(body).decode(), reply.kept


def is_same(read: Read, job: Job, digest: str) -> bool:
    """Whether a command that is in the log with this digest has the same content. Of somebody who is forgotten by now
    nobody can tell; of what was refused, what it said about people was not kept."""
    if not job.handler.personal or digest == job.digest:
        return digest == job.digest
    return digest == _digest(read, job, job.handler.said_of_people(job.command))


def _digest(read: Read, job: Job, values: list[tuple[Path, Any]]) -> str:
    def blind(path: Path, value: Any) -> str:
        mark = job.handler.personal[path]
        if whose := _whose(read, job, path, mark):
            return orjson.dumps(read.people.blind(mark, whose, ".".join(path), value)).decode()
        return _of_nobody(read, path, value)

    return content_digest(job.digest, values, blind)


def _of_nobody(read: Read, path: Path, value: Any) -> str:
    """What is said of somebody who has no key (an address that waits): under central's own, or whoever reads the log
    could try out all addresses there are."""
    key = read.keys.signer.key.private_bytes_raw()
    said = orjson.dumps([".".join(path), value])
    return hmac.digest(key, b"said of nobody\n" + said, "sha256").hex()


def _whose(read: Read, job: Job, path: Path, mark: Personal) -> str | None:
    """The person's id; None: the command names nobody."""
    if not mark.of or hasattr(job.command, mark.of):
        return getattr(job.command, mark.of) if mark.of else None
    assert path[0] == "set" and job.handler.on, f"{job.handler.name} does not say of whom {path[0]} is"
    row = read.one(f"SELECT {mark.of} FROM {job.handler.on} WHERE id = :id", id=job.command.id)  # noqa: S608 - ours
    return row[0] if row else None
