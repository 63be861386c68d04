"""The wheel, alone in a fresh environment and far from the sources, answers the first question."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.xdist_group("flows")
UV = Path(sys.executable).with_name("uv")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_counts_the_demo(tmp_path: Path, prefect_url: str) -> None:
    if not UV.exists():
        pytest.skip("uv is not in this environment: make setup")
    sources = tmp_path / "sources"
    ignored = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "build", "dist", "tests", "benchmarks")
    shutil.copytree(ROOT, sources, ignore=ignored)
    run(UV, "build", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", tmp_path, cwd=sources)
    wheel = next(tmp_path.glob("courtstats-*.whl"))
    run(UV, "venv", "--python", sys.executable, tmp_path / "fresh", cwd=tmp_path)
    python = tmp_path / "fresh" / "bin" / "python"
    lock = ROOT / "requirements.lock"
    run(UV, "pip", "install", "--python", python, "--require-hashes", "-r", lock, cwd=tmp_path)
    run(UV, "pip", "install", "--python", python, "--no-deps", wheel, cwd=tmp_path)
    shutil.rmtree(sources)
    home = tmp_path / "home"
    environment = {"COURTSTATS_HOME": str(home), "PREFECT_API_URL": prefect_url, "HOME": str(tmp_path)}
    courtstats = python.with_name("courtstats")
    said = run(courtstats, "demo", cwd=tmp_path, **environment)
    assert re.search(r"^  27 cases$", said, re.M)
    environment["COURTSTATS_HOME"] = str(home / "demo")
    counted = run(courtstats, "count", "stalking-protection-orders", "--period", "2020Q1", cwd=tmp_path, **environment)
    assert re.search(r"^  27 cases$", counted, re.M)
