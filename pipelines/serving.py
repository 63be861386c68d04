"""`courtstats serve`: everything that a small site needs to run on its schedules, in one process and its children.

A Prefect server (unless PREFECT_API_URL names one), a Prefect runner that makes the runs that are due, each in a
process of its own, and a watch that begins what was missed and has quality checked after runs have ended.
"""

import asyncio
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipelines.prefect_server import PrefectServer, ServingError, reachable
from pipelines.schedules import AT_ONCE, TIMEZONE, Deployed
from pipelines.settings import Settings, make_home, prefect_place, prepare_prefect
from pipelines.times import LONDON

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment
    from prefect.runner import Runner

PREFECT_FOLDER = "serve"
"""Folder in the home for the server's own database: runs made by hand keep theirs apart, and none waits for another."""
STOPPED_BY = (signal.SIGINT, signal.SIGTERM)


def serve(settings: Settings, plan: Sequence[Deployed], port: int, at_once: int) -> None:
    """Serve until SIGINT or SIGTERM; then runs under way are cancelled, and children end.

    Raises ServingError where another process serves this home, the port is taken, or Prefect's server is away.
    """
    make_home(settings)
    lock = FileLock(settings.home / "serve.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        remedy = "Stop the other process first: its runs are these"
        raise ServingError("is served by another process already", where=str(settings.home), remedy=remedy) from None
    with lock:
        if given := prefect_place(settings)[1]:
            prepare_prefect(settings)
            reachable(given)
            with _runs_apart(settings):
                asyncio.run(_work(settings, plan, at_once, None))
            return
        prepare_prefect(settings, PREFECT_FOLDER)
        _say("Starting Prefect's server")
        with PrefectServer(settings.home / PREFECT_FOLDER, port) as server:
            prepare_prefect(settings, PREFECT_FOLDER, server.url)
            _say(f"Prefect's server: {server.url.removesuffix('/api')}")
            with _runs_apart(settings):
                asyncio.run(_work(settings, plan, at_once, server))


@contextmanager
def _runs_apart(settings: Settings) -> Iterator[None]:
    """What the processes that make runs print (mostly libraries, at their end) goes into a file of its own."""
    folder = settings.home / PREFECT_FOLDER
    folder.mkdir(exist_ok=True)
    with (folder / "runs.log").open("w", encoding="utf-8") as sink, redirect_stdout(sink), redirect_stderr(sink):
        yield


def _say(text: str) -> None:
    """One line with the time in London, where whoever started us sees it. Never a figure, never anything personal."""
    said = sys.__stderr__
    if said is not None:
        said.write(f"{datetime.now(LONDON):%Y-%m-%d %H:%M:%S}  {text}\n")
        said.flush()


async def _work(settings: Settings, plan: Sequence[Deployed], at_once: int, server: PrefectServer | None) -> None:
    """Run what is due until a signal, or until something without which nothing runs has ended."""
    from prefect.runner import Runner

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    runner = Runner(name="courtstats", limit=at_once, pause_on_shutdown=False)
    for one in plan:
        await runner.aadd_deployment(_deployment(one))
    running = asyncio.create_task(runner.start())
    while not (runner.started or running.done()):
        await asyncio.sleep(0.05)
    for number in STOPPED_BY:  # after the runner has set its own, which would leave the server behind
        loop.add_signal_handler(number, stop.set)
    _say(f"Serving {len(plan)} deployments; stop with Ctrl-C")
    parts = [running, asyncio.create_task(_watch(settings, server, runner.query_seconds)),
             asyncio.create_task(stop.wait())]  # fmt: skip
    done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    _say("Stopping: runs under way are cancelled")
    await _end(runner, parts)
    for part in done:
        if fault := part.exception():
            raise (
                fault
                if isinstance(fault, ServingError)
                else ServingError(
                    f"Prefect's server does not answer any more ({type(fault).__name__})",
                    remedy="See its log, then start again: what was due is made up for",
                )
            ) from None


async def _end(runner: "Runner", parts: "Sequence[asyncio.Task[object]]") -> None:
    others = parts[1:]
    for part in others:
        part.cancel()
    if runner.started:
        with suppress(Exception):  # the server may be gone: then there is nobody to tell
            await runner.astop()
    for part in parts:
        with suppress(asyncio.CancelledError, Exception):
            await asyncio.wait_for(part, timeout=30)


async def _watch(settings: Settings, server: PrefectServer | None, seconds: float) -> None:
    """Look at what is due and what has ended, as often as the runner looks for what it may begin."""
    from pipelines.watching_runs import Watch

    watch = Watch(settings, _say)
    if server:
        await asyncio.to_thread(watch.mark_orphans)
    while True:
        if server and not server.alive:
            raise ServingError("Prefect's server has ended", where=str(server.log), remedy="See its log; start again")
        try:
            await asyncio.to_thread(watch.turn, datetime.now(UTC))
        except Exception as fault:
            watch.report(fault)
        await asyncio.sleep(seconds)


def _deployment(one: Deployed) -> "RunnerDeployment":
    """The deployment in Prefect's terms; its flow is named by its module, so that any working folder will do."""
    from prefect.deployments.runner import RunnerDeployment
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    flow = getattr(import_module(f"pipelines.{one.module}"), one.module)
    return RunnerDeployment.from_flow(
        flow,
        name=one.name,
        schedule=Cron(one.cron, timezone=TIMEZONE),
        parameters=dict(one.parameters),
        description=one.description,
        concurrency_limit=AT_ONCE,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
