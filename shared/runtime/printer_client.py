"""The till's end of the UNIX socket to the printer agent. Every call has a time-out; repeating one is harmless."""

from types import TracebackType
from typing import Self, TypeVar

import aiohttp

from shared.ids import Id
from shared.wire.codec import dump, load
from shared.wire.printing import NO_AGENT, Answer, JobReport, PrinterStatus, PrintJob, StatusReport

T = TypeVar("T")


class AgentUnreachable(Exception):
    """The agent did not answer in time, or not at all. What was submitted may or may not have arrived: submit again
    with the same job id, or `wait` for it."""

    code = NO_AGENT


class AgentRefused(Exception):
    """The agent understood and said no: the job id stands for another job, or the request is malformed."""


class PrinterClient:
    """`async with PrinterClient(path) as printer:`; `timeout_s` bounds each call, on top of what `wait` asks for."""

    def __init__(self, socket_path: str, timeout_s: float = 3.0) -> None:
        self._path = socket_path
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(self._path))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def status(self) -> StatusReport:
        """The printer's state now. Never raises: no agent is one more state, UNKNOWN with code NO_AGENT."""
        try:
            report = await self._call("GET", "/status", StatusReport)
        except (AgentUnreachable, AgentRefused):
            report = None
        return report or StatusReport(PrinterStatus.UNKNOWN, ready=False, code=NO_AGENT)

    async def submit(self, job: PrintJob) -> JobReport:
        """Puts a job on the agent's disk; submitting the same job again answers with how it stands."""
        report = await self._call("POST", "/jobs", JobReport, dump(job))
        if report is None:
            raise AgentRefused("the agent does not take jobs here")
        return report

    async def wait(self, job_id: Id, wait_ms: int = 0) -> JobReport | None:
        """The job's state: as soon as it is settled, or after `wait_ms` as it stands. None: never heard of it."""
        return await self._call("GET", f"/jobs/{job_id}?wait_ms={wait_ms}", JobReport, extra_s=wait_ms / 1000)

    async def answer(self, job_id: Id, came_out: bool) -> JobReport | None:
        """A person's word on the uncertain units."""
        return await self._call("POST", f"/jobs/{job_id}/answer", JobReport, dump(Answer(came_out)))

    async def _call(
        self, method: str, path: str, kind: type[T], body: bytes | None = None, extra_s: float = 0
    ) -> T | None:
        if self._session is None:
            await self.__aenter__()
        assert self._session is not None
        timeout = aiohttp.ClientTimeout(total=self._timeout_s + extra_s)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with self._session.request(
                method, f"http://printer{path}", data=body, headers=headers, timeout=timeout
            ) as answer:
                text = await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AgentUnreachable(f"no printer agent at {self._path}: {str(error) or 'no answer in time'}") from error
        if status == 404:
            return None
        if status != 200:
            raise AgentRefused(text.decode(errors="replace"))
        try:
            return load(kind, text)
        except ValueError as error:
            raise AgentUnreachable(f"the agent's answer cannot be read: {error}") from error
