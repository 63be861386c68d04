"""alerts.toml: what is wrong with it is told all at once, each at file:line:column with what to do, secrets never."""

from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.alert_file import Alerts, load_alerts
from pipelines.alert_shape import SHAPES, is_this_machine
from pipelines.settings import SettingsError, load_settings

ROOT = Path(__file__).resolve().parents[2]
KNOWN = {"questions": ["stalking-protection-orders", "violent-offender-orders"], "owners": ["ops", "statistics"]}
GOOD = """\
schema = "courtstats/alerts@1"
report_url = "https://reports.example.org/quality/"

[channel.ops]
kind = "email"
server = "mail.example.org"
user = "courtstats"
password = { secret = "MAIL_PASSWORD" }
from = "courtstats@example.org"
to = ["ops@example.org", "duty+night@example.org"]
remind_after = 7

[channel.statisticians]
kind = "webhook"
url = { secret = "STATS_HOOK" }
headers = { Authorization = { secret = "STATS_TOKEN" } }
severities = "critical"
owners = ["statistics"]
questions = ["stalking-protection-orders"]
sources = ["libra"]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "alerts.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        load_alerts(path, KNOWN)
    assert all(isinstance(fault, SettingsError) for fault in caught.value.exceptions)
    return [str(fault).replace(f"{path.parent}/", "") for fault in caught.value.exceptions]


def test_a_good_file_is_read_as_written(tmp_path: Path) -> None:
    found = load_alerts(write(tmp_path, GOOD), KNOWN)
    assert found.report_url == "https://reports.example.org/quality/"
    ops, stats = found.channels
    assert (ops.name, ops.kind, ops.server, ops.port, ops.encryption) == (
        "ops", "email", "mail.example.org", 587, "starttls",
    )  # fmt: skip
    assert (ops.user, ops.password, ops.sender) == ("courtstats", "MAIL_PASSWORD", "courtstats@example.org")
    assert ops.recipients == ("ops@example.org", "duty+night@example.org")
    assert (ops.severities, ops.owners, ops.questions, ops.remind_after) == (("critical", "warning"), (), (), 7)
    assert (stats.url, stats.headers) == ("STATS_HOOK", {"Authorization": "STATS_TOKEN"})
    assert (stats.severities, stats.owners) == (("critical",), ("statistics",))
    assert (stats.questions, stats.sources) == (("stalking-protection-orders",), ("libra",))
    assert stats.remind_after is None


def test_without_a_file_there_are_no_channels(tmp_path: Path) -> None:
    assert load_alerts(tmp_path / "alerts.toml", KNOWN) == Alerts(tmp_path / "alerts.toml")


def test_the_file_lies_in_the_home_unless_a_setting_names_another_which_then_has_to_be_there(tmp_path: Path) -> None:
    assert load_settings({"COURTSTATS_HOME": str(tmp_path)}).alerts == tmp_path / "alerts.toml"
    with pytest.raises(ExceptionGroup) as refused:
        load_settings({"COURTSTATS_ALERTS": str(tmp_path / "other.toml")})
    assert "there is no such file" in str(refused.value.exceptions[0])
    other = tmp_path / "other.toml"
    other.write_text(GOOD, encoding="utf-8")
    assert load_settings({"COURTSTATS_ALERTS": str(other)}).alerts == other


def test_the_example_in_the_documentation_is_a_good_file_with_every_kind(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    found = load_alerts(
        write(tmp_path, example), {"questions": [path.stem for path in (ROOT / "sql" / "questions").glob("*.toml")]}
    )
    assert {channel.kind for channel in found.channels} == set(SHAPES)


def test_the_documentation_names_every_key() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    keys = {field.alias or name for shape in SHAPES.values() for name, field in shape.model_fields.items()}
    assert not [key for key in keys if f"| `{key}` |" not in page]


class Seed(NamedTuple):
    """A fault: the text that is changed, what it becomes, the text at which it is told, what is said, what to do."""

    old: str
    new: str
    at: str
    says: str
    suggests: str


SEEDS = {
    "misspelt key": Seed("server = ", "sever = ", "sever", "unknown key `sever`", "Did you mean `server`?"),
    "misspelt kind": Seed('"webhook"', '"webhok"', 'kind = "webhok', "`kind` cannot be", "Did you mean 'webhook'?"),
    "no kind": Seed('kind = "email"\n', "", "[channel.ops", "`kind` is missing", "'email' or 'webhook'"),
    "foreign key": Seed("\nurl = {", "\nport = 25\nurl = {", "port = 25", "unknown key `port`", "The keys are"),
    "severity": Seed('"critical"', '"criticl"', "severities", "`severities` cannot be", "Did you mean 'critical'?"),
    "question": Seed(
        '["stalking-protection-orders"]',
        '["stalking-protection-order"]',
        '"stalking-protection-order"]',
        "there is no question 'stalking-protection-order'",
        "Did you mean `stalking-protection-orders`?",
    ),
    "owner": Seed(
        '"statistics"', '"statistic"', "owners", "there is no owner 'statistic'", "Did you mean `statistics`?"
    ),
    "password in the file": Seed(
        '{ secret = "MAIL_PASSWORD" }', '"hunter2"', "password", "never written in this file", "COURTSTATS_SECRET_NAME"
    ),
    "address in the file": Seed(
        '{ secret = "STATS_HOOK" }',
        '"https://h.example/hunter2"',
        'url = "https://h.',
        "never written in this file",
        "secret =",
    ),
    "header in the file": Seed(
        '{ secret = "STATS_TOKEN" }', '"Bearer hunter2"', "Authorization", "never written in this file", "secret ="
    ),
    "name of a secret": Seed('"STATS_HOOK"', '"hunter2 "', "hunter2", "not the name of a secret", "MAIL_PASSWORD"),
    "server with a password": Seed(
        '"mail.example.org"',
        '"me:hunter2@mail.example.org"',
        "server",
        "not the name of a mail server",
        "its name alone",
    ),
    "report with a password": Seed(
        "https://reports", "https://me:hunter2@reports", "report_url", "holds more than a place", "leave out users"
    ),
    "report with a token": Seed("quality/", "quality/?t=hunter2", "report_url", "holds more than a place", "leave out"),
    "an address that is none": Seed(
        '"ops@example.org"', '"ops at example.org"', '"ops at', "is not an e-mail address", "ops@example.org"
    ),
    "an address that would be read as another": Seed(
        '"ops@example.org"', '"o\'brien@example.org"', "\"o'brien", "is not an e-mail address", "ops@example.org"
    ),
    "user alone": Seed('password = { secret = "MAIL_PASSWORD" }\n', "", "user", "`user` without `password`", "both"),
    "password unencrypted": Seed(
        'server = "mail', 'encryption = "none"\nserver = "mail', "encryption", "unencrypted", '"starttls" or "tls"'
    ),
    "reminders": Seed("remind_after = 7", "remind_after = 0", "remind_after", "is too small", "from 1"),
    "port": Seed("remind_after = 7", "port = 70000", "port = 7", "is too large", "smaller"),
    "schema": Seed("alerts@1", "alerts@2", "schema", "`schema` cannot be", "courtstats/alerts@1"),
    "name": Seed("[channel.ops]", '[channel."o ps"]', '[channel."o', "not a name for a channel", "letters"),
    "not TOML": Seed("remind_after = 7", "remind_after = ", "remind_after = ", "the file is not TOML", "Mend"),
}


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS.keys())
def test_a_fault_is_told_where_it_stands_with_what_to_do_and_without_any_secret(seed: Seed, tmp_path: Path) -> None:
    text = GOOD.replace(seed.old, seed.new, 1)
    assert text != GOOD
    (said,) = faults(write(tmp_path, text))
    line = next(n for n, line in enumerate(text.splitlines(), 1) if seed.at in line)
    assert said.startswith(f"alerts.toml:{line}:"), said
    assert seed.says in said and seed.suggests in said, said
    assert "hunter2" not in said


def test_every_fault_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("from = ", "form = ").replace("severities", "severites").replace('kind = "email"', "kind = 3")
    said = faults(write(tmp_path, text))
    assert [line.split(":")[1] for line in said] == sorted((line.split(":")[1] for line in said), key=int)
    assert len(said) == 2  # of a channel without a kind nothing else can be told


def test_only_what_stays_on_this_machine_may_go_unencrypted() -> None:
    assert all(map(is_this_machine, ("localhost", "127.0.0.1", "::1", "127.8.8.8", "LOCALHOST")))
    assert not any(map(is_this_machine, ("mail.example.org", "10.0.0.1", "localhost.example.org", "")))
