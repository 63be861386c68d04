"""A named source with a schedule becomes a deployment of the flow that lands it, in London time."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

from pipelines.schedules import prefect_yaml
from pipelines.source_definition import NamedSource
from transform.questions import Definitions

FILE = Path("sources.toml")
ROOT = Path(__file__).resolve().parents[2]


def test_each_scheduled_source_is_a_deployment_that_lands_it_by_name() -> None:
    sources = (
        NamedSource("libra", "spi", FILE, location=(Path("/data"),), schedule="0 5 * * *"),
        NamedSource("mis", "table", FILE),  # has no schedule
        NamedSource("live", "database", FILE, secret="LIVE_URL", schedule="0 6 * * *"),
    )
    *made, check = yaml.safe_load(prefect_yaml(Definitions({}, {}), sources))["deployments"]
    assert [(one["name"], one["parameters"]) for one in made] == [
        ("libra", {"source": "libra"}),
        ("live", {"source": "live"}),
    ]
    for one, cron in zip(made, ("0 5 * * *", "0 6 * * *"), strict=True):
        assert one["entrypoint"] == "pipelines/land_hearings.py:land_hearings"
        assert one["schedules"] == [{"cron": cron, "timezone": "Europe/London", "active": True}]
        assert one["concurrency_limit"] == 1
    assert (check["name"], check["parameters"]) == ("check-quality", {})
    assert "LIVE_URL" not in prefect_yaml(Definitions({}, {}), sources)


def test_faults_of_the_sources_are_told_in_a_line_each_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(
        'schema = "courtstats/sources@1"\n[source.a]\nkind = "spi"\nlocation = "a"\nschedule = "0 25 * * *"\nx = 1\n',
        encoding="utf-8",
    )
    environment = os.environ | {"COURTSTATS_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pipelines.schedules"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    lines = done.stderr.splitlines()
    assert [line.startswith(f"courtstats: {tmp_path}/sources.toml:") for line in lines] == [True, True]
    assert [path.name for path in tmp_path.iterdir()] == ["sources.toml"]
