"""`courtstats explain`: a question in words, with what the last run left after each step, for people or machines."""

import textwrap
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from extract.contract import StageError
from pipelines import show
from pipelines.settings import Settings, definitions_of
from pipelines.times import in_words
from transform.contract import COUNTED, STATUSES, AttritionStep
from transform.definition import Question
from transform.explain import COUNTED_RUN, HELD_RUN, NO_RUN, UNKNOWN_RUN, LastRun, Section, explain, question_page
from transform.explain import sections as sections_of
from transform.holds import holds_in_force
from transform.periods import Period
from transform.questions import load_question
from transform.words import hold_words, sentence

if TYPE_CHECKING:
    from load.contract import StoredRun


def explain_question(settings: Settings, name: str, *, as_json: bool = False, as_markdown: bool = False) -> None:
    """Print the explanation of one question: text, JSON (`courtstats/explain@1`) or the Markdown of its page.

    Raises as `load_question`, and SettingsError where the definitions are not there. A warehouse that cannot be
    read stops nothing: the rule does not depend on it, and the explanation says why the last run is not shown.
    """
    question = load_question(definitions_of(settings), name)
    last = last_run(settings, question, datetime.now(UTC))
    if as_json:
        show.write(show.to_json(explain(question, last)))
    elif as_markdown:
        show.write(question_page(question, last))
    else:
        _print(question, sections_of(question, last))


def last_run(settings: Settings, question: Question, now: datetime) -> LastRun:
    """How the newest completed run reached its figure, as far as it may be shown at `now`; makes no warehouse."""
    none = LastRun(NO_RUN, f"Not run yet: courtstats run {question.id} --period PERIOD.")
    if _surely_missing(settings.warehouse_url):
        return none
    from pipelines import recording

    try:
        if not recording.there_is_one(settings):
            return none
        from load.reading import last_run as newest

        with recording.opened(settings) as warehouse:
            stored = newest(warehouse, question.id, question.unit)
    except StageError as error:
        return LastRun(UNKNOWN_RUN, sentence(f"Not known, because the warehouse cannot be read: {error}"))
    return shown(stored, question, now) if stored else none


def shown(stored: "StoredRun", question: Question, now: datetime) -> LastRun:
    """A stored run as it may be shown at `now`: a hold that covers a day of its period hides every number of it."""
    run, same = stored.run, stored.run.definition_hash == question.fingerprint
    period = Period(run.period_from, run.period_to)
    counted = f"for {show.days(period.first, period.last)}, counted in {show.plural(run.unit, None)}"
    said = f"Run {stored.run_id}, {counted}, as known at {in_words(run.as_known_at)}."
    if not same:
        said += " It was counted by another version of this question or of its lists, so its steps may differ."
    state, steps = COUNTED_RUN, tuple(AttritionStep(s.step, s.rows, s.units) for s in stored.attrition)
    if held := holds_in_force(question, period, now):
        state, steps = HELD_RUN, ()
        said += " Its numbers are held. " + " ".join(sentence(hold_words(hold)) for hold in held)
    elif run.status != COUNTED:
        state, steps = run.status or UNKNOWN_RUN, ()
        said += f" It has no figure: {sentence(STATUSES.get(state, state))}"
    known = run.as_known_at.isoformat()
    return LastRun(state, said, stored.run_id, run.unit, period.label, known, same, steps)


def _surely_missing(url: str) -> bool:
    """Whether it is seen without a database library that there is no warehouse; `recording` asks about the others."""
    start = "sqlite:///"
    return url.startswith(start) and url != start and "?" not in url and not Path(url.removeprefix(start)).exists()


def _print(question: Question, parts: list[Section]) -> None:
    """The explanation to read: headings, wrapped lines, tables; the SQL as it stands, at the end."""
    wrap = partial(textwrap.fill, width=show.console().width - 1, break_on_hyphens=False, break_long_words=False)
    head = [question.title, "=" * len(question.title), "", wrap(question.asks)]
    show.write("\n".join([*head, f"Owner: {question.owner}"]))
    for part in parts:
        lines = ["", part.title, "-" * len(part.title)]
        lines += [wrap(text) for text in part.texts]
        for number, item in enumerate(part.items, 1):
            mark = f"  {number}. " if part.numbered else "  - "
            lines.append(wrap(item, initial_indent=mark, subsequent_indent=" " * len(mark)))
        show.write("\n".join([*lines, *([part.sql] if part.sql else [])]))
        if part.rows:
            show.write("")
            show.table(part.heads, part.rows)
