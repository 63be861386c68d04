"""What a check of `courtstats doctor` gives."""

from dataclasses import dataclass

OK, WARNING, FAULT = "ok", "warning", "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands (`ok`, `warning` or `fault`), what was seen, and what to do about it."""

    name: str
    state: str
    seen: str
    remedy: str = ""
