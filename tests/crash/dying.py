"""A process that kills itself at its k-th line in some modules, as by a power cut: no `finally`, no clean-up.

`lines` counts the lines of those modules that were executed so far. Not a test itself: the crash tests read it.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

lines = 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def trace(files: Sequence[Path], point: int) -> None:
    """Count the lines of some files from now on, and die before line number `point` (0: never)."""
    names = {str(file.resolve()) for file in files}

    def each(frame: FrameType, event: str, argument: Any) -> Any:
        global lines
        if event == "line":
            lines += 1
            if lines == point:
                die()
        return each

    def entered(frame: FrameType, event: str, argument: Any) -> Any:
        return each if frame.f_code.co_filename in names else None

    sys.settrace(entered)


def in_child(work: Callable[[], None]) -> bool:
    """Do something in a forked process; whether it lived to its end. Raises where it ended otherwise than by dying."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the child ended with {code}")
    return code == 0


def spread(last: int, number: int) -> list[int]:
    """So many points between the first and the last line, evenly spaced."""
    return [1 + last * n // (number + 1) for n in range(1, number + 1)]
