"""Who signs the audit log is what the system says, and not what somebody set."""

import os
import pwd

from pipelines.account import account


def test_no_variable_chooses_the_signature(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert account() == pwd.getpwuid(os.getuid()).pw_name


def test_an_account_without_a_name_signs_with_its_number(monkeypatch):
    """As in a container that was started under a number of its own: it once ended every command with a KeyError."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999)
    assert account() == "uid 3999999"
