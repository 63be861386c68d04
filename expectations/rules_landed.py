"""Rules on landed records: each batch after its landing, and the records of a period before they are counted.

The table `records` is the landed records; `statements` is made from it by `STATEMENTS`.
"""

from typing import ClassVar

from expectations.contract import Gate
from expectations.rule import Rule
from extract.contract import STATEMENT_ORDER

STATEMENTS = """
    create table statements as
    select
        key, first_day, last_day, complete, all_rows, empty_rows,
        all_rows - list_unique(positions) as positions_repeated,
        len(said) as results_said,
        len(said) - list_unique(said) as results_repeated
    from (
        select
            any_value(hash(statement_key)) as key,
            min(hearing_date) as first_day,
            max(hearing_date) as last_day,
            bool_and(statement_complete) as complete,
            count(*) as all_rows,
            count(*) filter (where result_index is null) as empty_rows,
            list(hash(offence_index, result_index)) as positions,
            coalesce(
                list(hash(offence_index, result_code, result_short_code, result_text_digest))
                    filter (where coalesce(result_code, result_short_code, result_text_digest) is not null),
                []
            ) as said
        from records
        group by hash(statement_key, payload_hash, received_at, landed_batch, case_index)
    )
"""
"""One row per statement, made once for the rules on whole statements. Statements are told apart by a 64-bit
hash, which is much faster than their keys: of two million statements, two share a hash once in some ten
million gates, and then a rule fails wrongly; none passes wrongly."""

_ORDER = ", ".join(STATEMENT_ORDER)
COUNTING_TABLES = (
    # Of a key with several statements the greatest counts; the rest is replaced (extract.contract.STATEMENT_ORDER).
    f"""
        create table replaced as
        with said as (select distinct statement_key, {_ORDER} from known),
        latest as (
            select statement_key, max(row({_ORDER})) as statement from said group by statement_key having count(*) > 1
        )
        select said.* from said join latest using (statement_key) where row({_ORDER}) <> latest.statement
    """,  # noqa: S608 - only column names of the contract
    f"create view records as from known anti join replaced using (statement_key, {_ORDER})",
)
"""What makes `records` of all `known` ones: those of the statements that count."""


class LandedRule(Rule):
    """A rule on the landed records."""

    gate: ClassVar[Gate] = "landed"
    over = "records"


class OffenceCodeWellFormed(LandedRule):
    """Lists match offence codes exactly, so a code of another shape silently matches nothing."""

    id = "landed.offence-code-well-formed"
    severity = "critical"
    sentence = "Every result on an offence or application has its code, of 1 to 8 capital letters and digits"
    remedy = "Correct the reader or the mapping of the source, then land the source again"
    applies = (
        "result_index is not null and coalesce(level, '') not in ('DEFENDANT', 'DEFENDANT_CASE', 'HEARING_DEFENDANT')"
    )
    broken = "offence_code is null or not regexp_full_match(offence_code, '[A-Z0-9]{1,8}')"


class ResultCodeDigits(LandedRule):
    """CJS result codes are numbers of up to four digits kept as text; the alphabetic code has its own column."""

    id = "landed.result-code-digits"
    severity = "critical"
    sentence = "Every CJS result code is 1 to 4 digits"
    remedy = "Map alphabetic codes to result_short_code, not to result_code; then land the source again"
    applies = "result_code is not null"
    broken = "not regexp_full_match(result_code, '[0-9]{1,4}')"


class HearingDatePlausible(LandedRule):
    """A slip of a digit in a date moves a case into another period."""

    id = "landed.hearing-date-plausible"
    severity = "critical"
    sentence = "Every hearing is dated 1990 or later, and no more than a day after it was received"
    remedy = "Check the date format of the mapping and --received-at; then land the source again"
    broken = (
        "hearing_date < date '1990-01-01' "
        "or epoch_us(hearing_date::timestamp) - epoch_us(received_at) > 86400 * 1000000::bigint"
    )


class OneHearingDate(LandedRule):
    """A statement is about one day in court."""

    id = "landed.statement-one-hearing-date"
    severity = "critical"
    over = "statements"
    sentence = "Every statement has one hearing date"
    remedy = "Report the source: its reader put two days into one statement"
    broken = "first_day <> last_day"


class KeyInOneMonth(LandedRule):
    """A count reads only the months of its period, so a rival statement in another month would not be seen."""

    id = "landed.key-in-one-month"
    severity = "critical"
    over = "statements"
    sentence = "All statements of one key are about the same month"
    remedy = "Report the source: a later statement moved its hearing to another month under the same key"
    query = """
        select count(*) as checked,
            count(*) filter (where date_trunc('month', first_day) <> date_trunc('month', last_day)) as unexpected
        from (select min(first_day) as first_day, max(last_day) as last_day from {batch} group by key)
    """


class PositionUnique(LandedRule):
    """Two rows in one place of one statement: something was landed twice."""

    id = "landed.result-position-unique"
    severity = "critical"
    over = "statements"
    sentence = "Every position in a statement holds one result"
    remedy = "Find the batch that landed twice (courtstats status) and restore the records store from before it"
    query = """
        select coalesce(sum(all_rows), 0)::bigint as checked,
            coalesce(sum(positions_repeated), 0)::bigint as unexpected
        from {batch}
    """


class EmptyStatementAlone(LandedRule):
    """The row that says "nothing is left" contradicts any other row of its statement."""

    id = "landed.empty-statement-alone"
    severity = "critical"
    over = "statements"
    sentence = "A statement without results is one row"
    remedy = "Report the source: its reader said both that there are results and that there are none"
    applies = "empty_rows > 0"
    broken = "all_rows > 1"


class CaseKeyStrengthFits(LandedRule):
    """Figures say how many of their units rest on weak keys, so the strength must be right."""

    id = "landed.case-key-strength-fits"
    severity = "critical"
    sentence = "A case key is weak exactly where the payload, or a day without results, stands for the case"
    remedy = "Report the source: its reader gives case keys the wrong strength"
    broken = (
        "case_key is null or case_key_strength is null "
        "or case_key_strength <> "
        "case when starts_with(case_key, 'payload:') or starts_with(case_key, 'none:') then 'weak' else 'strong' end"
    )


class CourtCodeFormat(LandedRule):
    """The court's code gives the court, and the police force where URN and ASN do not."""

    id = "landed.court-code-format"
    severity = "warning"
    sentence = "Court codes are organisation unit codes: a letter, two digits, two to four letters or digits"
    remedy = "Check the court column of the source; breakdowns by court or police force miss these results"
    applies = "court_ou_code is not null"
    broken = "not regexp_full_match(court_ou_code, '[A-Z][0-9]{2}[A-Z0-9]{2,4}')"


class CaseKeyWeak(LandedRule):
    """Where the payload stands for the case, two hearings of one case count twice."""

    id = "landed.case-key-weak"
    severity = "warning"
    sentence = "Few results rest on a weak case key"
    remedy = "Look at the figure's number of weak keys before it is used; the source sends dummy URNs"
    applies = "result_index is not null"
    broken = "case_key_strength = 'weak'"


class ResultUncoded(LandedRule):
    """A result without a code matches by its whole text alone."""

    id = "landed.result-uncoded"
    severity = "warning"
    sentence = "Few results have neither a CJS code nor a short code"
    remedy = "Check the mapping of result codes; a result of a text that no list holds is not counted"
    applies = "result_index is not null"
    broken = "result_code is null and result_short_code is null"


class BeforeStalkingProtectionAct(LandedRule):
    """The Stalking Protection Act 2019 came into force on 20 January 2020."""

    id = "landed.stalking-protection-before-act"
    severity = "warning"
    sentence = "No Stalking Protection Act application (ST195..) was heard before 20 January 2020"
    remedy = "Treat these as wrong dates or wrong codes, and ask the source; they are counted as dated"
    applies = "starts_with(offence_code, 'ST195')"
    broken = "hearing_date < date '2020-01-20'"


class ConvictionAfterHearing(LandedRule):
    """Seen in real messages; the hearing date is what is counted."""

    id = "landed.conviction-after-hearing"
    severity = "warning"
    sentence = "Few convictions are dated after the hearing"
    remedy = "Ask the source; counts by hearing date are not affected"
    applies = "conviction_date is not null"
    broken = "conviction_date > hearing_date"


class StatementIncomplete(LandedRule):
    """A statement of which a part was set aside may lack the result that would have been counted."""

    id = "landed.statement-incomplete"
    severity = "warning"
    over = "statements"
    sentence = "Few statements are incomplete because a part of them was set aside"
    remedy = "Look at what is in quarantine (courtstats quarantine), have it corrected and land it again"
    broken = "not complete"


class ResultRepeated(LandedRule):
    """The same result twice on one offence: harmless to counts of cases, not to counts of orders."""

    id = "landed.result-repeated"
    severity = "warning"
    over = "statements"
    sentence = "Few results are said twice on one offence of one statement"
    remedy = "Ask the source; do not count orders from it until the repeats are explained"
    query = """
        select coalesce(sum(results_said), 0)::bigint as checked,
            coalesce(sum(results_repeated), 0)::bigint as unexpected
        from {batch}
    """


LANDED: tuple[type[Rule], ...] = (
    OffenceCodeWellFormed,
    ResultCodeDigits,
    HearingDatePlausible,
    OneHearingDate,
    KeyInOneMonth,
    PositionUnique,
    EmptyStatementAlone,
    CaseKeyStrengthFits,
    CourtCodeFormat,
    CaseKeyWeak,
    ResultUncoded,
    BeforeStalkingProtectionAct,
    ConvictionAfterHearing,
    StatementIncomplete,
    ResultRepeated,
)
