"""Write made Common Platform hearings, one a file: FOLDER HEARINGS. Keys and nesting are those of real ones."""

import json
import sys
import uuid
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from pipelines.synthetic_messages import COURTS, SYNTHETIC, asn, person_name, urn

SEED = 20_200_331
FIRST_DAY = date(2020, 1, 2)
DAYS = 180
OFFENCES = ("PH97010", "TH68010", "CD71039", "CJ88116", "RT88191", "MC80601")
RESULTS = (
    ("1015", "FO", "Fine"),
    ("1116", "COEW", "Community order England / Wales"),
    ("4505", "ADJ", "Adjourned"),
    ("3047", "RESTRAOP", "Restraining order for period"),
    (None, "COLLO", "Collection order"),
    (None, "CCST", "Crown Court sending type"),
)
APPLICATION_RESULTS = ((None, "G", "Granted"), ("3307", "SPO", "Stalking Protection Order"), (None, "RFSD", "Refused"))
Hearing = dict[str, Any]


class Maker:
    """Makes hearings with a random source of its own: the same ones every time."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def identity(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def hearing(self, number: int) -> Hearing:
        """One to three cases of one or two defendants, and in one of four hearings an application; about 25 kB."""
        pick, court = self._random, self._random.choice(COURTS)
        day = FIRST_DAY + timedelta(days=pick.randrange(DAYS))
        cases = [self._case(number * 3 + n, court.force, day) for n in range(pick.choice((1, 1, 1, 2)))]
        applications = [self._application(number, court.force, day)] if pick.random() < 1 / 4 else []
        return {
            "hearing": {
                "courtApplications": applications,
                "courtCentre": {
                    "address": {"address1": "SYNTHETIC ADDRESS", "postcode": "XX1 1XX"},
                    "code": court.ou,
                    "id": self.identity(),
                    "lja": {"ljaCode": court.lja, "ljaName": "Synthetic Magistrates' Court"},
                    "name": "Synthetic Magistrates' Court",
                    "roomName": "Courtroom 01",
                },
                "defendantAttendance": [],
                "hasSharedResults": True,
                "hearingDays": [
                    {"isCancelled": False, "listingSequence": 0, "sittingDay": f"{day}T10:00:00.000Z"},
                ],
                "id": self.identity(),
                "jurisdictionType": "MAGISTRATES",
                "prosecutionCases": cases,
                "type": {"description": "First hearing", "id": self.identity()},
            },
            "hearingDay": day.isoformat(),
            "isReshare": False,
            "note": SYNTHETIC,
            "sharedTime": f"{day}T15:{pick.randrange(60):02d}:00.000Z",
        }

    def _case(self, number: int, force: str, day: date) -> Hearing:
        return {
            "caseStatus": "ACTIVE",
            "defendants": [self._defendant(number * 2 + n, force, day) for n in range(self._random.choice((1, 1, 2)))],
            "id": self.identity(),
            "initiationCode": "C",
            "prosecutionCaseIdentifier": {
                "address": {"address1": "SYNTHETIC ADDRESS", "postcode": "XX1 1XX"},
                "caseURN": urn(force, number),
                "prosecutionAuthorityCode": "SYNTHETIC",
                "prosecutionAuthorityId": self.identity(),
                "prosecutionAuthorityName": "Synthetic Police",
                "prosecutionAuthorityOUCode": f"0{force}0000",
            },
        }

    def _defendant(self, number: int, force: str, day: date) -> Hearing:
        identity = self.identity()
        return {
            "id": identity,
            "masterDefendantId": identity,
            "isYouth": False,
            "offences": [self._offence(day) for _ in range(self._random.choice((1, 2, 3)))],
            "personDefendant": self._person(number, force),
            "prosecutionAuthorityReference": asn(force, number),
        }

    def _person(self, number: int, force: str) -> Hearing:
        return {
            "arrestSummonsNumber": asn(force, number),
            "bailStatus": {"code": "A", "description": "Not applicable", "id": self.identity()},
            "personDetails": {
                "address": {"address1": "SYNTHETIC ADDRESS", "address2": "Synthetic Town", "postcode": "XX1 1XX"},
                "contact": {"home": "00000000000", "primaryEmail": "synthetic@example.invalid"},
                "dateOfBirth": "1900-01-01",
                "firstName": "SYNTHETIC",
                "gender": "NOT_KNOWN",
                "lastName": person_name(number),
            },
        }

    def _offence(self, day: date) -> Hearing:
        return {
            "chargeDate": day.isoformat(),
            "id": self.identity(),
            "isDisposed": True,
            "judicialResults": [self._result(RESULTS, day) for _ in range(self._random.choice((1, 2, 2, 3)))],
            "offenceCode": self._random.choice(OFFENCES),
            "offenceDefinitionId": self.identity(),
            "offenceLegislation": "Contrary to a section of a synthetic act.",
            "offenceTitle": "Synthetic offence",
            "orderIndex": 1,
            "wording": "SYNTHETIC WORDING of an offence that nobody committed, of about the usual length. " * 3,
        }

    def _result(self, among: tuple[tuple[str | None, str, str], ...], day: date) -> Hearing:
        code, short, label = self._random.choice(among)
        identity = self.identity()
        prompts = [self._prompt(n) for n in range(self._random.choice((1, 3, 5)))]
        flags = ("alwaysPublished", "d20", "excludedFromResults", "isAdjournmentResult", "isDeleted", "lifeDuration")
        return {
            **dict.fromkeys(flags, False),
            "category": "FINAL",
            **({"cjsCode": code} if code else {}),
            "courtClerk": {"firstName": "SYNTHETIC", "lastName": "CLERK", "userId": self.identity()},
            "judicialResultId": identity,
            "judicialResultPrompts": prompts,
            "judicialResultTypeId": self.identity(),
            "label": label,
            "lastSharedDateTime": day.isoformat(),
            "orderedDate": day.isoformat(),
            "orderedHearingId": self.identity(),
            "rank": 64_000,
            "resultText": f"{short} - {label}\n" + "\n".join(f"{p['label']} {p['value']}" for p in prompts),
            "rootJudicialResultId": identity,
            "usergroups": [],
        }

    def _prompt(self, number: int) -> Hearing:
        return {
            "courtExtract": "Y",
            "isFinancialImposition": False,
            "judicialResultPromptTypeId": self.identity(),
            "label": f"Synthetic prompt {number}",
            "promptReference": f"syntheticPrompt{number}",
            "promptSequence": 100 * number,
            "type": "TXT",
            "value": 'SYNTHETIC VALUE that quotes "something" [and] {has} brackets',
            "welshLabel": f"Anogwr synthetig {number}",
        }

    def _application(self, number: int, force: str, day: date) -> Hearing:
        return {
            "applicant": {
                "id": self.identity(),
                "prosecutingAuthority": {"prosecutionAuthorityOUCode": f"0{force}0000"},
            },
            "applicationReceivedDate": day.isoformat(),
            "applicationReference": f"SYNTHETIC{number:08d}",
            "applicationStatus": "FINALISED",
            "id": self.identity(),
            "judicialResults": [self._result(APPLICATION_RESULTS, day)],
            "subject": {"id": self.identity(), "masterDefendant": {"personDefendant": self._person(number, force)}},
            "type": {"code": "ST19501", "linkType": "STANDALONE", "type": "Application for an order"},
        }


def main(folder: Path, hearings: int) -> None:
    folder.mkdir(parents=True)
    maker, size = Maker(SEED), 0
    for number in range(1, hearings + 1):
        data = json.dumps(maker.hearing(number), indent=1).encode()
        size += len(data)
        (folder / f"hearing-{number:06d}.json").write_bytes(data)
    (folder / "README.txt").write_text(SYNTHETIC + ".\n")
    print(json.dumps({"messages": hearings, "bytes": size}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
