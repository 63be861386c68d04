"""Rules on whole statements, and on a landing as a whole."""

from expectations.landed_rule import LandedRule

_SOME = 20


class OneHearingDate(LandedRule):
    """A statement is about one day in court; two days in one mean that a reader mixed hearings."""

    id = "landed.statement-one-hearing-date"
    severity = "critical"
    over = "statements"
    sentence = "Every statement has one hearing date"
    remedy = "Report the source: its reader put two days into one statement"
    broken = "first_day <> last_day"


class KeyInOneMonth(LandedRule):
    """A count reads only the months of its period, so a rival statement in another month would not be seen, and a
    hearing that moved would count in both."""

    id = "landed.key-in-one-month"
    severity = "critical"
    over = "statements"
    sentence = "All statements of one key are about the same month"
    remedy = "Report the source: a later statement moved its hearing to another month under the same key"
    query = """
        select segment, count(*) as checked,
            count(*) filter (where date_trunc('month', first_day) <> date_trunc('month', last_day)) as unexpected
        from (
            select 'source=' || min(source_name) as segment, min(first_day) as first_day, max(last_day) as last_day
            from {batch} group by key
        ) group by segment
    """


class PositionUnique(LandedRule):
    """Two rows in one place of one statement: something was landed twice, and counts of orders would double."""

    id = "landed.result-position-unique"
    severity = "critical"
    over = "statements"
    sentence = "Every position in a statement holds one result"
    remedy = "Find the batch that landed twice (courtstats status) and restore the records store from before it"
    query = """
        select 'source=' || source_name as segment, coalesce(sum(all_rows), 0)::bigint as checked,
            coalesce(sum(positions_repeated), 0)::bigint as unexpected
        from {batch} group by source_name
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


class StatementIncomplete(LandedRule):
    """A statement of which a part was set aside may lack the result that would have been counted. Messages with an
    offence without a code are the usual cause."""

    id = "landed.statement-incomplete"
    severity = "warning"
    over = "statements"
    sentence = "Few statements are incomplete because a part of them was set aside"
    remedy = "Look at what is in quarantine (courtstats quarantine), have it corrected and land it again"
    broken = "not complete"


class StatementEmpty(LandedRule):
    """A message without results says that nothing is left of a hearing. Many of them mean that a feed sends its
    messages before the results are in, or has lost them. Judged only where a source has at least 20 messages."""

    id = "landed.statement-empty"
    severity = "warning"
    over = "statements"
    sentence = "Few messages have no results"
    remedy = "Ask the source whether results were left out; what was said of these hearings before no longer counts"
    sources = ("spi", "common-platform")
    query = f"""
        select 'source=' || source_name as segment, count(*) as checked,
            case when count(*) >= {_SOME} then count(*) filter (where results_said = 0 and empty_rows > 0)
                else 0 end as unexpected
        from {{batch}} where source_format in ('spi', 'common-platform') group by source_name
    """  # noqa: S608 - a number


class ResultRepeated(LandedRule):
    """The same result twice on one offence: harmless to counts of cases, not to counts of orders. A misspelt branch
    beside the true one repeats all of its results."""

    id = "landed.result-repeated"
    severity = "warning"
    over = "statements"
    sentence = "Few results are said twice on one offence of one statement"
    remedy = "Ask the source; do not count orders from it until the repeats are explained"
    query = """
        select 'source=' || source_name as segment, coalesce(sum(results_said), 0)::bigint as checked,
            coalesce(sum(results_repeated), 0)::bigint as unexpected
        from {batch} group by source_name
    """


class LandingNotEmpty(LandedRule):
    """Files arrived and nothing could be used, and nothing was known already: an empty export, or a source that has
    changed its shape."""

    id = "landed.landing-not-empty"
    severity = "warning"
    over = "landing"
    sentence = "A landing of files has statements, or repeats what is known"
    remedy = "Look at the files and at what was set aside (courtstats quarantine); ask the source for the true delivery"
    applies = "files > 0"
    broken = "statements = 0 and repeated = 0"


class LandingRefused(LandedRule):
    """What is set aside is not counted. More of it than usual means that a source has changed its shape."""

    id = "landed.landing-refused"
    severity = "warning"
    over = "landing"
    sentence = "Little of a landing was set aside in quarantine"
    remedy = "Look at the reasons (courtstats quarantine), have it corrected, then land it again"
    query = """
        select 'source=' || source_name as segment, results + repeated + refused as checked, refused as unexpected
        from {batch}
    """


class LandingRepeated(LandedRule):
    """A source that sends mostly what is known already is read needlessly often, or has stopped sending news."""

    id = "landed.landing-repeated"
    severity = "info"
    over = "landing"
    sentence = "A landing is mostly new"
    remedy = "Nothing is wrong with any figure; compare the source's schedule with how often it has news"
    query = """
        select 'source=' || source_name as segment, statements + repeated as checked, repeated as unexpected
        from {batch}
    """


STATEMENT_RULES = (
    OneHearingDate,
    KeyInOneMonth,
    PositionUnique,
    EmptyStatementAlone,
    StatementIncomplete,
    StatementEmpty,
    ResultRepeated,
)
LANDING_RULES = (LandingNotEmpty, LandingRefused, LandingRepeated)
