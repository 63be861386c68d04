"""Settings: where things are kept, what is refused, and the key that everything keyed depends on."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.settings import SettingsError, existing_key, key_check, load_settings, the_key, unit_key, units_secret


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ExceptionGroup) as refused:
        load_settings(environ)
    assert all(isinstance(e, SettingsError) for e in refused.value.exceptions)
    return [str(e) for e in refused.value.exceptions]


def test_everything_is_kept_in_the_home_unless_said_otherwise(tmp_path: Path) -> None:
    settings = load_settings({"COURTSTATS_HOME": str(tmp_path)})
    assert settings.store == tmp_path / "records"
    assert settings.warehouse_url == f"sqlite:///{tmp_path / 'warehouse.db'}"


def test_unknown_and_unusable_settings_are_refused_all_at_once_with_the_nearest_name() -> None:
    said = faults({"COURTSTATS_HOEM": "x", "COURTSTATS_KEY": "short", "COURTSTATS_STORE": " ", "OTHER": "is not ours"})
    assert len(said) == 3
    assert any("COURTSTATS_HOEM" in s and "Did you mean COURTSTATS_HOME?" in s for s in said)
    assert not any("short" in s for s in said if "COURTSTATS_KEY" in s and "shorter" not in s)


def test_settings_show_no_secret(tmp_path: Path) -> None:
    url = "postgresql://user:hunter2@host/db"
    settings = load_settings(
        {"COURTSTATS_HOME": str(tmp_path), "COURTSTATS_KEY": "k" * 20, "COURTSTATS_WAREHOUSE_URL": url}
    )
    assert "hunter2" not in repr(settings)
    assert "kkkk" not in repr(settings)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load_settings({"COURTSTATS_HOME": str(tmp_path)})
    with pytest.raises(AttributeError):
        settings.home = Path("/")  # type: ignore[misc]


def test_a_home_of_its_own_takes_nothing_from_elsewhere(tmp_path: Path) -> None:
    """The demo must never write into the real store or warehouse."""
    environ = {
        "COURTSTATS_STORE": "/real",
        "COURTSTATS_WAREHOUSE_URL": "postgresql://real/db",
        "COURTSTATS_KEY": "k" * 20,
    }
    settings = load_settings(environ, home=tmp_path)
    assert (settings.store, settings.key) == (tmp_path / "records", None)
    assert settings.warehouse_url.startswith("sqlite")


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = load_settings({"COURTSTATS_HOME": str(tmp_path / "home")})
    assert existing_key(settings) is None
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _n: the_key(settings), range(16)))
    assert keys == {existing_key(settings)}
    assert (tmp_path / "home" / "key").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "home").iterdir()] == ["key"]


def test_a_damaged_key_file_is_refused_and_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("not a key")
    with pytest.raises(SettingsError, match="Put the right key file back"):
        the_key(load_settings({"COURTSTATS_HOME": str(tmp_path)}))
    assert (tmp_path / "key").read_text() == "not a key"


def test_units_are_shown_by_keys_that_depend_on_the_secret() -> None:
    assert unit_key(b"a" * 32, "urn:01ZD0303208") != unit_key(b"b" * 32, "urn:01ZD0303208")
    assert re.fullmatch(r"[0-9a-f]{16}", unit_key(b"a" * 32, "urn:01ZD0303208"))
    assert key_check(b"a" * 32) != key_check(b"b" * 32)


def test_the_key_of_units_can_be_changed_without_that_of_the_records(tmp_path: Path) -> None:
    """Lists of units outside get new keys; no digest in the records depends on it."""
    records = {"COURTSTATS_HOME": str(tmp_path), "COURTSTATS_KEY": "r" * 32}
    one, other = (load_settings(records | {"COURTSTATS_UNITS_KEY": letter * 32}) for letter in "ab")
    assert the_key(one) == the_key(other) == b"r" * 32
    assert units_secret(one) != units_secret(other)
    assert units_secret(load_settings(records)) == b"r" * 32


def test_a_short_key_of_units_is_refused_and_not_shown() -> None:
    said = faults({"COURTSTATS_UNITS_KEY": "short"})
    assert said == ["COURTSTATS_UNITS_KEY: is shorter than 16 characters. Use a longer secret."]
