"""The floor under the order API: aiohttp parses a JSON body, a writer thread inserts one row, commits in groups."""

import asyncio
import queue
import sqlite3
import sys
import threading
from pathlib import Path

import orjson
from aiohttp import web

jobs: queue.SimpleQueue[tuple[bytes, asyncio.Future[bytes]]] = queue.SimpleQueue()


def write_forever(path: str, loop: asyncio.AbstractEventLoop) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, body BLOB)")
    while True:
        batch = [jobs.get()]
        while len(batch) < 64 and not jobs.empty():
            batch.append(jobs.get())
        db.execute("BEGIN IMMEDIATE")
        for body, _ in batch:
            db.execute("INSERT INTO job (body) VALUES (?)", (body,))
        db.execute("COMMIT")
        loop.call_soon_threadsafe(answer, batch)


def answer(batch: list[tuple[bytes, asyncio.Future[bytes]]]) -> None:
    for _, future in batch:
        if not future.done():
            future.set_result(b'{"value":1}')


async def order(request: web.Request) -> web.Response:
    body = await request.read()
    orjson.loads(body)
    future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    jobs.put((body, future))
    return web.Response(body=await future, content_type="application/json")


async def main(path: str, ready: str) -> None:
    threading.Thread(target=write_forever, args=(path, asyncio.get_running_loop()), daemon=True).start()
    app = web.Application()
    app.router.add_post("/{any:.*}", order)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await asyncio.to_thread(Path(ready).write_text, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
