"""Secrets of sources: settings of any name behind COURTSTATS_SECRET_, read when they are used, kept nowhere."""

import dataclasses
from pathlib import Path

import pytest

from pipelines.settings import SettingsError, load_settings, secret

SECRET = "hunter2-in-the-url"


def test_any_secret_is_accepted_and_none_is_kept_in_the_settings(tmp_path: Path) -> None:
    settings = load_settings({"COURTSTATS_HOME": str(tmp_path), "COURTSTATS_SECRET_LIVE_URL": SECRET})
    assert SECRET not in repr(settings) + str(dataclasses.asdict(settings))


def test_a_name_that_is_nearly_that_of_a_secret_is_refused() -> None:
    for name in ("COURTSTATS_SECRETS_LIVE", "COURTSTATS_SECRET_", "COURTSTATS_SECRET_live", "COURTSTATS_SECRET"):
        with pytest.raises(ExceptionGroup) as refused:
            load_settings({name: SECRET})
        assert "is no setting" in str(refused.value.exceptions[0])
        assert SECRET not in str(refused.value.exceptions[0])


def test_a_secret_is_read_by_its_name_and_named_where_it_is_not_set() -> None:
    assert secret("LIVE_URL", {"COURTSTATS_SECRET_LIVE_URL": f" {SECRET}\n"}) == SECRET
    for environ in ({}, {"COURTSTATS_SECRET_LIVE_URL": " "}):
        with pytest.raises(SettingsError, match="COURTSTATS_SECRET_LIVE_URL: is not set"):
            secret("LIVE_URL", environ)


def test_a_file_of_sources_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    """Without its precedence, what two sources say would count twice."""
    with pytest.raises(ExceptionGroup) as refused:
        load_settings({"COURTSTATS_SOURCES": str(tmp_path / "sources.toml")})
    assert "there is no such file" in str(refused.value.exceptions[0])
    assert load_settings({"COURTSTATS_HOME": str(tmp_path)}).sources == tmp_path / "sources.toml"
