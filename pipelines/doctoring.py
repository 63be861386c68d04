"""What `courtstats doctor` does: looks at everything a count rests on, and says what to mend. It changes nothing.

Every check is tried, whatever the others found. Each is in pipelines/doctor_*.py: a function of the settings that gives
findings. None of them prints a password, a key or a secret, and none imports Prefect or Great Expectations.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from extract.contract import StageError
from pipelines import show
from pipelines.doctor_findings import FAULT, OK, WARNING, Finding
from pipelines.settings import load_settings, names_given

if TYPE_CHECKING:
    from pipelines.settings import Settings

SCHEMA = "courtstats/doctor@1"
WORDS = {OK: "ok", WARNING: "warning", FAULT: "FAULT"}


def report(*, as_json: bool) -> bool:
    """Print every finding; true where nothing has to be mended (warnings are no faults)."""
    found = list(examine())
    faults = sum(one.state == FAULT for one in found)
    warnings = sum(one.state == WARNING for one in found)
    if as_json:
        facts = {"faults": faults, "warnings": warnings, "findings": [asdict(one) for one in found]}
        show.write(show.to_json({"schema": SCHEMA} | facts))
        return not faults
    for one in found:
        show.write(f"{WORDS[one.state]:8}{one.name}: {one.seen}")
        if one.remedy:
            show.write(f"{'':8}{'':2}{one.remedy}")
    counts = [f"{n} {word if n == 1 else word + 's'}" for n, word in ((faults, "fault"), (warnings, "warning")) if n]
    show.write("\n" + (", ".join(counts) if counts else "Nothing to mend") + ".")
    return not faults


def examine() -> Iterator[Finding]:
    """Every finding, in the order in which one would mend things."""
    yield from tried("packages", packages)
    try:
        settings = load_settings()
    except ExceptionGroup as faults:
        yield from (_fault("settings", fault) for fault in _all(faults))
        return
    from pipelines import doctor_machine, doctor_records, doctor_warehouse

    yield Finding("settings", OK, _said(settings))
    checks: tuple[tuple[str, Callable[[Settings], Iterable[Finding]]], ...] = (
        ("home", doctor_machine.home),
        ("key", doctor_machine.key),
        ("definitions", doctor_machine.definitions),
        ("sources", doctor_machine.sources),
        ("records store", doctor_records.store_label),
        ("landings", doctor_records.landings),
        ("quarantine", doctor_records.quarantine),
        ("warehouse", doctor_warehouse.warehouse),
        ("records and warehouse", doctor_warehouse.both),
        ("audit log", doctor_warehouse.audit_log),
        ("clock", doctor_machine.clock),
        ("database clock", doctor_warehouse.clock),
        ("disk", doctor_machine.disk),
        ("Prefect", doctor_machine.prefect),
    )
    for name, check in checks:
        yield from tried(name, lambda check=check: check(settings))  # type: ignore[misc]


def tried(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a check finds. One that cannot look is a finding too."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except StageError as fault:
        found.append(_fault(name, fault))
    except ExceptionGroup as faults:
        said = [_fault(name, one) for one in _all(faults) if isinstance(one, StageError)]
        found += said or [_unknown(name, faults)]
    except Exception as error:  # whatever it is, the other checks are still worth something
        found.append(_unknown(name, error))
    return found


def packages() -> Iterator[Finding]:
    """Python, and every package against what this version of courtstats asks for."""
    from packaging.requirements import Requirement

    wrong = []
    wanted = [Requirement(text) for text in requires("courtstats") or []]
    for one in wanted:
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        try:
            there = version(one.name)
        except PackageNotFoundError:
            wrong.append(f"{one.name} is missing")
            continue
        if not one.specifier.contains(there, prereleases=True):
            wrong.append(f"{one.name} is {there}, not {one.specifier}")
    number = ".".join(map(str, sys.version_info[:3]))
    if wrong:
        yield Finding("packages", FAULT, "; ".join(wrong), "Install courtstats again, into an environment of its own")
    else:
        said = f"courtstats {version('courtstats')}, Python {number}, {len(wanted)} packages as required"
        yield Finding("packages", OK, said)


def _said(settings: "Settings") -> str:
    given, secrets = names_given()
    named = ", ".join(given) if given else "none set, so the defaults"
    return f"home {settings.home}; from the environment: {named}" + (f"; {secrets} secrets" if secrets else "")


def _fault(name: str, fault: StageError) -> Finding:
    where = f"{fault.where}: " if fault.where else ""
    return Finding(name, FAULT, f"{where}{fault.what}", fault.remedy)


def _unknown(name: str, error: BaseException) -> Finding:
    seen = f"could not be looked at ({type(error).__name__})"
    if isinstance(error, OSError) and error.strerror:
        seen = f"could not be looked at ({error.strerror})"
    return Finding(name, FAULT, seen, "Check permissions, and that what the settings name is there")


def _all(error: BaseException) -> Iterator[StageError]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _all(part)
    elif isinstance(error, StageError):
        yield error
