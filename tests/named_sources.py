"""Named sources as the tests describe them in a sources file: deliveries of the demo, a live database. All is made."""

import shutil
from pathlib import Path

HEAD = 'schema = "courtstats/sources@1"\n'
MESSAGES = """
[source.libra]
kind = "spi"
location = "spi"
schedule = "0 5 * * *"
"""
EXTRACT = """
[source.synthetic-mi-extract]
kind = "table"
location = ["table"]
mapping = "mapping.toml"
covers = "2020-03-02..2020-03-13"
"""
LIVE = """
[source.live]
kind = "database"
url = { secret = "LIVE_URL" }
table = "hearing_result"
mapping = "live.toml"
window = { from = 2020-01-01, to = 2020-03-31 }
"""
CHANGED_AT = 'changed_at = "updated_at"\n'
LIVE_MAPPING = """\
schema = "courtstats/mapping@1"
source = "live"

[columns]
case_number = "case_no"
hearing_date = "heard"
offence_code = "offence"
result = "result"
"""


def deliver(demo: Path, home: Path, messages: int) -> str:
    """Put the first messages of the demo and its extract where the sources above have them; gives the mapping."""
    (home / "spi").mkdir(parents=True)
    for file in sorted((demo / "1-spi-first").glob("*.xml"))[:messages]:
        shutil.copy(file, home / "spi")
    shutil.copytree(demo / "2-table", home / "table")
    mapping = next((demo / "mapping").iterdir()).read_text(encoding="utf-8")
    (home / "mapping.toml").write_text(mapping, encoding="utf-8")
    return mapping
