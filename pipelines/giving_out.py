"""What `courtstats publish` does and prints: it notes which figures were given out, where and when."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from pipelines import show
from pipelines.times import TimeError, end_of_day, in_words, london_day
from pipelines.withheld import held_now

if TYPE_CHECKING:
    from pipelines.settings import Settings

PUBLICATION_SCHEMA = "courtstats/publication@1"
LONGEST_LABEL = 200


def publish(
    settings: "Settings",
    question: str,
    label: str,
    *,
    periods: Sequence[str] = (),
    on: date | None = None,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Note that the figures that stand, or stood on a day, (of some periods, else of all) were given out under a label.

    `on` is that day in London (its end; today counts as now): noted is what the warehouse said then, and refused what
    was held then or of which it said nothing yet. A figure held now was held then too: a hold has no beginning.

    Raises `TimeError` for a day to come and a label that is none, and an `ExceptionGroup` of `LoadError` for figures
    that are held or not there.
    """
    from load.contract import LoadError
    from load.publishing import publish as note_publication
    from pipelines import recording, runs

    known = runs.question(settings, question)
    now = datetime.now(UTC)
    label = _checked(label)
    if on is not None and on > london_day(now):
        raise TimeError(f"{on} is yet to come", where="--on", remedy="Note it when the figures have been given out")
    at = end_of_day(on) if on is not None and on < london_day(now) else None
    is_held = held_now(known, at or now)
    if not recording.there_is_one(settings):
        raise LoadError(
            f"there is no figure of {known.id}", where="warehouse", remedy=f"courtstats run {known.id} counts them"
        )
    with recording.opened(settings) as warehouse:
        done = note_publication(
            warehouse,
            known.id,
            label,
            at,
            periods=periods,
            is_held=lambda figure: is_held(figure.period, figure.cell),
            dry_run=dry_run,
        )
    given = list(dict.fromkeys(one.period for one in done.figures))
    if as_json:
        listed = [
            {"unit": f.unit, "period": f.period, "cell": json.loads(f.cell), "value": f.value, "status": f.status}
            for f in done.figures
        ]
        said = {"publication": done.publication_id, "label": done.label, "published_at": done.published_at}
        more = {"dry_run": dry_run, "already_noted": done.already, "figures": listed}
        show.write(show.to_json({"schema": PUBLICATION_SCHEMA, "question": known.id} | said | more))
        return
    if not done.figures:
        show.write(
            f"All {done.already:,} figures of {known.id} were noted under {label!r} before: nothing was changed."
        )
        return
    head = "Dry run, nothing was noted: would be given out" if dry_run else "Noted as given out"
    show.write(
        f"{head} in {label!r} on {in_words(done.published_at)}: {_figures(len(done.figures))} of {known.id} for "
        f"{', '.join(given)}."
    )
    if done.already:
        show.write(f"{_figures(done.already)} had been noted under this label before.")


def _figures(number: int) -> str:
    return f"{number:,} figure{'' if number == 1 else 's'}"


def _checked(label: str) -> str:
    """A label of one line that is not empty."""
    text = " ".join(label.split())
    if not text or len(text) > LONGEST_LABEL or not text.isprintable():
        raise TimeError(
            f"{label!r} is no label",
            where="--as",
            remedy=f"Name the letter or page in at most {LONGEST_LABEL} characters",
        )
    return text
