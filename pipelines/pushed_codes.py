"""Offence codes asked of a database instead of all: which the questions need, which a source has landed.

A source that was landed with a filter knows nothing of other codes. A count of those would be too small without a
word, so it is refused until they are landed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from extract import store
from extract.contract import ExtractError
from pipelines.settings import Settings, definitions_of
from pipelines.source_file import named_sources
from pipelines.source_state import read_state
from transform.contract import TransformError
from transform.definition import Question
from transform.precedence import leaves_out
from transform.standing import BASE_LENGTH

if TYPE_CHECKING:
    from extract.database_source import OffenceFilter
    from pipelines.source_definition import Only

ASKED = "offence_codes"
"""The key of `Landing.asked` under which a landing says its codes."""
SHOWN_CODES = 12


def list_codes(question: Question, name: str) -> frozenset[str]:
    """The codes of an offence list; one that stands for all its forms ends in `*`."""
    return frozenset(e.code + "*" if e.match == "base" else e.code for e in question.lists[name].entries)


def kept_codes(question: Question) -> list[frozenset[str]]:
    """The codes of every offence list that a step keeps: a counted row has a code of each. Empty: any code counts."""
    return [list_codes(question, step.offence) for step in question.steps if step.offence and not step.drop]


def codes_of(settings: Settings, only: "Only", where: str) -> frozenset[str]:
    """The codes that a source asks for: those of the questions named, or of all that can be loaded and keep some.

    Raises:
        ExceptionGroup: questions named in `only` are not there (`where` says of which source), have faults, or
            count every offence code.
        ExtractError: no question keeps any code.
    """
    from transform.questions import sound_definitions

    faults: list[Exception] = []
    if only.questions is None:
        questions: Sequence[Question] = list(sound_definitions(definitions_of(settings))[0].questions.values())
    else:
        questions = []
        for name in only.questions:
            try:
                questions.append(_narrow(settings, name, where))
            except (ExtractError, ExceptionGroup) as fault:
                faults.append(fault)
    if faults:
        raise ExceptionGroup("questions that cannot narrow a source", faults)
    found = frozenset[str]().union(*(min(kept, key=len) for one in questions if (kept := kept_codes(one))))
    if not found:
        raise ExtractError("no question keeps an offence code", where=where, remedy="Leave `only` out")
    return found


def _narrow(settings: Settings, name: str, where: str) -> Question:
    """A question that keeps some offence codes. Raises ExtractError for one that does not, or is not there."""
    from transform.questions import load_question

    try:
        question = load_question(definitions_of(settings), name)
    except TransformError as fault:
        raise ExtractError(fault.what, where=where, remedy=fault.remedy) from None
    if not kept_codes(question):
        what = f"the question {name!r} counts every offence code, so all of them are needed"
        raise ExtractError(what, where=where, remedy="Leave it out of `only`, or leave `only` out")
    return question


def filters(codes: Iterable[str]) -> "tuple[OffenceFilter, ...]":
    """The codes as they are asked of the database."""
    from extract.database_source import OffenceFilter

    return tuple(OffenceFilter(code.removesuffix("*"), base=code.endswith("*")) for code in sorted(codes))


def not_within(needed: Iterable[str], landed: frozenset[str]) -> frozenset[str]:
    """Those codes that are not landed; a code stands for itself, with `*` for all its forms."""
    return frozenset(c for c in needed if c not in landed and not (f"{c[:BASE_LENGTH]}*" in landed and c[-1] != "*"))


def landed_codes(
    settings: Settings, *, newest_batch: int | None = None, known_at: datetime | None = None
) -> dict[str, frozenset[str]]:
    """The codes of each source that was ever landed with a filter, as of its newest landing.

    Args:
        settings: where the records are.
        newest_batch: the newest landing that is known (None: all).
        known_at: leave out what was received later (None: nothing).
    """
    found: dict[str, tuple[int, frozenset[str]]] = {}
    mark = f'"{ASKED}"'.encode()  # of years of landings few have codes, and most stores have none
    newest = store.newest_batch(settings.store)
    last = newest if newest_batch is None else newest_batch
    filtered = any(mark in file.read_bytes() for file in (settings.store / "batches").glob("*.json"))
    for landing in store.summaries(settings.store) if filtered else ():
        known = (known_at is None or landing.received_at <= known_at) and (landing.batch or 0) <= last
        if known and (codes := landing.asked.get(ASKED)):
            found[landing.source_name] = (landing.batch or 0, frozenset(codes.split()))
    if last < newest or (known_at and known_at < (store.newest_received_at(settings.store, newest) or known_at)):
        return {name: codes for name, (_batch, codes) in found.items()}
    folder = settings.store / "sources"  # what is noted there is of now
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        state = read_state(settings.store, file.stem)
        # A landing that found nothing new has no summary; one that died before noting its state has no state.
        if state and state.codes is not None and state.batch >= found.get(file.stem, (0, state.codes))[0]:
            found[file.stem] = (state.batch, state.codes)
    return {name: codes for name, (_batch, codes) in found.items()}


def pushed_codes_missing(
    settings: Settings, question: Question, *, newest_batch: int | None = None, known_at: datetime | None = None
) -> list[ExtractError]:
    """Why a question cannot be counted from what filtered sources had landed: one error each, none where it can.

    A source that the question's own steps leave out is of no concern to it. `newest_batch` and `known_at` (UTC) say as
    of when, as in `landed_codes`.
    """
    faults = []
    kept = kept_codes(question)
    for name, landed in landed_codes(settings, newest_batch=newest_batch, known_at=known_at).items():
        if any(leaves_out(step, name) for step in question.steps):
            continue
        missing = min((not_within(codes, landed) for codes in kept), key=len, default=None)
        if missing is None:
            what = f"{question.id} counts every offence code, and the source {name} has landed {len(landed):,} of them"
            remedy = f"Leave `only` out of [source.{name}], or count another source"
            faults.append(ExtractError(what, where=name, remedy=remedy))
        elif missing:
            shown = ", ".join(sorted(missing)[:SHOWN_CODES]) + (" and more" if len(missing) > SHOWN_CODES else "")
            what = f"{question.id} counts offence codes that this source was not asked for: {shown}"
            faults.append(ExtractError(what, where=name, remedy=_remedy(settings, question, name)))
    return faults


def _remedy(settings: Settings, question: Question, name: str) -> str:
    source = named_sources(settings, files=False).sources.get(name)
    asked_by_name = source and source.only and source.only.questions is not None
    if asked_by_name and question.id not in (source.only.questions or ()):  # type: ignore[union-attr]
        return f"Add {question.id!r} to `only` of [source.{name}], then: courtstats land --source {name}"
    return f"Land them: courtstats land --source {name}"
