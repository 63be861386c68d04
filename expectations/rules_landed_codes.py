"""Rules on the codes of landed records: their shape, and whether the official lists know them."""

from expectations.landed_rule import LandedRule

_CODED = "result_index is not null and coalesce(level, '') not in ('DEFENDANT', 'DEFENDANT_CASE', 'HEARING_DEFENDANT')"
_SHAPED = "offence_code is not null and regexp_full_match(offence_code, '[A-Z0-9]{1,8}')"
_UNKNOWN = (
    "offence_code not in (select code from known_offences) "
    "and left(offence_code, 7) not in (select code from known_offences)"
)
# The look-alikes of a code: two letters (O for 0, I for 1 there), then five digits (0 for O, 1 for I and L).
_MENDED = "translate(left(offence_code, 2), '01', 'OI') || translate(substr(offence_code, 3, 5), 'OIL', '011')"
_LABEL = "regexp_replace(rtrim(result_text, '. '), '^[a-z0-9]+ - ', '')"
_LABELS = "(select label from known_short_codes)"


class OffenceCodeWellFormed(LandedRule):
    """Lists match offence codes exactly, so a code of another shape silently matches nothing. Usually the mapping of
    a table names the wrong column, or a reader lets something through."""

    id = "landed.offence-code-well-formed"
    severity = "critical"
    sentence = "Every result on an offence or application has its code, of 1 to 8 capital letters and digits"
    remedy = "Correct the reader or the mapping of the source, then land the source again"
    applies = _CODED
    broken = "offence_code is null or not regexp_full_match(offence_code, '[A-Z0-9]{1,8}')"


class OffenceCodeKnown(LandedRule):
    """A code that the official list does not know is on no list of a question, so its results are not counted. Usual
    causes: local codes of a police force, test codes, or standing data older than the records."""

    id = "landed.offence-code-known"
    severity = "warning"
    sentence = (
        "Few results are on an offence code that the official list does not know, with or without its form letter"
    )
    remedy = "Take new standing data (courtstats codes refresh); ask the source about codes that stay unknown"
    applies = _SHAPED
    broken = _UNKNOWN


class OffenceCodeNearMiss(LandedRule):
    """CJO3522 with a letter O is not CJ03522: the lists match exactly, so the result is lost. Codes that were typed or
    read from paper have this."""

    id = "landed.offence-code-near-miss"
    severity = "warning"
    sentence = "No unknown offence code becomes a known one when letters and digits that look alike are exchanged"
    remedy = "Have the source correct the code and land it again; until then these results are not counted"
    applies = _SHAPED
    broken = f"{_UNKNOWN} and {_MENDED} in (select code from known_offences)"  # noqa: S608 - constants


class ResultCodeDigits(LandedRule):
    """CJS result codes are numbers of up to four digits kept as text; the alphabetic code has its own column. A mapping
    that mixes the two makes every list of CJS codes miss."""

    id = "landed.result-code-digits"
    severity = "critical"
    sentence = "Every CJS result code is 1 to 4 digits"
    remedy = "Map alphabetic codes to result_short_code, not to result_code; then land the source again"
    applies = "result_code is not null"
    broken = "not regexp_full_match(result_code, '[0-9]{1,4}')"


class ResultCodeKnown(LandedRule):
    """A CJS code that the official list does not know (9991 was met) is on no list of a question. Usual causes: test
    codes, lost leading zeros, or standing data older than the records."""

    id = "landed.result-code-known"
    severity = "warning"
    sentence = "Few CJS result codes are unknown to the official list"
    remedy = "Take new standing data (courtstats codes refresh); ask the source about codes that stay unknown"
    applies = "result_code is not null and regexp_full_match(result_code, '[0-9]{1,4}')"
    broken = "result_code not in (select code from known_results)"


class ResultUncoded(LandedRule):
    """A result without a code matches by its whole text alone, which is less certain. More of them than usual means
    that a feed has stopped sending codes, or that a mapping lost the column."""

    id = "landed.result-uncoded"
    severity = "warning"
    sentence = "Few results have neither a CJS code nor a short code"
    remedy = "Check the mapping of result codes; a result of a text that no list holds is not counted"
    applies = "result_index is not null"
    broken = "result_code is null and result_short_code is null"


class ResultSaysNothing(LandedRule):
    """A result without code, short code and text can match nothing: what the court decided is not in the record.
    Empty texts are met in real messages."""

    id = "landed.result-says-nothing"
    severity = "warning"
    sentence = "Few results have neither a code nor a text"
    remedy = "Ask the source for the results of these hearings; they are not counted"
    applies = "result_index is not null"
    broken = "coalesce(result_code, result_short_code, result_text_digest, result_text) is null"


class LabelFitsCode(LandedRule):
    """Where the text is the official label of one code and the record has another, one of the two is wrong, and the
    list that matches decides what is counted."""

    id = "landed.label-fits-code"
    severity = "warning"
    sentence = "Few results have an official label as their text that belongs to another CJS code"
    remedy = "Compare code and text with the source; counts follow the code where there is one"
    applies = f"result_text is not null and result_code <> '1000' and {_LABEL} in {_LABELS}"
    broken = f"({_LABEL}, result_code) not in (select (label, cjs_code) from known_short_codes)"  # noqa: S608 - constants


class ShortCodeFitsCode(LandedRule):
    """Where a short code stands for one CJS code and the record has another, a definition counts by whichever it
    lists. Usually a mapping has shifted columns."""

    id = "landed.short-code-fits-code"
    severity = "warning"
    sentence = "Few results have a short code that stands for another CJS code"
    remedy = "Check the mapping of the two columns, or compare with the source"
    applies = (
        "result_code is not null and result_code <> '1000' "
        "and result_short_code in (select short_code from known_short_codes)"
    )
    broken = "(result_short_code, result_code) not in (select (short_code, cjs_code) from known_short_codes)"


class EnteredInErrorRemoved(LandedRule):
    """4583 says that the results beside it were entered in error: the reader takes them away with it. One that is left
    means that results which the court withdrew are counted."""

    id = "landed.entered-in-error-removed"
    severity = "critical"
    sentence = "No result of a message says that it was entered in error (4583)"
    remedy = "Report the source: its reader left results that were withdrawn; then land it again"
    sources = ("spi", "common-platform")
    applies = "result_code is not null and level in ('OFFENCE', 'APPLICATION')"
    broken = "result_code = '4583'"


class FindingIsCode(LandedRule):
    """Who was convicted is read from the code of the finding (G): a word in its place is no conviction. A mapping that
    names the column of the words does this."""

    id = "landed.finding-is-a-code"
    severity = "warning"
    sentence = "Every finding is a code of one to three letters"
    remedy = "Map the column of the codes; a finding in words counts as no conviction"
    applies = "finding is not null"
    broken = "not regexp_full_match(finding, '[A-Za-z]{1,3}')"


class LevelKnown(LandedRule):
    """What a result is on decides whether it must have an offence code and which unit it belongs to; an unknown level
    escapes those checks."""

    id = "landed.level-known"
    severity = "warning"
    sentence = "Every result is on an offence, an application, a defendant, a defendant's case or a hearing's defendant"
    remedy = "Report the source: its reader gives a level that the records do not know"
    applies = "result_index is not null"
    broken = (
        "level is null or level not in ('OFFENCE', 'APPLICATION', 'DEFENDANT', 'DEFENDANT_CASE', 'HEARING_DEFENDANT')"
    )


CODES = (
    OffenceCodeWellFormed,
    OffenceCodeKnown,
    OffenceCodeNearMiss,
    ResultCodeDigits,
    ResultCodeKnown,
    ResultUncoded,
    ResultSaysNothing,
    LabelFitsCode,
    ShortCodeFitsCode,
    EnteredInErrorRemoved,
    FindingIsCode,
    LevelKnown,
)
