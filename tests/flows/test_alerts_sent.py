"""Alerts to a real SMTP server and a real HTTP server on this machine: what arrives, once, and what nobody ever sees.

The states of quality are made; the servers, the library that sends and the warehouse that remembers are real.
"""

import json
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from load.contract import BatchRow, CheckRow
from load.warehouse import open_warehouse, record_batch
from pipelines import alerting, alerts_shown
from pipelines.alert_file import Channel
from pipelines.alert_sending import AlertError, deliver
from pipelines.alert_text import trial_message
from pipelines.quality_contract import Issue, QualityState
from pipelines.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 11, 2, 6, tzinfo=UTC)
PASSWORD = "hunter2:/%41@ secret?"
TOKEN = "Bearer hunter2-token"
SECRET = "hunter2"
"""In every secret of these tests: it may arrive at a server, and be seen nowhere else."""


class Mail:
    """A mail server that signs in whoever knows the password, and keeps what it accepts."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.accepted: list[tuple[Envelope, EmailMessage]] = []
        self.refused: set[str] = set()
        self.signed_in: list[bytes] = []
        signing_in = {"authenticator": self.sign_in, "auth_require_tls": tls is not None}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, tls_context=tls, **signing_in)
        self.controller.start()

    def sign_in(self, _server: object, _session: Session, _envelope: Envelope, _way: str, who: Any) -> AuthResult:
        assert isinstance(who, LoginPassword)
        self.signed_in.append(who.password)
        return AuthResult(success=who.password == PASSWORD.encode(), handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: object, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 nobody here of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.accepted.append((envelope, message))  # type: ignore[arg-type]
        return "250 OK"

    def stop(self) -> None:
        if self.controller.server is not None:
            self.controller.stop()

    @property
    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for _envelope, message in self.accepted]


@dataclass
class Web:
    """A web server that takes JSON, or answers with another status."""

    status: int = 200
    posts: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    port: int = 0

    @property
    def alerts(self) -> list[tuple[str, str]]:
        return [(body["alert"]["state"], body["alert"]["check"]) for _path, _headers, body in self.posts]


@pytest.fixture
def mail() -> Iterator[Mail]:
    server = Mail()
    yield server
    server.stop()


@pytest.fixture
def web() -> Iterator[Web]:
    told = Web()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if told.status == 200:
                told.posts.append((self.path, dict(self.headers), body))
            self.send_response(told.status)
            if told.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    told.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(tmp_path: Path, mail: Mail, web: Web, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two channels, by e-mail and to a webhook, with secrets for both."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("COURTSTATS_HOME", str(home))
    (home / "alerts.toml").write_text(described(mail.port), encoding="utf-8")
    monkeypatch.setenv("COURTSTATS_SECRET_MAIL_PASSWORD", PASSWORD)
    monkeypatch.setenv("COURTSTATS_SECRET_OPS_HOOK", f"http://127.0.0.1:{web.port}/in/hunter2?sig=hunter2%2Bx")
    monkeypatch.setenv("COURTSTATS_SECRET_OPS_TOKEN", TOKEN)
    return load_settings()


@pytest.fixture
def on_both(settings: Settings, url: str) -> Settings:
    """The same with each kind of warehouse."""
    return replace(settings, warehouse_url=url)


def described(port: int) -> str:
    return f"""\
schema = "courtstats/alerts@1"
report_url = "https://reports.example.org/"

[channel.mail]
kind = "email"
server = "127.0.0.1"
port = {port}
encryption = "none"
user = "courtstats@example.org"
password = {{ secret = "MAIL_PASSWORD" }}
from = "courtstats@example.org"
to = ["ops@example.org", "duty@example.org"]

[channel.hook]
kind = "webhook"
url = {{ secret = "OPS_HOOK" }}
headers = {{ Authorization = {{ secret = "OPS_TOKEN" }} }}
"""


def issue(rule: str = "landed.made-keys", place: int = 0, severity: str = "warning") -> Issue:
    """A made open issue of one source at one court."""
    segment = f"source=libra;court=B01C{place}"
    return Issue(
        f"{place:08x}", rule, "landed", "source:libra", segment, severity, "failed", "The case keys are no dummies",
        "detail with 7351", "Ask the source", "Dummies count twice", 41907, 7351, "share", 0.01, START, START, 1, (),
        ("every figure of these hearings",) if severity == "critical" else (), False, "ops", "open",
    )  # fmt: skip


def look(day: int, *issues: Issue) -> QualityState:
    """A made state of quality, as one finds it on a day."""
    return QualityState(START + timedelta(days=day), None, "warnings", "Made", issues)


TEN = [issue(place=place) for place in range(10)]


def test_ten_faults_of_one_cause_are_one_alert_an_identical_look_none_and_a_mended_one_a_last(
    on_both: Settings, mail: Mail, web: Web
) -> None:
    assert [one.outcome for one in alerting.send_alerts(on_both, look(0, *TEN))] == ["sent", "sent"]
    assert alerting.send_alerts(on_both, look(1, *TEN)) == []
    assert alerting.send_alerts(on_both, look(2, *TEN[:4])) == []
    assert len(alerting.send_alerts(on_both, look(3))) == 2
    assert alerting.send_alerts(on_both, look(4)) == []
    of = "source libra (landed.made-keys)"
    assert mail.subjects == [f"courtstats: warning: {of}", f"courtstats: resolved: {of}"]
    assert web.alerts == [("opened", "landed.made-keys"), ("resolved", "landed.made-keys")]


def test_an_email_is_plain_text_to_all_recipients_at_once(settings: Settings, mail: Mail) -> None:
    alerting.send_alerts(settings, look(0, *TEN))
    ((envelope, message),) = mail.accepted
    assert sorted(envelope.rcpt_tos) == ["duty@example.org", "ops@example.org"]
    assert (message.get_content_type(), message["From"]) == ("text/plain", "courtstats@example.org")
    text = message.get_content()
    assert "10 issues of one cause" in text and "What to do: Ask the source" in text
    assert "7351" not in text and "41907" not in text
    assert mail.signed_in == [PASSWORD.encode()]


def test_a_webhook_gets_documented_json_at_its_whole_address_with_its_headers(settings: Settings, web: Web) -> None:
    alerting.send_alerts(settings, look(0, *TEN))
    ((path, headers, body),) = web.posts
    assert (path, headers["Authorization"]) == ("/in/hunter2?sig=hunter2%2Bx", TOKEN)
    assert (body["schema"], body["type"], body["title"]) == (
        "courtstats/alert@1", "warning", "courtstats: warning: source libra (landed.made-keys)",
    )  # fmt: skip
    alert = body["alert"]
    assert (alert["source"], alert["question"], alert["issues"], len(alert["where"])) == ("libra", None, 10, 10)
    assert "7351" not in json.dumps(body) and "41907" not in json.dumps(body)
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    assert not [key for key in body if f"`{key}`" not in page]
    assert not [key for key in alert if f"`alert.{key}`" not in page]


def test_what_begins_to_hold_figures_back_is_told_once_more(settings: Settings, mail: Mail) -> None:
    alerting.send_alerts(settings, look(0, issue()))
    alerting.send_alerts(settings, look(1, issue(severity="critical")))
    alerting.send_alerts(settings, look(2, issue(severity="critical")))
    assert mail.subjects[1:] == ["courtstats: now held back: source libra (landed.made-keys)"]


def test_a_channel_that_is_down_is_told_when_it_is_back_and_the_other_is_not_told_twice(
    on_both: Settings, mail: Mail, web: Web
) -> None:
    web.status = 503
    with pytest.raises(ExceptionGroup) as failed:
        alerting.send_alerts(on_both, look(0, *TEN))
    (fault,) = failed.value.exceptions
    assert isinstance(fault, AlertError) and (fault.exit_code, fault.passing) == (7, True)
    assert str(fault).startswith("channel hook: it answered with 503.")
    assert (len(mail.accepted), web.posts) == (1, [])
    web.status = 200
    assert [one.channel for one in alerting.send_alerts(on_both, look(1, *TEN))] == ["hook"]
    assert (len(mail.accepted), len(web.posts)) == (1, 1)


def test_what_was_resolved_while_a_channel_was_down_is_told_there_neither_as_opened_nor_as_resolved(
    settings: Settings, web: Web
) -> None:
    web.status = 503
    with pytest.raises(ExceptionGroup):
        alerting.send_alerts(settings, look(0, *TEN))
    web.status = 200
    assert [one.channel for one in alerting.send_alerts(settings, look(1))] == ["mail"]
    assert web.posts == []


def test_a_dead_server_is_not_waited_for_again_and_again(settings: Settings, mail: Mail, web: Web) -> None:
    mail.stop()
    many = [issue(f"landed.made-{n}") for n in range(5)]
    done = alerting.alert_round(settings, look(0, *many))
    assert [one.outcome for one in done.sent if one.channel == "mail"] == ["failed"] * 2 + ["left"] * 3
    assert [one.outcome for one in done.sent if one.channel == "hook"] == ["sent"] * 5
    faults = {str(one.fault) for one in done.sent if one.fault}
    assert faults == {"channel mail: nothing answers at that address. Check that it runs, and host and port."}


def test_a_dry_run_sends_nothing_and_remembers_nothing(settings: Settings, mail: Mail, web: Web) -> None:
    planned = alerting.send_alerts(settings, look(0, *TEN), dry_run=True)
    assert [(one.channel, one.outcome) for one in planned] == [("mail", "would be sent"), ("hook", "would be sent")]
    assert (mail.accepted, web.posts) == ([], [])
    assert [one.subject for one in alerting.send_alerts(settings, look(0, *TEN))] == [one.subject for one in planned]


def test_two_processes_at_once_send_each_alert_once(on_both: Settings, mail: Mail, web: Web) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _n: alerting.send_alerts(on_both, look(0, *TEN)), range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, 2]
    assert (len(mail.accepted), len(web.posts)) == (1, 1)


def test_nothing_is_called_resolved_by_a_state_of_one_question_or_of_a_warehouse_without_anything(
    settings: Settings, mail: Mail
) -> None:
    alerting.send_alerts(settings, look(0, *TEN))
    with pytest.raises(ValueError, match="all questions"):
        alerting.send_alerts(settings, replace(look(1), question="stalking-protection-orders"))
    assert alerting.send_alerts(settings, replace(look(1), not_yet="Nothing has landed yet.")) == []
    assert len(mail.accepted) == 1


def test_a_secret_that_is_not_set_stops_its_channel_alone(
    settings: Settings, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COURTSTATS_SECRET_OPS_TOKEN")
    done = alerting.alert_round(settings, look(0, *TEN))
    assert [(one.channel, one.outcome) for one in done.sent] == [("mail", "sent"), ("hook", "failed")]
    assert "COURTSTATS_SECRET_OPS_TOKEN: is not set" in str(done.sent[1].fault)


@pytest.mark.parametrize(
    ("hook", "says"),
    [
        ("http://hooks.example.org/hunter2", "COURTSTATS_SECRET_OPS_HOOK: it is not encrypted"),
        ("hunter2", "COURTSTATS_SECRET_OPS_HOOK: it is no web address"),
        ("file:///etc/hunter2", "it is no web address"),
        ("http://127.0.0.1:hunter2/", "did not accept"),
        ("http://127.0.0.1:9/hunter2", "nothing answers"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_by_its_name_and_never_shown(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, hook: str, says: str
) -> None:
    monkeypatch.setenv("COURTSTATS_SECRET_OPS_HOOK", hook)
    done = alerting.alert_round(settings, look(0, issue()))
    assert says in str(done.sent[1].fault)
    assert SECRET not in str(done.sent[1].fault)


@pytest.mark.parametrize(("status", "says"), [(401, "secrets"), (404, "the secret that holds"), (302, "tried again")])
def test_a_refusal_or_a_redirect_is_no_acceptance(settings: Settings, web: Web, status: int, says: str) -> None:
    web.status = status
    done = alerting.alert_round(settings, look(0, issue()))
    assert f"it answered with {status}" in str(done.sent[1].fault) and says in str(done.sent[1].fault)


def test_a_wrong_password_is_told_as_one(settings: Settings, mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURTSTATS_SECRET_MAIL_PASSWORD", "hunter2-wrong")
    done = alerting.alert_round(settings, look(0, issue()))
    assert "the user or the password was refused" in str(done.sent[0].fault)
    assert mail.accepted == []


def test_no_log_shows_an_address_or_a_secret(
    settings: Settings, mail: Mail, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Even where everything is logged, and where sending fails: the library itself logs addresses."""
    with caplog.at_level(logging.DEBUG):
        alerting.send_alerts(settings, look(0, issue()))
        mail.refused = {"ops@example.org", "duty@example.org"}
        done = alerting.alert_round(settings, look(1, issue(), issue("landed.other")))
    assert "refused sender, recipients or message" in str(done.sent[0].fault)
    ours = [r for r in caplog.records if not r.name.startswith("mail.")]  # the made server logs for itself
    said = "".join(r.getMessage() for r in ours) + "".join(capfd.readouterr())
    assert SECRET not in said and "example.org" not in said
    assert logging.getLogger("apprise").propagate  # as it was before


@dataclass(frozen=True)
class Authority:
    """A made certificate for 127.0.0.1, and a server's context with it."""

    certificate: Path
    server: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder = tmp_path_factory.mktemp("tls")
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate, private = folder / "made.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(pem))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, private)
    return Authority(certificate, server)


def test_mail_is_encrypted_and_a_certificate_that_nobody_vouches_for_is_refused(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Mail(authority.server)
    channel = Channel(
        "mail", "email", server="127.0.0.1", port=server.port, encryption="starttls", user="courtstats",
        password="MAIL_PASSWORD", sender="courtstats@example.org", recipients=("ops@example.org",),
    )  # fmt: skip
    monkeypatch.setenv("COURTSTATS_SECRET_MAIL_PASSWORD", PASSWORD)
    try:
        with pytest.raises(AlertError, match="its certificate was not accepted"):
            deliver(channel, trial_message("mail"))
        assert server.signed_in == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        deliver(channel, trial_message("mail"))
        ((_envelope, message),) = server.accepted
        assert message["Subject"] == "courtstats: this is a test"
    finally:
        server.stop()


def test_a_password_is_not_given_to_a_server_without_encryption_unless_asked_for(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURTSTATS_SECRET_MAIL_PASSWORD", PASSWORD)
    channel = Channel(
        "mail", "email", server="127.0.0.1", port=mail.port, encryption="starttls", user="courtstats",
        password="MAIL_PASSWORD", sender="courtstats@example.org", recipients=("ops@example.org",),
    )  # fmt: skip
    with pytest.raises(AlertError, match="offers no STARTTLS"):
        deliver(channel, trial_message("mail"))
    assert (mail.signed_in, mail.accepted) == ([], [])


def courtstats(settings: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "COURTSTATS_HOME": str(settings.home)}
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_command_tests_every_channel_and_every_recipient_alone_and_shows_no_secret(
    settings: Settings, mail: Mail, web: Web
) -> None:
    mail.refused = {"duty@example.org"}
    done = courtstats(settings, "alerts", "--test")
    assert done.returncode == 7
    assert "channel mail, recipient 2: the server refused sender, recipients or message." in done.stderr
    assert [line.split()[-2:] for line in done.stdout.splitlines() if "this is a test" in line] == [
        ["test", "sent"], ["not", "sent"], ["test", "sent"],
    ]  # fmt: skip
    assert len(mail.accepted) == len(web.posts) == 1
    assert SECRET not in done.stdout + done.stderr and "example.org" not in done.stdout + done.stderr


def land(settings: Settings, batch: int, unexpected: int) -> None:
    """A made landing of 100 rows, noted with one check as the gate after landing does."""
    row = BatchRow(batch, START, "libra", "spi", START, 1, 100, 100, 0, 0, {})
    outcome = "failed" if unexpected else "passed"
    check = CheckRow("landed", "landed.made-keys", "warning", outcome, 100, unexpected, "Made", "source=libra")
    with open_warehouse(settings.warehouse_url) as warehouse:
        record_batch(warehouse, row, [check])


def test_the_command_tells_of_what_the_warehouse_holds_once_and_of_what_a_next_landing_resolves(
    settings: Settings, mail: Mail, web: Web, capfd: pytest.CaptureFixture[str]
) -> None:
    land(settings, 1, 90)
    alerts_shown.alerts(settings, dry_run=True, as_json=True)
    planned = json.loads(capfd.readouterr().out)
    assert (planned["schema"], [one["outcome"] for one in planned["alerts"]]) == (
        "courtstats/alerts-sent@1", ["would be sent"] * 2,
    )  # fmt: skip
    assert mail.subjects == []
    said = []
    for unexpected in (None, None, 0):
        if unexpected is not None:
            land(settings, 2, unexpected)
        alerts_shown.alerts(settings, dry_run=False, as_json=False)
        said.append(capfd.readouterr().out)
    assert "Nothing is due" in said[1] and "resolved: source libra" in said[2]
    of = "source libra (landed.made-keys)"
    assert mail.subjects == [f"courtstats: warning: {of}", f"courtstats: resolved: {of}"]
    assert [state for state, _check in web.alerts] == ["opened", "resolved"]
    assert SECRET not in "".join(said) + json.dumps(planned)


def test_before_there_is_a_warehouse_the_command_says_so_and_makes_none(settings: Settings) -> None:
    done = courtstats(settings, "alerts")
    assert (done.returncode, "There is no warehouse yet" in done.stdout) == (0, True)
    assert [path.name for path in settings.home.iterdir()] == ["alerts.toml"]


def test_what_no_channel_takes_is_named(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    text = settings.alerts.read_text(encoding="utf-8").replace("kind = ", 'severities = "info"\nkind = ')
    settings.alerts.write_text(text, encoding="utf-8")
    land(settings, 1, 90)
    alerts_shown.alerts(settings, dry_run=False, as_json=False)
    said = "No channel takes this: source libra, landed.made-keys (warning)."
    assert said in capfd.readouterr().out


def test_without_channels_the_command_says_so_and_a_test_of_none_is_a_fault(settings: Settings) -> None:
    settings.alerts.unlink()
    done = courtstats(settings, "alerts", "--test")
    assert (done.returncode, "there is no channel to test" in done.stderr) == (2, True)
