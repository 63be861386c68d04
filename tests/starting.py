"""Many runs of `courtstats`, each in a process of its own, without starting Python anew for each.

One process has imported the heavy libraries (none of our stages but the command line itself, which every run imports)
and forks for every run. A run has the environment, folder and streams that it is given, and ends as `courtstats` ends.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def faults(self) -> list[str]:
        """The lines of standard error, where each of them is a fault."""
        lines = self.err.splitlines()
        assert lines
        assert [line for line in lines if not line.startswith("courtstats: ")] == []
        return [line.removeprefix("courtstats: ") for line in lines]


class Starter:
    """Forks a run of `courtstats` whenever it is asked to."""

    def __init__(self, libraries: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), *libraries],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**environment, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def run(self, words: Sequence[str], environment: Mapping[str, str], cwd: Path, seconds: int) -> Said:
        """What a run said. Raises `TimeoutError` after `seconds`."""
        assert self._process.stdin
        assert self._process.stdout
        with tempfile.TemporaryDirectory() as folder:
            streams = [Path(folder, name) for name in ("out", "err")]
            for stream in streams:
                stream.touch()
            asked = {
                "words": words, "env": dict(environment), "cwd": str(cwd), "streams": [*map(str, streams)],
                "seconds": seconds,
            }  # fmt: skip
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            said = [stream.read_text(encoding="utf-8") for stream in streams]
        if code == -TIMED_OUT:
            raise TimeoutError(f"courtstats {' '.join(words)}: {said[1]}")
        return Said(code, *said)

    def stop(self) -> None:
        self._process.communicate()


TIMED_OUT = 14
"""The signal by which a run ends that took too long (SIGALRM)."""


def serve(libraries: Sequence[str]) -> None:
    """Fork a run for each line of standard input; its exit code is written to standard output."""
    import importlib
    import signal

    for name in libraries:
        importlib.import_module(name)
    from pipelines import cli

    assert threading.active_count() == 1, "a process with threads cannot be forked"
    for line in sys.stdin:
        asked = json.loads(line)
        run = os.fork()
        if run:
            sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(run, 0)[1])}\n")
            sys.stdout.flush()
            continue
        for number, stream in enumerate((os.devnull, *asked["streams"])):
            opened = os.open(stream, os.O_RDWR)
            os.dup2(opened, number)
            os.close(opened)
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["cwd"])
        sys.argv = ["courtstats", *asked["words"]]
        signal.alarm(asked["seconds"])
        cli.main()


if __name__ == "__main__":
    serve(sys.argv[1:])
