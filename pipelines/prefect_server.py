"""A Prefect server of our own: started for this machine alone, ended with the process that needs it."""

import ctypes
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from extract.contract import StageError

HERE = "127.0.0.1"
START_SECONDS = 180
STOP_SECONDS = 20
ANSWER_SECONDS = 10
_DIES_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""


class ServingError(StageError):
    """What is needed to run on schedules is not there."""

    exit_code = 2


class PrefectServer:
    """A server on a port of this machine, for a `with`. `url` is its API, `log` the file in which it writes.

    Raises ServingError where the port is taken or the server does not start.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://{HERE}:{port}/api"
        self.log = folder / "server.log"
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self._free_port()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", HERE, "--port", str(self._port)]
        with self.log.open("wb") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=_die_with_parent,
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server, in good order if it does so in time."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
            return
        self._process.kill()
        self._process.wait()

    def _free_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HERE, self._port))
            except OSError as fault:
                raise ServingError(
                    f"cannot be used ({fault.strerror})",
                    where=f"port {self._port}",
                    remedy="Name another with --port, or set PREFECT_API_URL to the server that runs there",
                ) from None

    def _wait(self) -> None:
        ends = time.monotonic() + START_SECONDS
        while self.alive and time.monotonic() < ends:
            if answers(self.url):
                return
            time.sleep(0.3)
        raise ServingError("Prefect's server does not start", where=str(self.log), remedy="See its log")


def reachable(url: str) -> None:
    """Raise ServingError where no Prefect server answers at the address (without what stands before `@` in it)."""
    if not answers(url):
        where = "PREFECT_API_URL=" + url.split("//", 1)[-1].rsplit("@", 1)[-1]
        raise ServingError("no Prefect server answers there", where=where, remedy="Start it, or unset PREFECT_API_URL")


def answers(url: str) -> bool:
    """Whether a Prefect server says that it is well."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=ANSWER_SECONDS) as said:  # noqa: S310 - as set
            return bool(said.status == 200)
    except (OSError, ValueError):
        return False


def _die_with_parent() -> None:
    """Ask Linux to end the server when we are killed: it would keep the port and its database."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGTERM)
