"""The traps of the demo about statements: references, amendments, repeats, faulty files, the table extract."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from pipelines.synthetic_cases import (
    AMENDED,
    GRANTED,
    NEW,
    ORDER,
    REFUSED,
    RESTORED,
    VARY,
    WITHDRAWN,
    PlannedTrap,
    Row,
    case_of,
    heard,
    on,
    standalone,
)
from pipelines.synthetic_messages import COURTS, DUMMY_ASN, Result, urn


def histories() -> Iterator[PlannedTrap]:
    """The traps in which what was said before, or how it was said, decides."""
    yield from _references()
    yield from _amendments()
    yield from _faults()
    yield from _table()


def _references() -> Iterator[PlannedTrap]:
    day = date(2020, 3, 6)
    yield PlannedTrap(
        "dummy-urns-of-different-people",
        "Two people's orders under one dummy URN, alike but for the person, are two cases",
        2,
        (standalone(30, day, ORDER), standalone(31, day, ORDER)),
    )
    lone = standalone(32, date(2020, 2, 14), Result(None, "G - Granted"), dummy="00NP0000008")
    yield PlannedTrap(
        "dummy-urn-delivered-twice",
        "A message with a dummy URN and the text 'G - Granted', delivered again in another wrapper, is one case",
        1,
        (lone, replace(lone, delivery=AMENDED, wrapper="deliver")),
    )
    again = heard(33, date(2020, 3, 9), on(NEW, ORDER), wrapper="route")
    again = replace(again, envelope="SYNTHETIC-REPEATED-33")
    yield PlannedTrap(
        "exact-repeats",
        "The same file delivered again, and the same content in two other wrappers, is one case",
        1,
        (
            again,
            replace(again, delivery=AMENDED),
            replace(again, delivery=AMENDED, wrapper="deliver", envelope=None),
            replace(again, delivery=WITHDRAWN, wrapper="bare", envelope=None),
        ),
    )
    both = heard(58, date(2020, 1, 22), on(NEW, GRANTED))
    others = (*both.cases, case_of(58, on(NEW, REFUSED), defendant=1))
    yield PlannedTrap(
        "dummy-asns-on-one-urn",
        "Two defendants of one case who share a dummy ASN are two people: granted for the first, and the refusal "
        "for the second, said after it, does not replace that",
        1,
        (replace(both, cases=tuple(replace(case, asn=DUMMY_ASN) for case in others)),),
    )


def _amendments() -> Iterator[PlannedTrap]:
    room = heard(48, date(2020, 2, 7), on(NEW, REFUSED), delivery=AMENDED)
    yield PlannedTrap(
        "granted-then-refused",
        "A later delivery about the same case, hearing and court replaces the earlier, though it names another "
        "room (the first 5 characters are the court): refused",
        0,
        (heard(48, date(2020, 2, 7), on(NEW, ORDER, GRANTED)), replace(room, court=room.court[:5] + "02")),
    )
    yield PlannedTrap(
        "refused-then-granted",
        "Amended the other way: granted",
        1,
        (
            heard(49, date(2020, 3, 2), on(NEW, REFUSED)),
            heard(49, date(2020, 3, 2), on(NEW, ORDER), delivery=AMENDED),
        ),
    )
    yield PlannedTrap(
        "withdrawn",
        "A later statement without offences, or without results, leaves nothing to count",
        0,
        (
            heard(50, date(2020, 2, 17), on(NEW, ORDER)),
            heard(50, date(2020, 2, 17), delivery=WITHDRAWN),
            heard(51, date(2020, 3, 23), on(NEW, GRANTED)),
            heard(51, date(2020, 3, 23), on(NEW), delivery=WITHDRAWN, wrapper="route"),
        ),
    )
    there = heard(52, date(2020, 1, 31), on(NEW, ORDER))
    yield PlannedTrap(
        "withdrawn-and-restored",
        "Granted, withdrawn, granted again: three statements, of which the last is in force",
        1,
        (there, heard(52, date(2020, 1, 31), delivery=WITHDRAWN), replace(there, delivery=RESTORED)),
    )
    old = replace(heard(53, date(2020, 3, 16), on(NEW, ORDER)), envelope="SYNTHETIC-REPEATED-53")
    yield PlannedTrap(
        "late-repeat-of-an-old-delivery",
        "Granted, refused, then the first file once more: a repeat of a delivery says nothing new",
        0,
        (old, heard(53, date(2020, 3, 16), on(NEW, REFUSED), delivery=AMENDED), replace(old, delivery=WITHDRAWN)),
    )


def _faults() -> Iterator[PlannedTrap]:
    yield PlannedTrap(
        "truncated-file",
        "A file that was cut off is set aside as a whole",
        0,
        (replace(heard(54, date(2020, 2, 21), on(NEW, ORDER)), keep=0.97),),
    )
    yield PlannedTrap(
        "date-is-a-template-token",
        "A hearing date that is no date is set aside, not guessed",
        0,
        (heard(55, "DATE_OF_HEARING", on(NEW, replace(ORDER, next_hearing=date(2020, 3, 26)))),),
    )
    yield PlannedTrap(
        "offence-without-code",
        "An offence without a code is set aside; what remains of the statement counts, marked incomplete",
        1,
        (heard(56, date(2020, 3, 25), on(NEW, ORDER), on(None, Result("1015", "Fined 100."))),),
    )


def _table() -> Iterator[PlannedTrap]:
    shared = heard(57, date(2020, 3, 9), on(NEW, ORDER))
    yield PlannedTrap(
        "table-spo-and-granted",
        "In the table extract too, SPO and G on one case count once, here over two defendants",
        1,
        rows=(
            Row(date(2020, 3, 11), "SY-900001", "", 4, 95_001, NEW, "SPO", "Stalking Protection Order"),
            Row(date(2020, 3, 11), "SY-900001", "", 4, 95_001, NEW, "G", "Granted"),
            Row(date(2020, 3, 11), "SY-900001", "", 4, 95_002, NEW, "G", "Granted"),
        ),
    )
    yield PlannedTrap(
        "table-word-granted-and-day-first",
        "A table may say Granted in words for a code, whatever its text; 04/03/2020 is 4 March, not 3 April",
        1,
        rows=(Row(date(2020, 3, 4), "SY-900002", urn("20", 90_097), 5, 95_003, NEW, "Granted", "For 2 years"),),
    )
    yield PlannedTrap(
        "table-short-codes-alone",
        "In a table SPO alone counts, and so does G without a text",
        2,
        rows=(
            Row(date(2020, 3, 12), "SY-900007", "", 1, 95_008, NEW, "SPO", "Stalking Protection Order"),
            Row(date(2020, 3, 10), "SY-900008", "", 7, 95_009, VARY, "G", ""),
        ),
    )
    yield PlannedTrap(
        "table-and-message",
        "A case that came as a message and as a row of the table, under one URN, counts once",
        1,
        (shared,),
        (Row(date(2020, 3, 9), "", shared.cases[0].urn, 57 % len(COURTS), 90_570, NEW, "SPO", ""),),
    )
    yield PlannedTrap(
        "table-not-granted",
        "Refusals, renewals and bail in the table do not count; nor does a row outside the days that it covers",
        0,
        rows=(
            Row(date(2020, 3, 5), "SY-900003", "", 0, 95_004, NEW, "RFSD", "Refused"),
            Row(date(2020, 3, 6), "SY-900004", "", 2, 95_005, "ST19503", "G", "Granted"),
            Row(date(2020, 3, 10), "SY-900005", "", 3, 95_006, NEW, "RC", "Bail granted until 7 April 2020"),
            Row(date(2020, 3, 24), "SY-900006", "", 6, 95_007, NEW, "SPO", "Stalking Protection Order"),
        ),
    )
