"""Whole MQTT packets off a connection, each within its bounds of size and time, or why there are no more."""

import asyncio

from shared.runtime.doorkeeper import Away, BrokerLimits
from shared.wire import packets
from shared.wire.packets import Wrong


class Ended(Exception):
    """The line gives no more packets; `why` is None where it ended in good order."""

    def __init__(self, why: Away | Wrong | None) -> None:
        super().__init__(why)
        self.why = why


class Packets:
    """Whole packets off a connection."""

    def __init__(self, reader: asyncio.StreamReader, limits: BrokerLimits) -> None:
        self._reader, self._limits = reader, limits

    async def next(self, idle_s: float) -> tuple[int, bytes, bytes]:
        """First byte, body, and the packet as it came. Raises Ended."""
        try:
            async with asyncio.timeout(idle_s):
                first = await self._reader.read(1)
        except TimeoutError:
            raise Ended(Away.SILENT) from None
        except OSError:
            raise Ended(None) from None
        if not first:
            raise Ended(None)
        try:
            async with asyncio.timeout(self._limits.packet_s):
                return await self._rest(first)
        except TimeoutError:
            raise Ended(Away.SLOW) from None
        except (asyncio.IncompleteReadError, OSError):
            raise Ended(Away.HUNG_UP) from None

    async def _rest(self, first: bytes) -> tuple[int, bytes, bytes]:
        packet = packets.head(first[0])
        if isinstance(packet, Wrong):
            raise Ended(packet)
        digits = b""
        while (size := packets.length(digits)) is None:
            digits += await self._reader.readexactly(1)
        if isinstance(size, Wrong):
            raise Ended(size)
        if size > packets.MOST_OF[packet]:
            raise Ended(Wrong.TOO_BIG)
        body = await self._reader.readexactly(size)
        return first[0], body, first + digits + body
