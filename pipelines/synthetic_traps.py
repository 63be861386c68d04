"""The named traps of the demo: small histories of invented cases, each testing one part of the letter's rule.

Under the right rule they add up to 27 cases from 1 January to 31 March 2020; everything else in the
demo adds nothing. Each part of the rule, done wrong, gives another number: tests/synthetic/.

Here are the results, units, dates and codes; what is told more than once, or badly, or in a table, is
in `pipelines.synthetic_histories`.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from pipelines.synthetic_cases import (
    GRANTED,
    INTERIM,
    NEW,
    ORDER,
    REFUSED,
    RESTORED,
    VARY,
    WITHDRAWN,
    WITHDRAWN_BY_APPLICANT,
    WORDINGS,
    PlannedTrap,
    case_of,
    heard,
    on,
)
from pipelines.synthetic_histories import histories
from pipelines.synthetic_messages import Offence, Result


def traps() -> tuple[PlannedTrap, ...]:
    """Every trap, in the order in which they are explained; the same for every seed."""
    return (*_results(), *_units(), *_dates(), *_codes(), *histories())


def _results() -> Iterator[PlannedTrap]:
    yield PlannedTrap(
        "granted-without-code",
        "'G - Granted.' carries no result code and counts by its whole text",
        1,
        (heard(1, date(2020, 2, 4), on(NEW, Result(None, "G - Granted."))),),
    )
    yield PlannedTrap(
        "granted-in-other-spelling",
        "Texts are compared without regard to case and white space: non-breaking, doubled, and ends of lines",
        1,
        (heard(3, date(2020, 1, 29), on(NEW, Result(None, "\u00a0G -\u00a0\n  GRANTED.  "))),),
    )
    yield PlannedTrap(
        "soap-double-escaping",
        "An order inside a SOAP envelope, where the message is escaped twice, is read",
        1,
        (heard(4, date(2020, 2, 6), on(NEW, ORDER), wrapper="soap"),),
    )
    yield PlannedTrap(
        "interim-alone",
        "An interim order (3306) is not a Stalking Protection Order",
        0,
        (heard(5, date(2020, 2, 11), on(NEW, INTERIM)),),
    )
    until = replace(INTERIM, next_hearing=date(2020, 4, 23))
    yield PlannedTrap(
        "interim-with-granted-uncoded-1000",
        "Result code 1000 means 'uncoded': its text 'Granted' counts, by the letter's rule beside an interim order too",
        1,
        (heard(2, date(2020, 3, 5), on(NEW, until, Result("1000", "Granted"))),),
    )
    yield PlannedTrap(
        "not-granted",
        "Applications that were refused, withdrawn, dismissed or adjourned do not count",
        0,
        (
            heard(7, date(2020, 1, 30), on(NEW, REFUSED)),
            heard(8, date(2020, 2, 13), on(NEW, WITHDRAWN_BY_APPLICANT)),
            heard(9, date(2020, 2, 27), on(VARY, Result("2006", "Dismissed"))),
            heard(10, date(2020, 3, 3), on(NEW, Result("4506", "Adjourned", date(2020, 4, 21)))),
        ),
    )
    yield PlannedTrap(
        "bail-granted",
        "'granted' within a longer text (bail, legal aid) is not the result 'Granted'",
        0,
        (
            heard(11, date(2020, 2, 18), on(NEW, Result(None, "Bail granted until 17 March 2020"))),
            heard(12, date(2020, 3, 10), on(NEW, Result(None, "Legal Aid Transfer Granted"))),
        ),
    )
    yield PlannedTrap(
        "granted-text-of-another-code",
        "The text 'Granted.' of a result with a code of its own (4027, remanded on bail) does not count",
        0,
        (heard(13, date(2020, 3, 11), on(NEW, Result("4027", "Granted."))),),
    )


def _units() -> Iterator[PlannedTrap]:
    yield PlannedTrap(
        "spo-and-granted-on-one-case",
        "A case with both results (here on both applications of one day) counts once, as a new application",
        1,
        (heard(14, date(2020, 2, 20), on(VARY, GRANTED), on(NEW, ORDER, GRANTED), wrapper="route"),),
    )
    several = heard(15, date(2020, 2, 25), on(NEW, ORDER))
    yield PlannedTrap(
        "several-defendants-on-one-urn",
        "Three defendants under one URN, two in one message and one in another, are one case",
        1,
        (
            replace(several, cases=(*several.cases, case_of(15, on(NEW, ORDER), defendant=1))),
            replace(several, cases=(case_of(15, on(NEW, ORDER), defendant=2),)),
        ),
    )
    varied = heard(16, date(2020, 3, 17), on(VARY, GRANTED))
    small = tuple(replace(case, urn=case.urn.lower()) for case in varied.cases)
    yield PlannedTrap(
        "several-hearings-of-one-case",
        "A case granted in January and varied in March, there under its URN in lower case, counts once, in January, "
        "as a new application",
        1,
        (heard(16, date(2020, 1, 28), on(NEW, ORDER)), replace(varied, cases=small)),
    )
    review = replace(ORDER, next_hearing=date(2020, 5, 19))
    yield PlannedTrap(
        "adjourned-then-granted",
        "The first qualifying hearing dates the case: adjourned in January, granted in February; the date of the next "
        "hearing, in May, is not the hearing's date",
        1,
        (
            heard(17, date(2020, 1, 27), on(NEW, Result("4506", "Adjourned", date(2020, 2, 24)))),
            heard(17, date(2020, 2, 24), on(NEW, review), wrapper="route"),
        ),
    )
    yield PlannedTrap(
        "granted-and-varied-after-the-quarter",
        "Each period is answered on its own: granted in February and varied in June counts in both quarters",
        1,
        (
            heard(18, date(2020, 2, 12), on(NEW, ORDER)),
            heard(18, date(2020, 6, 9), on(VARY, GRANTED), delivery=RESTORED),
        ),
    )
    yield PlannedTrap(
        "variation",
        "An application to vary an order (ST19502) counts like a new one",
        1,
        (heard(20, date(2020, 3, 19), on(VARY, GRANTED)),),
    )
    first = heard(21, date(2020, 3, 18), on("CJ88001", Result("1015", "Fined 100.")), wrapper="bare")
    yield PlannedTrap(
        "last-case-of-a-message",
        "Every Case of a message is read, here the order in the last of three (default namespace, no wrapper)",
        1,
        (
            replace(
                first,
                cases=(
                    *first.cases,
                    case_of(22, on("CJ88001", Result("2006", "Dismissed"))),
                    case_of(29, on(NEW, ORDER)),
                ),
            ),
        ),
    )


def _dates() -> Iterator[PlannedTrap]:
    yield PlannedTrap(
        "day-before-the-quarter",
        "31 December 2019 is outside (and before the Act came into force: a check warns)",
        0,
        (heard(35, date(2019, 12, 31), on(NEW, ORDER)),),
    )
    yield PlannedTrap(
        "first-day-of-the-quarter",
        "1 January 2020 is inside: bad data, for the Act came into force on 20 January, "
        "but the letter's rule counts it and a check warns",
        1,
        (heard(36, date(2020, 1, 1), on(NEW, GRANTED)),),
    )
    yield PlannedTrap(
        "last-day-of-the-quarter",
        "31 March 2020 is inside: both ends of a period are",
        1,
        (heard(37, date(2020, 3, 31), on(NEW, ORDER), wrapper="route"),),
    )
    yield PlannedTrap(
        "day-after-the-quarter", "1 April 2020 is outside", 0, (heard(38, date(2020, 4, 1), on(NEW, ORDER)),)
    )


def _codes() -> Iterator[PlannedTrap]:
    day = date(2020, 2, 5)
    yield PlannedTrap(
        "offence-code-in-lower-case",
        "st19501 is ST19501: the case of an offence code means nothing; delivered late, with the third messages",
        1,
        (heard(59, date(2020, 2, 26), Offence(NEW.lower(), WORDINGS[NEW], (ORDER,)), delivery=WITHDRAWN),),
    )
    yield PlannedTrap(
        "attempt-form",
        "ST19501A is not ST19501: offence codes match exactly",
        0,
        (heard(40, day, Offence("ST19501A", WORDINGS[NEW], (ORDER,))),),
    )
    yield PlannedTrap(
        "renewals-and-discharges",
        "Applications to renew or discharge an order, or to vary an interim one, are other questions",
        0,
        tuple(heard(41 + i, day, on(f"ST1950{3 + i}", GRANTED)) for i in range(3)),
    )
    yield PlannedTrap(
        "breach",
        "Breach of an order (ST19001) is an offence, whatever was granted beside it",
        0,
        (heard(44, date(2020, 3, 4), on("ST19001", GRANTED)),),
    )
    yield PlannedTrap(
        "order-on-another-offence",
        "An order recorded on an offence that is no application (CJ88001) does not count",
        0,
        (heard(45, date(2020, 3, 20), on("CJ88001", ORDER)),),
    )
    yield PlannedTrap(
        "granted-on-another-application",
        "Offence and result must be on one record: refused here, something else granted on the same case",
        0,
        (heard(46, date(2020, 3, 24), on(NEW, REFUSED), on("CD98510", GRANTED)),),
    )
    yield PlannedTrap(
        "entered-in-error",
        "A result 4583 removes its offence with all its results",
        0,
        (heard(47, date(2020, 3, 13), on(NEW, ORDER, Result("4583", "Entered in error."))),),
    )
