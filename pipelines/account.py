"""Whose account this is: what signs the entries of the audit log and of the log of lookups."""

import os


def account() -> str:
    """The name of the account that this process runs as, told by the system and not by the environment.

    `uid 12345` where the account has no name, as in a container; a variable such as LOGNAME would let anybody sign as
    anybody.
    """
    try:
        import pwd
    except ImportError:  # there is none on Windows, and no numbers of accounts either
        import getpass

        return getpass.getuser()
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
