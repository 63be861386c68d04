"""What the pages in docs/errors/ show is what the commands say: every example is typed, and its lines are compared.

A page shows a home with the demo's records as /srv/courtstats, and the folder in which one types as /srv/site.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("commands")
ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "errors").glob("exit-*.md"))
HOME, SITE = "/srv/courtstats", "/srv/site"
ALERTS = """schema = "courtstats/alerts@1"
[channel.hook]
kind = "webhook"
url = { secret = "HOOK" }
"""


def examples() -> list[tuple[str, str, str]]:
    """Every example of the pages: its page, the command, and the lines that follow."""
    return [
        (page.stem, *block.split("\n", 1))
        for page in PAGES
        for block in re.findall(r"^```console\n\$ (.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    ]


@pytest.fixture(scope="module")
def site(landed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something in it for each example."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("inbox", "mis"):
        (folder / name).mkdir()
    (folder / "inbox" / "cut.xml").write_text("<DeliverRequest>", encoding="utf-8")
    (extract,) = (landed.deliveries / "2-table").glob("*.csv")
    (folder / "mis" / "extract.csv").write_bytes(extract.read_bytes())
    (folder / "letter.doc").write_text("Dear Sir or Madam, " * 100, encoding="utf-8")
    (folder / "alerts.toml").write_text(ALERTS, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("page", "typed", "shown"), examples(), ids=[f"{p}-{t[:60]}" for p, t, _ in examples()])
def test_an_example_is_what_the_command_says(command, shell, landed, loaded, site, page, typed, shown) -> None:
    """Each line of the page is a line of the output, in this order, and the exit code is the page's."""
    lines, _, code = shown.rpartition("$ echo $?\n")
    typed, lines = (text.replace(HOME, str(landed.home)).replace(SITE, str(site)) for text in (typed, lines))
    words = shlex.split(typed)
    given = {"COURTSTATS_WAREHOUSE_URL": loaded}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        given[name] = value
    home = Path(given.pop("COURTSTATS_HOME", landed.home))
    assert words.pop(0) == "courtstats"
    if ">" in words:
        program = f"{sys.executable} -m pipelines.cli {' '.join(words)}"
        done = subprocess.run(
            ["sh", "-c", program], env=shell(home, **given), cwd=site, capture_output=True, text=True, check=False
        )
        ended, said = done.returncode, done.stdout + done.stderr
    else:
        ran = command(*words, home=home, cwd=site, **given)
        ended, said = ran.code, ran.out + ran.err
    assert ended == int(code) == int(page.removeprefix("exit-")), said
    left = iter(said.splitlines())
    for line in lines.splitlines():
        assert line in left, f"{line!r} is not (or not in this order) in:\n{said}"


def test_every_exit_code_but_those_of_signals_has_an_example() -> None:
    assert {page for page, _, _ in examples()} == {p.stem for p in PAGES} - {"exit-130"}


def test_what_is_said_of_a_run_that_a_check_stops_is_made_of_the_check() -> None:
    """The flows that stop are in tests/flows/test_gates_stop_flows.py; here only the words are compared."""
    from expectations.contract import GateError
    from expectations.rules import RULES

    (shown,) = re.findall(r"```text\n(.*)\n```", (ROOT / "docs" / "errors" / "exit-5.md").read_text(encoding="utf-8"))
    (named,) = re.findall(r"\[(.*): failed\]", shown)
    (rule,) = (r for r in RULES if r.id == named)
    error = GateError(f"{rule.sentence} [{rule.id}: failed]", where="stalking-protection-orders", remedy=rule.remedy)
    assert rule.severity == "critical"
    assert shown == f"courtstats: {error}"


def test_what_is_said_after_ctrl_c_is_what_the_page_shows(shell, tmp_path: Path) -> None:
    (shown,) = re.findall(r"```text\n(.*)\n```", (ROOT / "docs" / "errors" / "exit-130.md").read_text(encoding="utf-8"))
    stopped = "import sys; from pipelines import cli; cli.app = lambda: sys.exit(130); cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", stopped], env=shell(tmp_path / "home"), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, f"{shown}\n")
