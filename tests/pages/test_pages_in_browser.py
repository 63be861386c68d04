"""The report in a real browser: no request leaves the page, axe-core finds nothing, 320 px are wide enough.

Needs Chromium and the modules of `make browser` (in .browser/, or in the folder that BROWSER_MODULES names).
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipelines.quality_contract import QualityState
from pipelines.quality_pages import build_report

HERE = Path(__file__).parent
MODULES = Path(os.environ.get("BROWSER_MODULES") or HERE.parents[1] / ".browser" / "node_modules")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGES = ("index.html", "checks/landed.made-check-00.html", "checks/landed.made-check-20.html", "runs/59.html")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here (Debian: apt-get install chromium)"),
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here"),
    pytest.mark.skipif(
        not (MODULES / "axe-core").is_dir() or not (MODULES / "playwright-core").is_dir(),
        reason="axe-core and playwright-core are not installed: make browser",
    ),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def seen(state: QualityState, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the browser found on each page, at 1280 and 320 px and in the dark."""
    folder = tmp_path_factory.mktemp("browser")
    build_report(state, folder / "report")
    command = ["node", str(HERE / "check_pages.cjs"), str(MODULES), str(CHROMIUM), str(folder / "report")]
    done = subprocess.run(command, input="\n".join(PAGES), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_no_request_leaves_the_page_and_nothing_is_missing(seen: dict[str, Any], page: str) -> None:
    assert seen[page]["requests"] == []
    assert seen[page]["console"] == []
    assert seen[page]["styled"]


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(seen: dict[str, Any], page: str) -> None:
    """Nothing at any width, nor in the dark; contrast of labels in charts, which axe cannot decide, is tested apart."""
    undecided = "not decided: color-contrast"
    assert {at: [v for v in found if not v.startswith(undecided)] for at, found in seen[page]["axe"].items()} == {
        "1280 light": [],
        "320 light": [],
        "1280 dark": [],
    }


@pytest.mark.parametrize("page", PAGES)
def test_nothing_scrolls_sideways_but_tables_and_targets_are_large_enough(seen: dict[str, Any], page: str) -> None:
    for at, measured in seen[page]["width"].items():
        assert measured == {"sideways": 0, "tooSmall": [], "headings": [], "idsTwice": [], "scripts": 0}, at


@pytest.mark.parametrize("page", PAGES)
def test_the_keyboard_reaches_the_skip_link_first_and_every_table(seen: dict[str, Any], page: str) -> None:
    assert seen[page]["firstFocus"] == {"text": "Skip to the content", "shown": True, "outlineStyle": "solid"}
    assert seen[page]["regionsUnfocusable"] == 0
