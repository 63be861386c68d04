"""Settings, from the environment only: frozen, checked all at once, unknown names refused.

Every setting is one field of `Settings`; README's table is checked against them by a test.
"""

import difflib
import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from extract.contract import StageError

PREFIX = "COURTSTATS_"
SECRET_PREFIX = "COURTSTATS_SECRET_"  # noqa: S105 - the beginning of names, no secret
DEFINITIONS = Path(__file__).resolve().parents[1] / "sql"
KEY_LENGTH = 32
SHORTEST_KEY = 16
MOST_WORKERS = 64
HOME_REMEDY = "Set COURTSTATS_HOME to a folder of yours"


class SettingsError(StageError):
    """A setting that cannot be used."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are kept and which key is used. Field names are the settings' names in lower case.

    home: folder for everything that is kept unless said otherwise.
    store: folder of the records store.
    warehouse_url: SQLAlchemy URL of the warehouse (SQLite or PostgreSQL).
    key: secret for keyed digests; None means the key file in `home`, made on first use.
    definitions: folder with `questions/` and `codelists/`.
    spi_system: system that an SPI message without one comes from.
    sources: file that describes the named sources; it need not exist.
    alerts: file that says who is alerted of what, and how; it need not exist.
    workers: processes that read messages.
    units_key: secret by which units are shown outside the records store; None means `key`.
    """

    home: Path
    store: Path
    warehouse_url: str
    key: str | None
    definitions: Path
    spi_system: str
    sources: Path
    alerts: Path
    workers: int
    units_key: str | None

    def __repr__(self) -> str:
        """Without the key and without the password that a URL may carry."""
        return f"Settings(home={self.home}, store={self.store})"


def load_settings(environ: Mapping[str, str] | None = None, *, home: Path | None = None) -> Settings:
    """Read the settings; `home` overrides `COURTSTATS_HOME` and what depends on it.

    Raises:
        ExceptionGroup[SettingsError]: every unknown name and unusable value at once.
    """
    given = os.environ if environ is None else environ
    found = {k: v for k, v in given.items() if k.startswith(PREFIX) and not _SECRET.fullmatch(k)}
    names = {PREFIX + f.name.upper(): f.name for f in fields(Settings)}
    faults = [_unknown(name, names) for name in sorted(found.keys() - names)]
    faults += [
        SettingsError("is empty", where=name, remedy="Give it a value or unset it")
        for name in sorted(found.keys() & names.keys())
        if not found[name].strip()
    ]
    faults += [
        SettingsError(f"is shorter than {SHORTEST_KEY} characters", where=name, remedy="Use a longer secret")
        for name in (PREFIX + "KEY", PREFIX + "UNITS_KEY")
        if 0 < len(found.get(name, "").strip()) < SHORTEST_KEY
    ]
    workers = found.get(PREFIX + "WORKERS")
    if workers and not (workers.isascii() and workers.isdigit() and 1 <= int(workers) <= MOST_WORKERS):
        remedy = f"Give a number from 1 to {MOST_WORKERS}, or unset it"
        faults.append(SettingsError("is no number of processes", where=PREFIX + "WORKERS", remedy=remedy))
    if faults:
        raise ExceptionGroup("settings", faults)
    if home is not None:  # a home of its own: nothing from elsewhere may be written to
        found = {
            k: v for k, v in found.items() if k in (PREFIX + "DEFINITIONS", PREFIX + "SPI_SYSTEM", PREFIX + "WORKERS")
        }
    for name in (PREFIX + "HOME", PREFIX + "STORE"):
        if home is None and name in found and Path(found[name]).expanduser().is_file():
            faults.append(SettingsError("is a file", where=f"{name}={found[name]}", remedy="Name a folder"))
    for name in (PREFIX + "SOURCES", PREFIX + "ALERTS"):
        if home is None and name in found and not Path(found[name]).expanduser().is_file():
            where = f"{name}={found[name]}"
            faults.append(SettingsError("there is no such file", where=where, remedy="Correct it or unset it"))
    if faults:
        raise ExceptionGroup("settings", faults)
    base = (home or Path(found.get(PREFIX + "HOME", "~/.courtstats"))).expanduser().absolute()
    return Settings(
        home=base,
        store=Path(found.get(PREFIX + "STORE", base / "records")).expanduser().absolute(),
        warehouse_url=found.get(PREFIX + "WAREHOUSE_URL", f"sqlite:///{base / 'warehouse.db'}"),
        key=found.get(PREFIX + "KEY") if home is None else None,
        definitions=Path(found.get(PREFIX + "DEFINITIONS", DEFINITIONS)).expanduser().absolute(),
        spi_system=found.get(PREFIX + "SPI_SYSTEM", "B00LIBRA"),
        sources=Path(found.get(PREFIX + "SOURCES", base / "sources.toml")).expanduser().absolute(),
        alerts=Path(found.get(PREFIX + "ALERTS", base / "alerts.toml")).expanduser().absolute(),
        units_key=found.get(PREFIX + "UNITS_KEY") if home is None else None,
        workers=int(found.get(PREFIX + "WORKERS", usable_cores())),
    )


_SECRET = re.compile(SECRET_PREFIX + "[A-Z][A-Z0-9_]*")


def secret(name: str, environ: Mapping[str, str] | None = None) -> str:
    """The value of `COURTSTATS_SECRET_<name>`: read where it is used, and kept in no `Settings`.

    Raises:
        SettingsError: it is not set, or empty.
    """
    value = (os.environ if environ is None else environ).get(SECRET_PREFIX + name, "").strip()
    if not value:
        raise SettingsError("is not set", where=SECRET_PREFIX + name, remedy="Set it to the secret that it stands for")
    return value


def usable_cores() -> int:
    """Processors that this process may use."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST_WORKERS)


def _unknown(name: str, names: Mapping[str, str]) -> SettingsError:
    near = difflib.get_close_matches(name, names, 1)
    remedy = f"Did you mean {near[0]}?" if near else "Settings are: " + ", ".join(sorted(names))
    return SettingsError("is no setting", where=name, remedy=remedy)


def definitions_of(settings: Settings) -> Path:
    """The folder with `questions/` and `codelists/`. Raises SettingsError where there is none."""
    if not (settings.definitions / "questions").is_dir():
        raise SettingsError(
            "there is no folder questions/ in it", where=str(settings.definitions), remedy="Set COURTSTATS_DEFINITIONS"
        )
    return settings.definitions


def existing_key(settings: Settings) -> bytes | None:
    """The key if there is one already; nothing is made."""
    if settings.key:
        return settings.key.encode()
    try:
        return bytes.fromhex((settings.home / "key").read_text().strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise SettingsError(
            "cannot be read as a key", where=str(settings.home / "key"), remedy="Put the right key file back"
        ) from None


def the_key(settings: Settings) -> bytes:
    """The key; made on first use, readable by its owner only. Two first uses at once agree on one key."""
    if key := existing_key(settings):
        return key
    target = settings.home / "key"
    make_home(settings)
    try:
        made = target.with_name(f".key-{secrets.token_hex(8)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as sink:
            sink.write(secrets.token_hex(KEY_LENGTH) + "\n")
            sink.flush()
            os.fsync(sink.fileno())
        try:
            os.link(made, target)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    except OSError as fault:
        raise SettingsError(f"cannot be written ({fault.strerror})", where=str(target), remedy=HOME_REMEDY) from None
    key = existing_key(settings)
    assert key is not None
    return key


def make_home(settings: Settings) -> None:
    """Make the home, for its owner only: case references are kept in it. Raises SettingsError where it cannot be."""
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home):
            return
    except OSError as fault:
        raise SettingsError(
            f"cannot be written ({fault.strerror})",
            where=str(settings.home),
            remedy=HOME_REMEDY,
        ) from None


def key_check(key: bytes) -> str:
    """A short fingerprint by which a records store knows the key it was made with."""
    return hmac.digest(key, b"courtstats key check", "sha256").hex()[:16]


def units_secret(settings: Settings) -> bytes:
    """What `unit_key` is made with: it may be changed at any time, the records' own key may not (docs/privacy.md)."""
    return settings.units_key.encode() if settings.units_key else the_key(settings)


def unit_key(key: bytes, case_key: str) -> str:
    """How a case is shown outside the records store: keyed, so that nobody can look a reference up."""
    return hmac.digest(key, b"unit:" + case_key.encode(), "sha256").hex()[:16]


def names_given() -> tuple[list[str], int]:
    """Names of the settings that the environment gives, and how many secrets it gives; no value of any."""
    ours = sorted(name for name in os.environ if name.startswith(PREFIX))
    given = [name for name in ours if not name.startswith(SECRET_PREFIX)]
    return given, len(ours) - len(given)


def prefect_place(settings: Settings) -> tuple[str, str]:
    """Prefect's home and the address of its server; empty where each run starts a server of its own."""
    return os.environ.get("PREFECT_HOME", str(settings.home / "prefect")), os.environ.get("PREFECT_API_URL", "")


def prepare_prefect(settings: Settings, folder: str = "prefect", server: str = "") -> None:
    """Give Prefect a home of its own and keep its console quiet. Call before prefect is imported.

    What the user has set is left alone. `folder` of the home holds Prefect's database; `server` is the API of a server
    that was started here. Two slow cores need longer than Prefect's 20 s to start its server.
    """
    wanted = {
        "PREFECT_HOME": str(settings.home / folder),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    } | ({"PREFECT_API_URL": server} if server else {})
    for name, value in wanted.items():
        os.environ.setdefault(name, value)
    make_home(settings)
    (settings.home / folder).mkdir(exist_ok=True)
