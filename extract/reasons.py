"""Every reason for which something is set aside, with its sentence. Codes are stored, so none is ever reused."""

REASONS: dict[str, str] = {
    "unreadable": "The file cannot be opened or read",
    "unknown-kind": "The file is of no kind that is read, or of another kind than the rest",
    "too-large": "The content is larger than the limit",
    "too-deep": "The XML or JSON is nested deeper than the limit",
    "text-too-long": "A text is longer than the limit",
    "doctype": "The XML declares a document type or entities",
    "bad-encoding": "The bytes are not in the declared encoding, or contain NUL",
    "malformed-xml": "The XML is truncated or not well formed",
    "not-a-result-message": "There is no ResultedCaseMessage inside",
    "no-case": "There is no case, or nothing that identifies it",
    "several-defendants": "A Case has a second defendant; messages carry one defendant a Case",
    "no-court": "The court is missing or malformed",
    "bad-date": "A date is missing or is no date",
    "hearing-to-come": "A hearing is dated more than a day after its content was received",
    "no-offence-code": "An offence has no code",
    "bad-offence-code": "An offence code is not 1 to 8 letters and digits, a digit among them",
    "bad-result-code": "A result code is not a code",
    "outside-covers": "A row is dated outside the days that the extract covers",
    "outside-filter": "A row does not satisfy the filter that the mapping declares",
    "malformed-json": "The JSON is truncated or not well formed",
    "not-hearing-resulted": "The JSON is not a hearing with its results",
    "no-key": "What identifies a hearing, case, application or result is missing or malformed",
    "bad-shape": "A part of the message that is read is of another kind than it has to be",
    "bad-share-time": "The time at which a hearing was shared is missing, or is no time",
    "bad-archive": "The archive cannot be read to its end",
    "unsafe-path": "An archive names a file outside itself, or something that is no file",
    "archive-in-archive": "An archive holds another archive",
    "too-many-members": "An archive holds more files, or a file more messages, than the limit",
    "too-many-faults": "A file has more faults than are kept one by one; this stands for all others",
}

MORE_FAULTS = "too-many-faults"
"""The reason that stands for the faults of a file that are not kept one by one: nobody knows which they are."""
NOT_OF_THE_DAY = frozenset({"hearing-to-come", "outside-covers", "outside-filter"})
"""Reasons for which a row of a table is set aside that is no part of its day: they leave the day complete."""

_AGAIN = "have it corrected at its source and land it again"
_LEAVE_OUT = "It is another kind of message: leave it out and release it (courtstats quarantine release)"
REMEDIES: dict[str, str] = {
    "unreadable": f"See that the file is there, that it may be read and that it is whole; if it is damaged, {_AGAIN}",
    "unknown-kind": "Leave it out, or say what it is with --format",
    "too-large": "Ask the source for smaller files; nothing that large is one message or one row",
    "too-deep": f"No message of a court is like that: {_AGAIN}",
    "text-too-long": f"No message of a court is like that: {_AGAIN}",
    "doctype": f"No message of a court is like that: {_AGAIN}",
    "bad-encoding": "Have it written in UTF-8, or declare the encoding that it is in, and land it again",
    "malformed-xml": "It was cut off or damaged on the way: fetch it again and land it again",
    "not-a-result-message": _LEAVE_OUT,
    "no-case": f"Nothing says which case it is about: {_AGAIN}",
    "several-defendants": "Ask the source for a Case of its own for each defendant and land it again",
    "no-court": f"Nothing says which court it was: {_AGAIN}",
    "bad-date": f"Nothing says when it was; if it is a table, compare date_format in the mapping; else {_AGAIN}",
    "hearing-to-come": f"If it was received later, say when with --received-at; if the date is a slip, {_AGAIN}",
    "no-offence-code": f"It cannot be told what the offence was: {_AGAIN}",
    "bad-offence-code": f"If it is a table, compare the mapping's offence_code column; else {_AGAIN}",
    "bad-result-code": f"If it is a table, compare the mapping's columns of results; else {_AGAIN}",
    "outside-covers": "Give --covers as the extract was made, or leave it: it is no part of the days that are covered",
    "outside-filter": "Mend the filter in the mapping if the extract is right, or the extract if the mapping is",
    "malformed-json": "It was cut off or damaged on the way: fetch it again and land it again",
    "not-hearing-resulted": _LEAVE_OUT,
    "no-key": f"Nothing says what it is about: {_AGAIN}",
    "bad-shape": f"The source has changed its format, or sent something damaged: compare with an older one; {_AGAIN}",
    "bad-share-time": f"Nothing says which share is the later one: {_AGAIN}",
    "bad-archive": "It was cut off, damaged or encrypted: fetch it again, or unpack it, and land it again",
    "unsafe-path": "Find out who made the archive; pack what is meant again with plain names, and land it again",
    "archive-in-archive": "Unpack the outer archive and land what is in it",
    "too-many-members": "Pack it in smaller archives and land those",
    "too-many-faults": f"Something is wrong with all of it: see what its other faults say, {_AGAIN}",
}
"""What to do about each reason: the sentence that `courtstats quarantine` says beside it."""
