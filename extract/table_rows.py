"""Rows of a table extract in the terms of the record: dates, codes, case keys, and why a row cannot be used.

The work is done on columns; what needs Python (dates, references, texts) is done once per distinct
value of a batch.
"""

import hashlib
import hmac
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from extract.contract import PARSED, Refusal, Texts, normalise_text
from extract.identifiers import fold_court, fold_urn, police_force
from extract.mapping import COLUMNS, ISO, Mapping
from extract.table_files import Array, Rows

RECORD_COLUMNS = (
    "hearing_date",
    "source_file",
    "court_ou_code",
    "lja_code",
    "police_force",
    "police_force_basis",
    "case_key",
    "case_urn",
    "application_key",
    "defendant_key",
    "level",
    "offence_code_raw",
    "offence_code",
    "result_code",
    "result_short_code",
    "result_text",
    "result_text_digest",
    "final_disposal",
    "finding",
    "conviction_date",
)
"""Columns of the record that a row of a table fills by itself."""
SPOOLED: pa.Schema = pa.schema(
    {name: PARSED.field(name).type for name in RECORD_COLUMNS}
    | {"result_text_hash": pa.string(), "has_result": pa.bool_()}
)
"""A usable row. `result_text_hash` is plain SHA-256 of the normalised text, for the content of the day."""
_YES_NO = {"y": True, "yes": True, "true": True, "t": True, "1": True} | dict.fromkeys(
    ("n", "no", "false", "f", "0"), False
)
_LONGEST_DATE = 10
_LONGEST_REFERENCE = 40
_KINDS = np.full(256, 3, np.uint8)
"""What a byte is: 0 a digit, 1 a letter, 2 a mark that a reference may have, 3 anything else."""
for _kind, _characters in enumerate((string.digits, string.ascii_letters, "/._-")):
    _KINDS[list(_characters.encode())] = _kind
_REFUSED_FOR = (
    "bad-date",
    "hearing-to-come",
    "outside-covers",
    "no-offence-code",
    "bad-offence-code",
    "outside-filter",
    "bad-result-code",
    "no-case",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch after judgement: usable rows (`SPOOLED`), what was set aside, and unread hearing dates.

    `unread_dates` are a few texts of the hearing date column that did not parse: only ever compared
    with known formats, never shown.
    """

    usable: pa.RecordBatch
    refusals: tuple[Refusal, ...]
    unread_dates: tuple[str, ...]


def judge(
    rows: Rows, name: str, mapping: Mapping, covers: tuple[date, date] | None, last_day: date, texts: Texts
) -> Judged:
    """Turn mapped text columns into record columns and set aside the rows that cannot be used.

    A row has one reason, the first that holds of: hearing date unreadable, after `last_day`, outside the covered
    days, no offence code, malformed offence code, outside the declared prefixes, malformed result code,
    no case, conviction date unreadable. The finding, the force and the disposal are never a reason: what is not
    understood there is null (a force must be two characters; without one the URN or court says it).
    """
    n = len(rows.numbers)
    raw = {ours: _column(rows, mapping, ours) for ours in COLUMNS}
    text = {ours: _trimmed(column) for ours, column in raw.items()}
    days = _dates(text["hearing_date"], rows, "hearing_date", mapping)
    convicted = _dates(text["conviction_date"], rows, "conviction_date", mapping)
    unread = pc.is_null(days)
    reason = pa.nulls(n, pa.int8())

    def refuse(why: str, where: Array) -> None:
        nonlocal reason
        reason = pc.if_else(
            pc.and_(pc.is_null(reason), pc.fill_null(where, False)),
            pa.scalar(_REFUSED_FOR.index(why), pa.int8()),
            reason,
        )

    refuse("bad-date", unread)
    refuse("hearing-to-come", pc.greater(days, pa.scalar(last_day, pa.date32())))
    if covers:
        first, last = (pa.scalar(day, pa.date32()) for day in covers)
        refuse("outside-covers", pc.or_(pc.less(days, first), pc.greater(days, last)))
    offence = pc.utf8_upper(text["offence_code"])
    refuse("no-offence-code", pc.is_null(offence))
    refuse("bad-offence-code", _differs(text["offence_code"], "^[A-Za-z]*[0-9][A-Za-z0-9]*$"))
    refuse("bad-offence-code", pc.greater(pc.utf8_length(text["offence_code"]), pa.scalar(8)))
    if mapping.offence_code_prefix:
        refuse("outside-filter", _differs(offence, f"^({'|'.join(mapping.offence_code_prefix)})"))
    code, short, words = _results(text)
    refuse("bad-result-code", _differs(code, "^[0-9]{1,4}$"))
    refuse("bad-result-code", _differs(short, "^[A-Z0-9]{1,16}$"))
    urn, urn_force = _by_value(text["case_urn"], _urn_and_force, pa.string(), pa.string())
    real_urn = pc.if_else(pc.is_valid(urn_force), urn, pa.scalar(None, pa.string()))
    number, application, defendant = (
        _reference(text[name], texts.key or b"") for name in ("case_number", "application", "defendant")
    )
    case = pc.coalesce(number, real_urn)
    refuse("no-case", pc.is_null(case))
    refuse("bad-date", pc.and_(pc.is_valid(text["conviction_date"]), pc.is_null(convicted)))

    kept, digest, words_hash = _by_value(words, lambda v: _kept(v, texts), pa.string(), pa.string(), pa.string())
    court, court_force = _by_value(text["court_ou_code"], _court_and_force, pa.string(), pa.string())
    force, basis = _force(text["police_force"], urn_force, court_force)
    prefix = f"case:{mapping.source}:"
    columns = {
        "hearing_date": days,
        "source_file": _same(name, n),
        "case_key": pc.coalesce(_join(prefix, number), _join("urn:", real_urn)),
        "case_urn": urn,
        "court_ou_code": court,
        "lja_code": _shaped(text["lja_code"], "^[0-9A-Za-z]{1,4}$"),
        "police_force": force,
        "police_force_basis": basis,
        "application_key": _join(f"app:{mapping.source}:", application),
        "defendant_key": _join(f"def:{mapping.source}:", case, ":", defendant),
        "level": _level(text["level"]),
        "offence_code_raw": raw["offence_code"],
        "offence_code": offence,
        "result_code": code,
        "result_short_code": short,
        "result_text": kept,
        "result_text_digest": digest,
        "result_text_hash": words_hash,
        "finding": _shaped(text["finding"], "^[0-9A-Za-z]{1,4}$"),
        "final_disposal": _by_value(text["final_disposal"], lambda v: (_YES_NO.get(v.casefold()),), pa.bool_())[0],
        "conviction_date": convicted,
        "has_result": pc.is_valid(pc.coalesce(code, short, words)),
    }
    batch = pa.RecordBatch.from_arrays([columns[field.name] for field in SPOOLED], schema=SPOOLED)
    return Judged(
        usable=batch.filter(pc.is_null(reason)),
        refusals=_refusals(rows, name, reason, days),
        unread_dates=tuple(text["hearing_date"].filter(unread).drop_null().slice(0, 20).to_pylist()),
    )


def _results(text: dict[str, Array]) -> tuple[Array, Array, Array]:
    """Code, short code and words; a value of the mixed `result` column is told apart by its shape.

    One to four digits are a CJS code. A single word of up to eight letters and digits can be a short
    code (SPO) or a word (Granted): it is read as both, unless there is a column of texts. Anything else
    is words.
    """
    mixed = text["result"]
    is_code = pc.match_substring_regex(mixed, "^[0-9]{1,4}$")
    is_word = pc.and_not(pc.match_substring_regex(mixed, "^[A-Za-z0-9]{1,8}$"), is_code)
    nothing = pa.scalar(None, pa.string())
    code = pc.coalesce(text["result_code"], pc.if_else(is_code, mixed, nothing))
    short = pc.utf8_upper(pc.coalesce(text["result_short_code"], pc.if_else(is_word, mixed, nothing)))
    words = pc.coalesce(text["result_text"], pc.if_else(is_code, nothing, mixed))
    return code, short, words


def _kept(words: str, texts: Texts) -> tuple[str | None, str | None, str]:
    """What is kept of a text (see `Texts.keep`), and the plain hash of the whole of it."""
    normalised = normalise_text(words)
    return *texts.keep(normalised), hashlib.sha256(normalised.encode()).hexdigest()


def _urn_and_force(raw: str) -> tuple[str | None, str | None]:
    """The folded URN, and its force where it is real."""
    urn = fold_urn(raw)
    return urn, police_force(urn, None, None)[0]


def _court_and_force(raw: str) -> tuple[str | None, str | None]:
    court = fold_court(raw)
    return court, police_force(None, None, court)[0]


def _force(given: Array, by_urn: Array, by_court: Array) -> tuple[Array, Array]:
    """The force, as mapped where that is two characters, else of the real URN, else of the court; and which."""
    given = pc.utf8_upper(given)
    given = pc.if_else(_differs(given, "^[A-Z0-9]{2}$"), pa.scalar(None, pa.string()), given)
    basis = pc.case_when(
        pc.make_struct(pc.is_valid(given), pc.is_valid(by_urn), pc.is_valid(by_court)), "column", "urn", "court"
    )
    return pc.coalesce(given, by_urn, by_court), basis


def _refusals(rows: Rows, name: str, reason: Array, days: Array) -> tuple[Refusal, ...]:
    """One refusal for each row with a reason; the hash is of all its mapped values as they were read."""
    refused: Array = pc.is_valid(reason)
    at = pc.indices_nonzero(refused)
    if not len(at):
        return ()
    values = {ours: rows.columns[ours].take(at).to_pylist() for ours in sorted(rows.columns)}
    found = []
    for i, (number, code, day) in enumerate(
        zip(rows.numbers.take(at).to_pylist(), reason.take(at).to_pylist(), days.take(at).to_pylist(), strict=True)
    ):
        content = "".join(f"{ours}={len(v[i])}:{v[i]};" for ours, v in values.items() if v[i])
        content_hash = hashlib.sha256(content.encode()).hexdigest()
        found.append(Refusal(_REFUSED_FOR[code], name, f"row {number}", content_hash, day))
    return tuple(found)


def _column(rows: Rows, mapping: Mapping, ours: str) -> Array:
    if ours in rows.columns:
        return rows.columns[ours]
    return _same(mapping.constants.get(ours), len(rows.numbers))


def _same(value: str | None, n: int) -> Array:
    return pa.repeat(pa.scalar(value, pa.string()), n)


def _by_value(column: Array, function: Callable[[str], tuple[object, ...]], *kinds: pa.DataType) -> list[Array]:
    """Apply a function to each distinct value: one column for each member of what it returns; nulls stay null."""
    encoded = column.dictionary_encode()
    made = [function(value) for value in encoded.dictionary.to_pylist()]
    members = zip(*made, strict=True) if made else [()] * len(kinds)
    return [pa.array(m, kind).take(encoded.indices) for m, kind in zip(members, kinds, strict=True)]


def _trimmed(column: Array) -> Array:
    """Without white space at either end; null where nothing is left."""
    encoded = column.dictionary_encode()
    values = pc.utf8_trim_whitespace(encoded.dictionary)
    return pc.if_else(pc.equal(values, pa.scalar("")), pa.scalar(None, pa.string()), values).take(encoded.indices)


def _dates(column: Array, rows: Rows, ours: str, mapping: Mapping) -> Array:
    date_format = ISO if ours in rows.native else mapping.date_format
    return _by_value(column, lambda v: (read_date(v, date_format),), pa.date32())[0]


def read_date(text: str, date_format: str) -> date | None:
    """The day that a text names in a strptime format; None where it is none."""
    try:
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _differs(column: Array, pattern: str) -> Array:
    return pc.invert(pc.match_substring_regex(column, pattern))


def _shaped(column: Array, pattern: str) -> Array:
    """The column where it has the shape that it should have; null elsewhere, for what stands there may name people."""
    return pc.if_else(pc.match_substring_regex(column, pattern), column, pa.scalar(None, pa.string()))


def _reference(column: Array, key: bytes) -> Array:
    """References as they are; what does not look like one (fewer digits than letters, spaces, a date) as a digest.

    A column that is mapped as a number may hold a name or a date of birth: the keyed digest tells two of them apart
    and nobody without the key can try names until one fits.
    """
    digits, letters, marks, others = _bytes_of_kinds(column)
    size = digits + letters + marks + others
    shape = (others == 0) & (size >= 1) & (size <= _LONGEST_REFERENCE) & (digits >= letters)
    shape &= ~((letters == 0) & (marks == 2) & (size <= _LONGEST_DATE))
    looks = pc.if_else(pc.is_valid(column), pa.array(shape), pa.scalar(None, pa.bool_()))
    other = pc.if_else(looks, pa.scalar(None, pa.string()), column)
    (digest,) = _by_value(other, lambda v: ("#" + hmac.digest(key, v.encode(), "sha256").hex()[:16],), pa.string())
    return pc.if_else(looks, column, digest)


def _bytes_of_kinds(column: Array) -> tuple[Any, ...]:
    """How many bytes of each text are digits, ASCII letters, marks that a reference may have, and others."""
    texts = pa.concat_arrays([column]) if column.offset else column
    offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1)
    data = np.frombuffer(texts.buffers()[2] or b"", np.uint8, offsets[-1]) if len(texts) else np.empty(0, np.uint8)
    kinds = _KINDS[data]
    found = []
    for kind in range(4):
        before = np.concatenate(([0], np.cumsum(kinds == kind, dtype=np.int32)))
        found.append(before[offsets[1:]] - before[offsets[:-1]])
    return tuple(found)


def _join(*parts: str | Array) -> Array:
    """Texts and columns in a row; null where a column is."""
    joined: Array = parts[0]
    for part in parts[1:]:
        joined = pc.binary_join_element_wise(joined, part, "")
    return joined


def _level(text: Array) -> Array:
    on_application = pc.fill_null(pc.equal(pc.utf8_upper(text), pa.scalar("APPLICATION")), False)
    return pc.if_else(on_application, "APPLICATION", "OFFENCE")
