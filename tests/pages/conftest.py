"""Made states of quality, and their reports as a browser's parser sees them."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from lxml import html

from benchmarks.making.quality_state import issue, made_state
from pipelines.quality_contract import QualityState
from pipelines.quality_pages import pages

Read = Callable[[str, str], str]


@pytest.fixture(scope="session")
def state() -> QualityState:
    """Sixty runs, 42 checks, six open issues (one critical) and one that was resolved; everything in it is made."""
    gone = replace(issue(99, "landed.made-check-30", "warning"), state="resolved", resolved_at=made_state().as_at)
    return replace(made_state(), resolved=(gone,))


@pytest.fixture(scope="session")
def files(state: QualityState) -> dict[str, str]:
    return pages(state, [("quality.txt", "as plain text")])


@pytest.fixture(scope="session")
def said() -> Callable[[str], str]:
    """The text of a page as it is read, spaces folded."""

    def read(page: str) -> str:
        return re.sub(r"\s+", " ", " ".join(html.document_fromstring(page).body.itertext()))

    return read
