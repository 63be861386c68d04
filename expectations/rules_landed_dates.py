"""Rules on the dates of landed records: against the law, against each other, against the calendar."""

from expectations.landed_rule import LandedRule

_DAY = "86400 * 1000000::bigint"
_AFTER = "epoch_us(hearing_date::timestamp) - epoch_us({column}) > " + _DAY
_FEW = 200
_ENOUGH_DAYS = 10


class HearingDatePlausible(LandedRule):
    """A slip of a digit in a date moves a case into another period. Usually day and month are exchanged in a mapping,
    or --received-at was given wrongly."""

    id = "landed.hearing-date-plausible"
    severity = "critical"
    sentence = "Every hearing is dated 1990 or later, and no more than a day after it was received"
    remedy = "Check the date format of the mapping and --received-at; then land the source again"
    broken = f"hearing_date < date '1990-01-01' or {_AFTER.format(column='received_at')}"


class HearingOnNewYearsDay(LandedRule):
    """Systems put 1 January where they have no date, and hardly a court sits on that day. Such cases are counted in
    January, whenever they were heard. Judged only where a source has at least 200 results: a few hearings are true."""

    id = "landed.hearing-on-new-years-day"
    severity = "warning"
    sentence = "Few hearings are dated 1 January"
    remedy = "Ask the source whether 1 January stands for an unknown day; they are counted as dated"
    query = f"""
        select 'source=' || source_name as segment, count(*) as checked,
            case when count(*) >= {_FEW} then count(*) filter (where month(hearing_date) = 1 and day(hearing_date) = 1)
                else 0 end as unexpected
        from {{batch}} where result_index is not null group by source_name
    """  # noqa: S608 - a number


class HearingsSpread(LandedRule):
    """Hearings of many days of which more than half fall on one are a sign of a default date. Judged only where a
    source has at least 200 results on at least 10 days."""

    id = "landed.hearings-spread"
    severity = "warning"
    sentence = "No single day holds more than half of a source's results over many days"
    remedy = "Ask the source whether that day stands for an unknown one; the results are counted as dated"
    query = f"""
        select segment, sum(results)::bigint as checked,
            case when count(*) >= {_ENOUGH_DAYS} and sum(results) >= {_FEW} and 2 * max(results) > sum(results)
                then max(results) else 0 end as unexpected
        from (
            select 'source=' || source_name as segment, hearing_date, count(*) as results
            from {{batch}} where result_index is not null group by all
        ) group by segment
    """  # noqa: S608 - two numbers


class BeforeStalkingProtectionAct(LandedRule):
    """The Stalking Protection Act 2019 came into force on 20 January 2020: an application heard before is a wrong date
    or a wrong code."""

    id = "landed.stalking-protection-before-act"
    severity = "warning"
    sentence = "No Stalking Protection Act application (ST195..) was heard before 20 January 2020"
    remedy = "Treat these as wrong dates or wrong codes, and ask the source; they are counted as dated"
    questions = ("stalking-protection-orders", "stalking-protection-applications")
    applies = "starts_with(offence_code, 'ST195')"
    broken = "hearing_date < date '2020-01-20'"


class BeforeStalkingOffences(LandedRule):
    """Stalking is an offence of its own since 25 November 2012 (Protection of Freedoms Act 2012, sections 111 and
    112): a hearing of one before is a wrong date or a wrong code."""

    id = "landed.stalking-offence-before-act"
    severity = "warning"
    sentence = "No stalking offence was heard before 25 November 2012"
    remedy = "Treat these as wrong dates or wrong codes, and ask the source; they are counted as dated"
    questions = ("restraining-orders-for-stalking",)
    applies = "left(offence_code, 7) in ('PH97006', 'PH97007', 'PH97008', 'PH97010', 'PH97011')"
    broken = "hearing_date < date '2012-11-25'"


class ConvictionAfterHearing(LandedRule):
    """Seen in real messages; the hearing date is what is counted. Where a conviction decides, such a result does not
    count as one of a convicted defendant."""

    id = "landed.conviction-after-hearing"
    severity = "warning"
    sentence = "Few convictions are dated after the hearing"
    remedy = "Ask the source; counts by hearing date are not affected"
    applies = "conviction_date is not null"
    broken = "conviction_date > hearing_date"


class ConvictionDatePlausible(LandedRule):
    """A conviction of 1900 or 1970 is a default of some system, and would let a result count as one of a convicted
    defendant."""

    id = "landed.conviction-date-plausible"
    severity = "warning"
    sentence = "Few convictions are dated before 1980"
    remedy = "Ask the source whether the date stands for an unknown one; without a date a finding is needed"
    applies = "conviction_date is not null"
    broken = "conviction_date < date '1980-01-01'"


class StatedAfterReceived(LandedRule):
    """The latest statement replaces those before it, so a time in the future wins over every true amendment. Usually a
    clock or a time zone is wrong, or --received-at was given too early."""

    id = "landed.stated-after-received"
    severity = "warning"
    sentence = "No statement is made more than a day after it was received"
    remedy = "Check --received-at and the source's clock; later amendments of these hearings are not taken"
    broken = f"epoch_us(stated_at) - epoch_us(received_at) > {_DAY}"


class StatedBeforeHearing(LandedRule):
    """A result that was shared more than a day before its hearing cannot be that hearing's. Usually the day of the
    next hearing was taken for the day of this one."""

    id = "landed.stated-before-hearing"
    severity = "warning"
    sentence = "Few results are stated more than a day before their hearing"
    remedy = "Ask the source which day the hearing was on; they are counted as dated"
    applies = "result_index is not null"
    broken = _AFTER.format(column="stated_at")


DATES = (
    HearingDatePlausible,
    HearingOnNewYearsDay,
    HearingsSpread,
    BeforeStalkingProtectionAct,
    BeforeStalkingOffences,
    ConvictionAfterHearing,
    ConvictionDatePlausible,
    StatedAfterReceived,
    StatedBeforeHearing,
)
