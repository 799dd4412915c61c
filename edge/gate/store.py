"""What a lane knows and has done, in the device's journal.

One scan is one transaction: look up, decide, write the entry and the fact, commit; only then may a barrier move. What
a grant became (passed or given back) is a second one. Claims of neighbours and central's admissions go into the same
used table (`used_table`), lists into `lists`.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from edge.gate import lists, used_table
from edge.gate.core import Check, GateAnswer
from edge.gate.lists import Lists
from edge.gate.mark import Mark
from edge.gate.used_table import Movement, State, ToldBy
from shared.clock import ClockState, Now, Reading
from shared.ids import Id, derived_id, id_bytes, is_id
from shared.outcome import Ok, Outcome
from shared.rules.access import Admit, Credential, Entry, Facts, Gate, Note, decide, reason_told
from shared.runtime.journal import Journal, JournalTx
from shared.wire.certificates import Right
from shared.wire.codec import build, load
from shared.wire.facts import Direction, FactKind, Incident, PassageFact, ScanFact
from shared.wire.feeds import AdmissionRow, FeedFamily, FeedPage, FeedRow
from shared.wire.seal import Sealed
from shared.wire.token import Token, parse
from shared.wire.topics import MEASURES, Claim, Kind

SCHEMA: Final = lists.SCHEMA + used_table.SCHEMA
_RETOLD = 2000  # own claims kept at hand for neighbours that come back
_MAX_ENTRY = 255  # a token has one byte for it


@dataclass(frozen=True, slots=True)
class Around:
    """What the shell knows of the world beyond the disk at this moment."""

    heard: bool = True  # every neighbour can be heard
    complete: bool = False  # the ticket list is central's latest
    doors: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    now: Now
    reading: Reading


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer that is on disk, and what the neighbours must hear of it."""

    answer: GateAnswer
    claims: tuple[Claim, ...] = ()


class GateStore:
    """The lane's disk. `persons` is how many one showing of a group's ticket lets in; 0: all that are left."""

    def __init__(self, journal: Journal, gate: Gate, root_pem: str, mark: Mark | None = None, persons: int = 1) -> None:
        self.journal = journal
        self.gate = gate
        self.lists = Lists(journal, root_pem)
        self._mark = mark or Mark(None)
        self._persons = persons
        self._told: OrderedDict[tuple[Id, int], Claim] = OrderedDict()
        if journal.salvaged is not None:
            self._rebuild()
        self._inside = used_table.inside_now(journal) if gate.capacity else Counter()
        self._keep_told(map(_claim, used_table.latest_own(journal, _RETOLD)))

    # --- scans ------------------------------------------------------------------------------------------------------

    def admit(self, check: Check, scan_id: Id, moment: Moment, around: Around) -> Verdict:
        """Decide about a code and write it down, in one transaction."""
        token = parse(check.code)
        wish = Credential(token, self._persons, check.checked, check.forced)
        ticket = id_bytes(token.ticket_id) if token else b""
        with self.journal.transaction() as tx, self._counted(tx, ticket):
            facts = self._facts(tx, token, ticket, around)
            outcome = decide(wish, facts, self.gate, moment.now)
            moved = self._moved(token, outcome, scan_id, moment.now)
            for one in moved:
                used_table.add(tx, one)
            scan = self._scan(check.code, token, outcome, facts)
            if not moved:
                tx.record(FactKind.SCAN, scan, moment.now, moment.reading, scan_id)
            for one in moved:  # one fact for each person, so that central counts entries one by one
                said = replace(scan, entry=0 if Note.BACK in scan.flags else one.entry)
                tx.record(FactKind.SCAN, said, moment.now, moment.reading, one.scan_id)
        claims = tuple(map(_claim, moved))
        self._keep_told(claims)
        return Verdict(GateAnswer(scan_id, check.code, outcome), claims)

    def opening(self, scan_id: Id) -> None:
        """Called just before the barrier opens: tells a grant that was shown from one that a crash kept to itself."""
        self._mark.write(scan_id)

    def settle(self, answer: GateAnswer, passed: int, moment: Moment) -> tuple[Claim, ...]:
        """Write down what became of a grant: the first `passed` went through, the others' entries are given back."""
        admit = answer.admitted
        if admit is None:
            return ()
        claims = []
        ticket = id_bytes(Id(admit.ticket_id)) if admit.entries else b""
        with self.journal.transaction() as tx, self._counted(tx, ticket):
            for place, number in enumerate(admit.entries or (0,)):
                person, went = _person(answer.scan_id, place), place < passed
                if number:
                    ended = used_table.end(tx, Id(admit.ticket_id), number, person, State.WENT if went else State.VOID)
                    claims += [_claim(ended)] if ended and not went else []
                _record_passage(tx, person, went, moment)
        self._keep_told(claims)
        return tuple(claims)

    def recover(self, moment: Moment) -> tuple[Claim, ...]:
        """After a start: a grant that nobody was shown is given back; one that was shown stays used, whether or not
        anybody went through. Returns what the neighbours must hear."""
        shown = self._mark.read()
        persons = {_person(shown, place) for place in range(_MAX_ENTRY)} if shown else set()
        claims = []
        with self.journal.transaction() as tx:
            for grant in used_table.open_grants(self.journal):
                state = State.WENT if grant.scan_id in persons else State.VOID
                ended = used_table.end(tx, grant.ticket_id, grant.entry, grant.scan_id, state)
                if ended and state is State.VOID:
                    claims.append(_claim(ended))
                    _record_passage(tx, grant.scan_id, False, moment)
        self._inside = used_table.inside_now(self.journal) if self.gate.capacity else Counter()
        self._keep_told(claims)
        return tuple(claims)

    def report(self, incident: Incident, fact_id: Id, moment: Moment) -> None:
        with self.journal.transaction() as tx:
            tx.record(FactKind.INCIDENT, incident, moment.now, moment.reading, fact_id)

    def entries(self, ticket_id: Id) -> tuple[Entry, ...]:
        """What is known of a ticket's entries, by number."""
        return used_table.fold(self.journal.read("SELECT * FROM gate_used WHERE ticket = ?", (id_bytes(ticket_id),)))

    def inside(self, performance_id: str) -> int:
        """People of a performance inside; counted only where the lane has a capacity."""
        return self._inside[performance_id]

    def _facts(self, tx: JournalTx, token: Token | None, ticket: bytes, around: Around) -> Facts:
        if token is None:
            return Facts(neighbours_heard=around.heard)
        rows = used_table.of_ticket(tx, ticket)
        performance_id = token.performance_id or ""
        return Facts(
            key=self.lists.key(token.kid),
            ticket=self.lists.ticket(tx, ticket),
            entries=used_table.fold(rows) if rows else (),
            performance=self.lists.performance(performance_id),
            lease=self.lists.lease(token.lease_id),
            complete=around.complete,
            neighbours_heard=around.heard,
            inside=self._inside[performance_id],
            doors=around.doors,
        )

    def _moved(self, token: Token | None, outcome: Outcome[Admit], scan_id: Id, now: Now) -> list[Movement]:
        """One movement per person that this scan uses an entry for."""
        if token is None or not isinstance(outcome, Ok):
            return []
        admit = outcome.value
        inside = admit.direction is Direction.ENTRY
        return [
            Movement(
                ticket_id=token.ticket_id,
                entry=number,
                scan_id=_person(scan_id, place),
                at=now.at,
                gate=self.gate.name,
                device_id=self.journal.device_id,
                inside=inside,
                source=ToldBy.OWN,
                state=State.GRANTED,
                performance_id=token.performance_id or "",
                fresh=inside and not admit.back,
            )
            for place, number in enumerate(admit.entries)
        ]

    def _scan(self, code: str, token: Token | None, outcome: Outcome[Admit], facts: Facts) -> ScanFact:
        admit = outcome.value if isinstance(outcome, Ok) else None
        opens = admit is not None and admit.opens
        policy = facts.performance.policy if facts.performance else self.gate.policy
        return ScanFact(
            ticket_id=token.ticket_id if token else "",
            serial=token.serial if token else 0,
            performance_id=(token.performance_id or "") if token else "",
            gate=self.gate.name,
            direction=self.gate.direction,
            admitted=opens,
            reason=reason_told(outcome),
            persons=1 if opens else 0,
            revision=self.lists.revision(),
            mode="helpdesk" if self.gate.helpdesk else "normal" if facts.neighbours_heard else policy,
            raw="" if token else ascii(code[:64]),
            flags=admit.notes if admit else (),
            note=str(admit.detail["why"]) if admit and Note.FORCED in admit.notes else "",
        )

    # --- neighbours -------------------------------------------------------------------------------------------------

    def hear(self, payload: bytes, writer: str | None, now: Now) -> Claim | None:
        """Take a neighbour's claim; None if it is not from a gate of this site, under its own name and key."""
        try:
            sealed = load(Sealed, payload, MEASURES[Kind.CLAIM].most)
            claim = sealed.body(Claim)
        except ValueError:
            return None
        key = self.lists.key(sealed.kid)
        if key is None or key.revoked or not _sane(claim) or claim.device_id == self.journal.device_id:
            return None
        holder = key.certificate
        if not claim.device_id == holder.holder_id == writer or holder.site_id != self.gate.site_id:
            return None
        timed = now.state is not ClockState.UNTRUSTED
        if Right.CONTROL not in holder.rights or (timed and not holder.may(Right.CONTROL, now.at)):
            return None
        if not sealed.signed_by(holder.key):
            return None
        moved = _heard(claim)
        if not used_table.known(self.journal, moved):
            with self.journal.transaction() as tx, self._counted(tx, id_bytes(claim.ticket_id)):
                used_table.merge(tx, moved)
        return claim

    def retell(self, since: datetime) -> tuple[Claim, ...]:
        """Own claims from `since` on, oldest first: for neighbours that were away, or that we were away from."""
        return tuple(claim for claim in self._told.values() if claim.at >= since)

    def _keep_told(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            self._told.pop((claim.scan_id, claim.entry), None)
            self._told[claim.scan_id, claim.entry] = claim
        while len(self._told) > _RETOLD:
            self._told.popitem(last=False)

    # --- feeds ------------------------------------------------------------------------------------------------------

    def take(self, tx: JournalTx, page: FeedPage) -> None:
        """A feed's page, inside the journal's own transaction (`Journal.apply`)."""
        if page.feed.partition("/")[0] != FeedFamily.ADMISSIONS:
            self.lists.take(tx, page)
            return
        for row in page.rows:
            if row.body is None and page.asked:  # read anew: it may be older than an entry that is known
                continue
            if not self._take_admission(tx, row, page.at):
                self.lists.faults += 1

    def _take_admission(self, tx: JournalTx, row: FeedRow, at: datetime) -> bool:
        """Central's word: an entry, that its person left since, or (no body) that it is taken back."""
        named, _, number = row.key.partition("/")
        if not is_id(named) or not number.isascii() or not number.isdigit() or not 1 <= int(number) <= _MAX_ENTRY:
            return False
        ticket_id, entry = Id(named), int(number)
        with self._counted(tx, id_bytes(ticket_id)):
            if row.body is None:
                used_table.withdraw(tx, ticket_id, entry)
                return True
            try:
                said = build(AdmissionRow, row.body)
            except ValueError:
                return False
            if not is_id(said.scan_id):
                return False
            ticket = self.lists.ticket(tx, id_bytes(ticket_id))
            came = Movement(
                ticket_id, entry, said.scan_id, said.at, said.gate, "", True, ToldBy.CENTRAL, State.WENT,
                ticket.performance_id if ticket else "",
            )  # fmt: skip
            used_table.merge(tx, came)
            left = replace(came, scan_id=derived_id("left", said.scan_id), at=max(at, said.at), inside=False)
            if said.inside:
                used_table.drop(tx, ticket_id, entry, left.scan_id)
            else:
                used_table.merge(tx, left)
        return True

    @contextmanager
    def _counted(self, tx: JournalTx, ticket: bytes) -> Iterator[None]:
        """Keep the count of people inside, where somebody asks for it, while a ticket's movements change."""
        if not self.gate.capacity or not ticket:
            yield
            return
        before = used_table.tally(used_table.of_ticket(tx, ticket))
        yield
        self._inside.update(used_table.tally(used_table.of_ticket(tx, ticket)))
        self._inside.subtract(before)

    def _rebuild(self) -> None:
        """After the journal was found broken: own entries come back out of the facts that could be saved."""
        with self.journal.transaction() as tx:
            for fact in self.journal.facts(FactKind.SCAN):
                scan = build(ScanFact, fact.body)
                if not scan.admitted or not is_id(scan.ticket_id) or Note.FORCED in scan.flags:
                    continue
                number = scan.entry or _came_back(tx, Id(scan.ticket_id))
                if not number:
                    continue
                used_table.merge(
                    tx,
                    Movement(
                        Id(scan.ticket_id), number, fact.id, fact.at, scan.gate, self.journal.device_id,
                        scan.direction is Direction.ENTRY, ToldBy.OWN, State.WENT, scan.performance_id,
                    ),
                )  # fmt: skip
            for fact in self.journal.facts(FactKind.PASSAGE):
                passage = build(PassageFact, fact.body)
                if not passage.passed:
                    tx.run("UPDATE gate_used SET state = 2, fresh = 0 WHERE scan = ?", (id_bytes(passage.scan_id),))


def _came_back(tx: JournalTx, ticket_id: Id) -> int:
    """Which of a ticket's people a scan without an entry of its own brought back: one who had left; 0 if nobody had."""
    entries = used_table.fold(used_table.of_ticket(tx, id_bytes(ticket_id)))
    return next((entry.number for entry in entries if not entry.inside), 0)


def _person(scan_id: Id, place: int) -> Id:
    """The scan's own id for the first person it lets in, and one that follows from it for each of a group."""
    return derived_id("person", scan_id, place) if place else scan_id


def _record_passage(tx: JournalTx, scan_id: Id, passed: bool, moment: Moment) -> None:
    fact_id = derived_id("passage", scan_id)
    tx.record(FactKind.PASSAGE, PassageFact(scan_id, passed), moment.now, moment.reading, fact_id)


def _claim(moved: Movement) -> Claim:
    return Claim(
        scan_id=moved.scan_id,
        ticket_id=moved.ticket_id,
        entry=moved.entry,
        at=moved.at,
        gate=moved.gate,
        device_id=Id(moved.device_id),
        inside=moved.inside,
        void=moved.state is State.VOID,
        performance_id=moved.performance_id,
    )


def _heard(claim: Claim) -> Movement:
    return Movement(
        claim.ticket_id, claim.entry, claim.scan_id, claim.at, claim.gate, claim.device_id, claim.inside, ToldBy.PEER,
        State.VOID if claim.void else State.WENT, claim.performance_id,
    )  # fmt: skip


def _sane(claim: Claim) -> bool:
    ids = is_id(claim.scan_id) and is_id(claim.ticket_id) and is_id(claim.device_id)
    return ids and 1 <= claim.entry <= _MAX_ENTRY and len(claim.gate) <= 64 and claim.at.tzinfo is not None
