"""The simulated card terminal, talked to in plain bytes over a real socket."""

import asyncio
import json

import pytest

from parterre.simulators.terminal import CardTerminalSimulator, Fault, Settings, serve
from shared.runtime.config import Failure
from tests.waiting import PATIENCE_S, until

QUICK = Settings(port=0, control_port=0, delay_s=0.01)
DEBIT = b"CZ0040320CJ012000000000001CA00201CB0042500CD0010CE003978CF005ord-1"
CANCEL = DEBIT.replace(b"CD0010", b"CD0012")
DUPLICATE = b"CZ0040320CJ012000000000001CA00201CB00200CD0013CE003978"


async def say(port: int, data: bytes, wait_s: float = PATIENCE_S) -> bytes:
    """What comes back until the terminal hangs up or is silent for a while."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    heard = b""
    try:
        async with asyncio.timeout(wait_s):
            heard = await reader.read(4096)
    except TimeoutError:
        heard = b"(silence)"
    except ConnectionError:
        heard = b""
    finally:
        writer.close()
    return heard


async def control(port: int, **command: object) -> dict[str, object]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(json.dumps(command).encode() + b"\n")
    answer = json.loads(await reader.readline())
    writer.close()
    return answer


async def test_a_debit_is_approved_and_stands_in_the_ledger():
    async with CardTerminalSimulator(QUICK) as terminal:
        heard = await say(terminal.ports.terminal, DEBIT)
        assert heard.startswith(b"CZ0040320")
        assert b"AE00210" in heard and b"CB0042500" in heard and b"CF005ord-1" in heard and b"AC006184001" in heard
        said = await control(terminal.ports.control, do="ledger")
    assert said == {
        "ok": True,
        "ledger": [
            {
                "number": 1,
                "kind": "debit",
                "reference": "ord-1",
                "amount": 2500,
                "currency": "978",
                "authorisation": "184001",
            }
        ],
    }


@pytest.mark.parametrize(
    ("fault", "more", "heard", "charges", "then_says"),
    [
        (Fault.DECLINED, {"reason": "05"}, b"AE00201AF00205", 0, b"AE00201AF00205"),
        (Fault.NO_ANSWER, {"on": ["debit"]}, b"(silence)", 0, b"INSTALLATION"),
        (Fault.DROP_BEFORE_PROCESSING, {}, b"", 0, b"INSTALLATION"),
        (Fault.ANSWER_AFTER_CUT, {}, b"", 1, b"AE00210"),
        (Fault.BUSY, {}, b"", 0, b"INSTALLATION"),
        (Fault.GARBAGE, {}, b"\xff", 1, b"AE00210"),
        (Fault.WRONG_AMOUNT, {}, b"CB0041250", 1, b"CB0041250"),
        (Fault.SLOW, {"seconds": 0.05}, b"AE00210", 1, b"AE00210"),
        (Fault.LATE, {"seconds": 0.1}, b"(silence)", 1, b"AE00210"),
    ],
)
async def test_each_fault_and_what_the_memory_says_after_it(fault, more, heard, charges, then_says):
    async with CardTerminalSimulator(QUICK) as terminal:
        assert await control(terminal.ports.control, do="fault", name=fault, times=1, **more) == {"ok": True}
        answer = await say(terminal.ports.terminal, DEBIT, 0.3)
        assert heard in answer and bool(heard) == bool(answer)
        await until(lambda: not terminal.working and terminal.charges("ord-1") == charges)
        memory = await say(terminal.ports.terminal, DUPLICATE)
        assert then_says in memory
        assert terminal.charges("ord-1") == charges


async def test_a_fault_ends_after_its_times_or_when_cleared():
    async with CardTerminalSimulator(QUICK) as terminal:
        port = terminal.ports.terminal
        terminal.switch("declined", times=2)
        answers = [b"AE00210" in await say(port, DEBIT) for _ in range(3)]
        assert answers == [False, False, True]
        terminal.switch("declined")
        assert b"AE00201" in await say(port, DEBIT)
        assert await control(terminal.ports.control, do="clear") == {"ok": True}
        assert b"AE00210" in await say(port, DEBIT)


async def test_a_cancel_takes_the_last_debit_back_once():
    async with CardTerminalSimulator(QUICK) as terminal:
        port = terminal.ports.terminal
        await say(port, DEBIT)
        assert b"AE00210" in await say(port, CANCEL)
        assert b"CD0012" in await say(port, DUPLICATE)
        assert b"AE00201" in await say(port, CANCEL)
        assert (terminal.net("ord-1"), terminal.charges("ord-1"), len(terminal.ledger)) == (0, 1, 2)


async def test_a_payment_goes_on_when_its_caller_has_gone_and_a_second_caller_is_hung_up_on():
    async with CardTerminalSimulator(QUICK) as terminal:
        terminal.switch("slow", seconds=1.0)
        port = terminal.ports.terminal
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(DEBIT)
        await until(lambda: terminal.working)
        writer.close()
        assert await say(port, DUPLICATE) == b""
        assert terminal.refused_calls == 1
        await until(lambda: not terminal.working)
        assert terminal.charges("ord-1") == 1
        assert b"AE00210" in await say(port, DUPLICATE)


@pytest.mark.parametrize(
    ("settings", "request_", "want"),
    [
        (Settings(port=0, control_port=0, fresh=True), DUPLICATE, b"AE00201AF00210"),
        (Settings(port=0, control_port=0, duplicates=False), DUPLICATE, b"AE00201AF00212"),
        (Settings(port=0, control_port=0, cancels=False), CANCEL, b"AE00201AF00212"),
        (QUICK, DEBIT.replace(b"CE003978", b""), b"AE00201AF00209"),
        (QUICK, DEBIT.replace(b"CD0010", b"CD0017"), b"AE00201AF00212"),
    ],
)
async def test_what_a_model_does_not_know_it_refuses(settings, request_, want):
    async with CardTerminalSimulator(settings) as terminal:
        assert want in await say(terminal.ports.terminal, request_)
        assert terminal.ledger == []


async def test_a_request_in_pieces_and_with_a_line_end_is_one_request():
    async with CardTerminalSimulator(QUICK) as terminal:
        reader, writer = await asyncio.open_connection("127.0.0.1", terminal.ports.terminal)
        for piece in (DEBIT[:7], DEBIT[7:30], DEBIT[30:], b"\r\n"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        assert b"AE00210" in await reader.read(4096)
        writer.close()
        assert terminal.charges("ord-1") == 1


@pytest.mark.parametrize(
    "command",
    [{"do": "dance"}, {"do": "fault", "name": "tired"}, {"do": "fault"}, {"do": "fault", "name": "slow", "colour": 1}],
)
async def test_the_control_port_refuses_what_it_does_not_know(command):
    async with CardTerminalSimulator(QUICK) as terminal:
        said = await control(terminal.ports.control, **command)
        assert said["ok"] is False and said["error"]
        assert (await control(terminal.ports.control, do="state"))["fault"] is None


async def test_serve_tells_its_ports_and_a_taken_port_is_one_sentence():
    heard = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve(QUICK, heard.set_result))
    ports = await heard
    with pytest.raises(Failure, match="cannot listen"):
        await serve(Settings(port=ports.terminal, control_port=0))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
