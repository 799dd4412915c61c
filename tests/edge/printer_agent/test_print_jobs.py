"""The agent, the virtual printer and the till's client together: what a job says when paper, line or power go."""

from dataclasses import replace

import aiohttp
import pytest
import zxingcpp
from PIL import Image

from shared.ids import Id, derived_id
from shared.languages import LANGUAGES
from shared.runtime.printer_client import AgentRefused, AgentUnreachable, PrinterClient
from shared.wire.printing import NO_AGENT, PrinterStatus, PrintState
from tests.waiting import until_so

C, U, F = PrintState.CONFIRMED, PrintState.UNCERTAIN, PrintState.FAILED


def codes(path):
    with Image.open(path) as picture:
        return [found.text for found in zxingcpp.read_barcodes(picture)]


def states(report):
    return [unit.state for unit in report.units]


async def printed_after(till, samples):
    """Another job comes out: whatever the agent would have done of itself before, it has done by now."""
    await till.submit(replace(samples.job("after"), tickets=samples.tickets(9)[8:]))
    assert (await till.wait(samples.job("after").job_id, 8000)).state is C


async def test_three_tickets_and_a_receipt_come_out_once(paper, agent, samples):
    async with agent() as till:
        want = samples.job("three", 3, receipt=samples.receipt)
        first = await till.submit(want)
        assert not first.settled
        done = await till.wait(want.job_id, 8000)
        assert (done.state, done.printed, states(done), done.code) == (C, 3, [C, C, C, C], "")
        again = await till.submit(want)  # the till asks again after its own restart
        assert again == done
        assert await till.wait(want.job_id) == done
    assert paper.machine.errors == []
    assert [codes(path) for path in paper.machine.tickets] == [[one.token] for one in want.tickets] + [[]]


async def test_over_a_serial_line(paper, agent, samples):
    async with agent(printer=f"serial:{paper.bound.pty}?baud=38400") as till:
        assert (await till.status()).status is PrinterStatus.OK
        await till.submit(samples.job("serial"))
        assert (await till.wait(samples.job("serial").job_id, 8000)).state is C
    assert codes(paper.machine.tickets[0]) == [samples.ticket.token]


async def test_a_printer_without_gs_r_is_believed_on_its_status(paper, agent, samples):
    async with agent(proof="status") as till:
        await till.submit(samples.job("plain"))
        assert (await till.wait(samples.job("plain").job_id, 8000)).state is C


@pytest.mark.parametrize(
    "fault, status, code",
    [
        ({"paper_end": True}, PrinterStatus.PAPER_OUT, "P-01"),
        ({"cover_open": True}, PrinterStatus.COVER_OPEN, "P-02"),
        ({"cutter_error": True}, PrinterStatus.CUTTER_ERROR, "P-03"),
        ({"offline": True}, PrinterStatus.OFFLINE, "P-04"),
        ({"silence": True}, PrinterStatus.UNKNOWN, "P-05"),
        ({"deaf": True}, PrinterStatus.UNKNOWN, "P-05"),
        ({"slow_ms": 400}, PrinterStatus.UNKNOWN, "P-05"),
    ],
)
async def test_not_ready_means_certainly_not_printed(paper, agent, samples, order, fault, status, code):
    assert (await order({"set": fault}))["ok"]
    async with agent() as till:
        seen = await till.status()
        assert (seen.status, seen.ready, seen.code) == (status, False, code)
        assert set(seen.sentences) == set(seen.steps) == set(LANGUAGES)
        await till.submit(samples.job("two", 2))
        done = await till.wait(samples.job("two").job_id, 8000)
        assert (done.state, states(done), done.code, done.printed) == (F, [F, F], code, 0)
        await order({"clear": True})

        async def ready() -> bool:  # a status may be as old as one look
            return (await till.status()).ready

        await until_so(ready)
        fresh = replace(samples.job("two again", 2), duplicate=False)
        await till.submit(fresh)
        second = await till.wait(fresh.job_id, 8000)
        assert second.state is C
        assert not any(unit.duplicate for unit in second.units)  # nothing had left: these are the first
    assert len(paper.machine.tickets) == 2


async def test_near_end_prints_and_warns(paper, agent, samples):
    paper.machine.set(near_end=True)
    async with agent() as till:
        seen = await till.status()
        assert (seen.status, seen.ready, seen.code) == (PrinterStatus.NEAR_END, True, "P-06")
        await till.submit(samples.job("near"))
        assert (await till.wait(samples.job("near").job_id, 8000)).state is C


async def test_a_job_waits_for_paper_and_goes_on(paper, agent, samples):
    paper.machine.set(paper_end=True)
    async with agent(patience_s=20) as till:
        await till.submit(samples.job("patient"))
        waiting = await till.wait(samples.job("patient").job_id, 300)
        assert (waiting.state, waiting.code) == (PrintState.QUEUED, "P-01")
        paper.machine.set(paper_end=False)
        assert (await till.wait(samples.job("patient").job_id, 8000)).state is C
    assert len(paper.machine.tickets) == 1


@pytest.mark.parametrize(
    "fault, code",
    [
        ({"paper_end_after_bytes": 900}, "P-01"),  # in the middle of the first or second ticket
        ({"cut_after_bytes": 900}, "P-08"),
    ],
)
async def test_a_ticket_lost_midway_is_uncertain_and_the_rest_is_not_printed(paper, agent, samples, order, fault, code):
    async with agent() as till:
        await till.submit(samples.job("first"))
        assert (await till.wait(samples.job("first").job_id, 8000)).state is C
        paper.machine.set(**fault)
        want = replace(
            samples.job("midway", 3), tickets=tuple(replace(one, number=f"M{one.number}") for one in samples.tickets(3))
        )
        await till.submit(want)
        done = await till.wait(want.job_id, 8000)
        assert done.state is U
        assert states(done) in ([U, F, F], [C, U, F])
        doubtful = states(done).index(U)
        assert done.units[doubtful].code == done.code == code
        assert {unit.code for unit in done.units[doubtful + 1 :]} == {"P-11"}
        printed = len(paper.machine.tickets)
        await order({"clear": True})
        await printed_after(till, samples)
        since = [code for path in paper.machine.tickets[printed:] for code in codes(path)]
        # Nothing was tried again by itself; a printer may still end the half ticket that it held.
        assert not {one.token for one in want.tickets[doubtful + 1 :]} & {*since}
        assert since.count(want.tickets[doubtful].token) <= 1


async def test_silence_after_sending_is_uncertain_though_it_printed(paper, agent, samples):
    async with agent() as till:
        paper.machine.set(silence_after_bytes=500)
        await till.submit(samples.job("mute"))
        done = await till.wait(samples.job("mute").job_id, 8000)
        assert (done.state, done.code) == (U, "P-05")
    assert len(paper.machine.tickets) == 1


@pytest.mark.parametrize("came_out, want", [(True, C), (False, F)])
async def test_a_person_settles_it_and_a_reprint_says_duplicata(paper, agent, samples, came_out, want):
    async with agent() as till:
        paper.machine.set(cut_after_bytes=300)
        await till.submit(samples.job("lost"))
        assert (await till.wait(samples.job("lost").job_id, 8000)).state is U
        assert (await till.answer(samples.job("lost").job_id, came_out)).state is want
        assert (await till.answer(samples.job("lost").job_id, not came_out)).state is want  # said is said
        reprint = samples.job("reprint")
        assert (await till.submit(reprint)).units[0].duplicate  # though the till forgot to say so
        assert (await till.wait(reprint.job_id, 8000)).state is C
    assert paper.machine.errors == []  # the half ticket was cut off, nothing of the reprint was swallowed
    assert codes(paper.machine.tickets[-1]) == [samples.ticket.token]
    with Image.open(paper.machine.tickets[-1]) as picture:
        top = picture.crop((32, 72, 608, 120))
        assert sum(pixel == 0 for pixel in top.get_flattened_data()) > 0.6 * top.width * top.height  # the black band


async def test_restart_in_the_middle_is_uncertain_and_never_reprinted(paper, agent, samples):
    want = samples.job("restart", 2)
    async with agent() as till:
        paper.machine.set(silence_after_bytes=500)  # the agent dies while it waits for the proof
        await till.submit(want)

        async def begun() -> bool:
            return (await till.wait(want.job_id)).state is not PrintState.QUEUED

        await until_so(begun)
    paper.machine.set(silence=False)
    printed = len(paper.machine.tickets)
    async with agent() as till:
        done = await till.wait(want.job_id, 2000)
        assert (done.state, states(done), done.code) == (U, [U, F], "P-09")
        await printed_after(till, samples)
    assert len(paper.machine.tickets) == printed + 1


async def test_a_job_that_was_queued_too_long_is_not_printed_to_nobody(paper, agent, samples):
    paper.machine.set(paper_end=True)
    async with agent(patience_s=20, max_age_s=0.3) as till:
        await till.submit(samples.job("late"))
        done = await till.wait(samples.job("late").job_id, 8000)
        assert (done.state, done.code) == (F, "P-10")
        paper.machine.set(paper_end=False)
        await printed_after(till, samples)
    assert len(paper.machine.tickets) == 1


async def test_what_the_agent_refuses(agent, samples):
    async with agent(max_open_jobs=1, patience_s=20, printer="tcp://127.0.0.1:1") as till:
        await till.submit(samples.job("one"))
        with pytest.raises(AgentRefused, match="other content"):
            await till.submit(replace(samples.job("one"), language="de"))
        with pytest.raises(AgentRefused, match="P-13"):
            await till.submit(samples.job("two"))
        with pytest.raises(AgentRefused, match="empty"):
            await till.submit(samples.job("empty", 0))
        bad = replace(samples.ticket, token="A\x1b@", timezone="Europe/Atlantis")
        with pytest.raises(AgentRefused, match=r"tickets.0.token.*timezone"):
            await till.submit(replace(samples.job("bad"), tickets=(bad,)))
        assert await till.wait(Id(derived_id("never"))) is None
        assert await till.answer(Id(derived_id("never")), True) is None


async def test_no_agent_is_a_status_too(tmp_path, samples):
    async with PrinterClient(str(tmp_path / "nobody")) as till:
        seen = await till.status()
        assert (seen.status, seen.ready, seen.code) == (PrinterStatus.UNKNOWN, False, NO_AGENT)
        with pytest.raises(AgentUnreachable):
            await till.submit(samples.job("nobody"))


@pytest.mark.parametrize(
    "method, path, body, status",
    [
        ("POST", "/jobs", b"{", 400),
        ("POST", "/jobs", b'{"job_id": "x"}', 400),
        ("POST", "/jobs", b"x" * 600_000, 413),
        ("POST", "/jobs/J/answer", b'{"came_out": "perhaps"}', 400),
        ("GET", "/jobs/J?wait_ms=soon", b"", 400),
        ("GET", "/jobs/J?wait_ms=999999", b"", 400),
        ("GET", "/jobs/J", b"", 404),
        ("DELETE", "/jobs/J", b"", 405),
    ],
)
async def test_requests_that_no_till_makes(agent, tmp_path, method, path, body, status):
    async with (
        agent(),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(tmp_path / "s"))) as session,
        session.request(method, f"http://printer{path}", data=body) as answer,
    ):
        assert answer.status == status
        assert len(await answer.read()) < 1000
