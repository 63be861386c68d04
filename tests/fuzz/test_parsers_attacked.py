"""Both parsers of messages under attack: no crash, nothing passed over, no second, no 200 MB, always a known reason."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ATTACK = Path(__file__).with_name("attacking.py")
LONG = os.environ.get("LONG_TESTS") == "1"
INPUTS = 110_000 if LONG else 2_000  # of each parser
MEMORY = 200_000_000
SEED = 20_200_120


@pytest.mark.long
@pytest.mark.parametrize("parser", ["spi", "common-platform"])
def test_whatever_the_bytes_a_parser_gives_statements_or_reasons_in_bounded_time_and_memory(parser: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ATTACK), parser, str(INPUTS), str(SEED)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["inputs"] == INPUTS
    assert said["memory"] < MEMORY
    assert 0 < said["refused"] < INPUTS, "an attack that is always or never refused tests half of the parser"
    assert len(said["reasons"]) >= 5
