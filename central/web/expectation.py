"""What a caller expects of us before it sends its body (`Expect`). aiohttp answers that before anybody is asked: it
bids everybody send, and tells back an expectation that it does not know, counted by no limit. Here the header is taken
off before, so that such a request is one like any other; who asks to be bidden is, once its body is to be read.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy

_WAITS: web.RequestKey[bool] = web.RequestKey("waits to be bidden", bool)
_BID = b"HTTP/1.1 100 Continue\r\n\r\n"
Made = Callable[..., web.BaseRequest]


def plainly(make: Made) -> Made:
    """Makes requests that expect nothing."""

    def made(message: Any, *parts: Any) -> web.BaseRequest:
        if hdrs.EXPECT not in message.headers:
            return make(message, *parts)
        headers = CIMultiDict(message.headers)
        expected = headers.popall(hdrs.EXPECT)
        request = make(message._replace(headers=CIMultiDictProxy(headers)), *parts)
        request[_WAITS] = message.version >= (1, 1) and [each.lower() for each in expected] == ["100-continue"]
        return request

    return made


async def bid(request: web.BaseRequest) -> None:
    """Its body is to be read: who waits for that may send it."""
    if request.get(_WAITS, False) and not request.content.is_eof():
        await request.writer.write(_BID)
        request.writer.output_size = 0  # the answer's headers are still to come
