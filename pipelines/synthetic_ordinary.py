"""The rest of the demo: ordinary cases of theft, assault and the like, in which no order is ever made.

Nothing here is an application for a stalking protection order, so none of it may ever be counted.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from pipelines.synthetic_cases import Row
from pipelines.synthetic_messages import (
    COMMON_PLATFORM,
    COURTS,
    DUMMY_ASN,
    DUMMY_URN,
    LIBRA,
    Case,
    Message,
    Offence,
    Result,
    asn,
    person_name,
    urn,
)

FIRST_HEARING, LAST_HEARING = date(2019, 10, 1), date(2020, 6, 30)
OFFENCES = {
    "TH68010": "Theft from a shop",
    "CJ88001": "Common assault",
    "TH68006": "Theft of pedal cycle",
    "TH68001": "Theft from the person of another",
    "RT88191": "Use a motor vehicle without third party insurance",
    "CJ67002": "Drunk and disorderly in a public place",
    "CD71039": "Criminal damage to property value under £5000",
    "PU86004": "Use threatening words or behaviour with intent to cause fear of violence",
    "PH97003": "Breach of a restraining order",
}
_MOST_CASES = 80_000
_TABLE_SHARE = 0.06


def table_cases(cases: int) -> int:
    """How many of the ordinary cases are told by the table extract and not by messages."""
    return int(cases * _TABLE_SHARE)


def ordinary_messages(rng: Random, cases: int, receipts: tuple[date, ...]) -> Iterator[Message]:
    """Messages about so many ordinary cases; `receipts` are the days of the SPI deliveries, in order.

    One message holds one to three cases of a court's day. Some cases are heard twice, some have two
    defendants, some are amended later, and some messages are delivered twice.
    """
    if cases > _MOST_CASES:
        raise ValueError(f"at most {_MOST_CASES} cases have references of their own")
    number = 0
    while number < cases:
        court, day = rng.choice(COURTS), _hearing_day(rng)
        delivery = next(i for i, received in enumerate(receipts) if day < received)
        wrapper = rng.choice(("deliver", "deliver", "deliver", "route", "route", "bare"))
        system = COMMON_PLATFORM if wrapper == "route" and rng.random() < 0.2 else LIBRA
        told: list[Case] = []
        for _ in range(min(rng.choice((1, 1, 1, 1, 2, 3)), cases - number)):
            number += 1
            told += _defendants(rng, number, court.force, system, day)
        message = Message(delivery, court.ou, court.lja, day, tuple(told), wrapper, system)
        yield message
        yield from _later(rng, message, day, receipts)


def _later(rng: Random, message: Message, day: date, receipts: tuple[date, ...]) -> Iterator[Message]:
    """What follows a message: a further hearing, an amendment, or the same delivery once more."""
    afterwards = message.delivery + 1
    further = day + timedelta(days=28)
    if rng.random() < 0.1 and further <= LAST_HEARING:
        again = tuple(replace(case, offences=_offences(rng, further)) for case in message.cases)
        delivery = next(i for i, received in enumerate(receipts) if further < received)
        yield replace(message, day=further, cases=again, delivery=delivery)
    if afterwards < len(receipts) and rng.random() < 0.04:
        amended = tuple(replace(case, offences=_offences(rng, day)) for case in message.cases)
        yield replace(message, cases=amended, delivery=afterwards)
    elif afterwards < len(receipts) and rng.random() < 0.02:
        yield replace(message, delivery=afterwards, wrapper=rng.choice(("deliver", "route")))


def ordinary_rows(rng: Random, cases: int, first: date, last: date) -> Iterator[Row]:
    """Rows of the table extract for so many ordinary cases, heard on the weekdays from `first` to `last`."""
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    days = [day for day in days if day.weekday() < 5]
    for number in range(1, cases + 1):
        day, court, offence = rng.choice(days), rng.randrange(len(COURTS)), rng.choice(list(OFFENCES))
        reference = urn(COURTS[court].force, 80_000 + number) if rng.random() < 0.8 else ""
        results = rng.choice(
            (
                (("FO", "Fine"), ("FCOST", "Costs")),
                (("CD", "Conditional discharge"),),
                (("WDRN", "Withdrawn"),),
                (("RC", "Bail granted on conditions until the next hearing"),),
                (("FCOMP", "Compensation"), ("FO", "Fine"), ("FCPC", "Costs to Crown Prosecution Service")),
            )
        )
        for code, text in results:
            yield Row(day, f"SY-{number:06d}", reference, court, 60_000 + number, offence, code, text)


def _hearing_day(rng: Random) -> date:
    day = FIRST_HEARING + timedelta(days=rng.randrange((LAST_HEARING - FIRST_HEARING).days + 1))
    return day - timedelta(days=max(0, day.weekday() - 4))


def _defendants(rng: Random, number: int, force: str, system: str, day: date) -> Iterator[Case]:
    # Applications that stand alone come with dummy references; so does the odd malformed one.
    if system == COMMON_PLATFORM and rng.random() < 0.3:
        yield Case(rng.choice((DUMMY_URN, "00NP0000008", "70")), DUMMY_ASN, number, _civil(rng))
        return
    for defendant in range(2 if rng.random() < 0.04 else 1):
        person = number + 100_000 * defendant
        yield Case(urn(force, number), asn(force, number * 10 + defendant), person, _offences(rng, day))


def _civil(rng: Random) -> tuple[Offence, ...]:
    outcome = rng.choice((Result(None, "Granted."), Result(None, "Refused."), Result("2063", "Withdrawn")))
    return (Offence("CD98510", "Application to discharge a parenting order", (outcome,)),)


def _offences(rng: Random, day: date) -> tuple[Offence, ...]:
    return tuple(_offence(rng, day) for _ in range(rng.choice((1, 1, 1, 2, 3))))


def _offence(rng: Random, day: date) -> Offence:
    code = rng.choice(list(OFFENCES))
    wording, chance = OFFENCES[code], rng.random()
    if chance < 0.15:
        return Offence(code, wording, (Result("2006", "Dismissed"),))
    if chance < 0.25:
        later = day + timedelta(days=28)
        bail = Result(None, f"Bail granted until {later.strftime('%d/%m/%Y')}")
        adjourned = Result("4047", "Remanded on unconditional bail", later)
        return Offence(code, wording, (adjourned, bail), final=False)
    amount = rng.randrange(40, 400, 5)
    punished = rng.choice(
        (
            (Result("1015", f"Fined {amount}."), Result("3117", "To pay victim surcharge of £40.00.")),
            (Result("1015", f"Fined {amount}."), Result("3011", f"to pay Costs of {amount} to CPS")),
            (Result("1002", f"Imprisonment for {1 + amount % 12} Months"),),
            (Result("1018", "Conditional discharge\nPeriod\u00a0of conditional discharge 6 Months"),),
            (Result("1116", f"Community order made. {person_name(amount)} must comply with its requirements."),),
            (Result("3012", f"Compensation {amount}."),),
        )
    )
    return Offence(code, wording, punished, finding="G")
