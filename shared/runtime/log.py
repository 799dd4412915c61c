"""Logs: one JSON object a line on stderr, from our own events and from the libraries, with secrets blanked.

What looks like a secret by its name is never written, wherever it stands; error codes of devices are therefore logged
under `incident`, not under `code`.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson
import structlog

from shared.runtime.throttle import Seldom

_SECRET = frozenset(
    {
        "key",
        "token",
        "password",
        "passwd",
        "secret",
        "code",
        "signature",
        "authorization",
        "pin",
        "ticket",
        "raw",
        "pem",
    }
)
_HARMLESS = frozenset({"exit_code", "status_code", "error_code", "public_key"})
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_LOUD = ("amqtt", "transitions", "aiomqtt", "mqtt", "asyncio", "aiohttp.access", "websockets")
BLANK = "[not logged]"


def setup(process: str, level: str = "info") -> None:
    """Once per process. Libraries are heard from warnings up, the chattering ones from errors."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _, __, event: {"process": process, **event},
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render],
        )
    )
    handler.addFilter(_said_by_us)
    logging.captureWarnings(True)  # which would go to stderr as they are
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("shared", "edge", "central", "parterre"):
        logging.getLogger(name).setLevel(level.upper())
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL if name in ("amqtt", "transitions") else logging.ERROR)


_QUOTING = ("aiohttp.", "py.warnings")  # what they warn of is a caller's text, of any length
_SELDOM = Seldom(structlog.stdlib.get_logger(__name__))


def _said_by_us(record: logging.LogRecord) -> bool:
    """Of a warning that quotes a caller only that there was one, counted; errors are told."""
    if record.levelno != logging.WARNING or not record.name.startswith(_QUOTING):
        return True
    _SELDOM.warn("a library warns", kind=record.name)
    return False


def logger(name: str) -> Any:
    """A logger: `log.info("printer gone", address=…)`. An event is a short sentence; values go beside it."""
    return structlog.stdlib.get_logger(name)


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank what is called like a secret, and private keys wherever they stand."""
    return {name: _blanked(name, value) for name, value in event.items()}


def _blanked(name: str, value: Any) -> Any:
    lower = name.lower()
    if lower not in _HARMLESS and not _SECRET.isdisjoint(re.split(r"[^a-z]+", lower)):
        return BLANK
    if isinstance(value, Mapping):
        return {str(key): _blanked(str(key), below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_blanked("", below) for below in value]
    return _PRIVATE.sub(BLANK, value) if isinstance(value, str) else value


def _render(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
