"""Rules on what identifies things in landed records: cases, defendants, courts, forces."""

from expectations.landed_rule import LandedRule

_URN = "substr(case_key, 5)"
_MANY = 100


class CaseKeyStrengthFits(LandedRule):
    """Figures say how many of their units rest on weak keys, so the strength must be right; a weak key called strong
    hides that cases may count twice."""

    id = "landed.case-key-strength-fits"
    severity = "critical"
    sentence = "A case key is weak exactly where the payload, or a day without results, stands for the case"
    remedy = "Report the source: its reader gives case keys the wrong strength"
    broken = (
        "case_key is null or case_key_strength is null "
        "or case_key_strength <> "
        "case when starts_with(case_key, 'payload:') or starts_with(case_key, 'none:') then 'weak' else 'strong' end"
    )


class CaseKeyNotDummy(LandedRule):
    """Common Platform sends dummy URNs for standalone applications, which stalking protection orders are: taken as a
    case key, one would merge unrelated people into one case."""

    id = "landed.case-key-not-dummy"
    severity = "critical"
    sentence = "No case key rests on a dummy URN (00PP..., 00NP..., or any force followed by 00)"
    remedy = "Report the source: its reader took a dummy reference for a real one; then land it again"
    applies = "starts_with(case_key, 'urn:')"
    broken = f"regexp_matches({_URN}, '^(00[NP]P|[0-9]{{2}}00)')"


class CaseKeyWellFormed(LandedRule):
    """A malformed URN (70, an empty one, a template's token) says nothing about the case, and several cases may share
    it."""

    id = "landed.case-key-well-formed"
    severity = "warning"
    sentence = "Every URN that stands for a case is four letters or digits and seven digits"
    remedy = "Report the source: its reader took something else for a URN"
    applies = "starts_with(case_key, 'urn:')"
    broken = f"not regexp_full_match({_URN}, '[0-9A-Z]{{4}}[0-9]{{7}}')"


class CaseKeyWeak(LandedRule):
    """Where the payload stands for the case, two hearings of one case count twice. More of them than usual means that
    a source has begun to send dummy or empty references."""

    id = "landed.case-key-weak"
    severity = "warning"
    sentence = "Few results rest on a weak case key"
    remedy = "Look at the figure's number of weak keys before it is used; the source sends dummy URNs"
    applies = "result_index is not null"
    broken = "case_key_strength = 'weak'"


class DefendantNotDummy(LandedRule):
    """A dummy ASN shared by many people would make them one defendant wherever defendants are counted."""

    id = "landed.defendant-not-dummy"
    severity = "critical"
    sentence = "No defendant is known by a dummy ASN (0800PP01..., 0800NP01...)"
    remedy = "Report the source: its reader took a dummy reference for a real one; then land it again"
    applies = "starts_with(defendant_key, 'asn:')"
    broken = "regexp_matches(defendant_key, '^asn:0800[NP]P01')"


class DefendantKnown(LandedRule):
    """A result without a defendant stands for one of its own wherever defendants are counted."""

    id = "landed.defendant-known"
    severity = "warning"
    sentence = "Few results have no defendant"
    remedy = "Map the defendant's number of the source, or count cases"
    applies = "result_index is not null"
    broken = "defendant_key is null"


class CaseOfFewDefendants(LandedRule):
    """One URN with very many defendants is a reference that a system hands out where it has none; in a count of cases
    all of them are one. Real cases of many defendants exist, but hardly of more than a hundred."""

    id = "landed.case-of-few-defendants"
    severity = "warning"
    over = "appearances"
    sentence = f"No case has more than {_MANY} defendants"
    remedy = "Ask the source whether the reference is a dummy; a count of cases takes all of them for one"
    query = f"""
        select segment, count(*) as checked, count(*) filter (where defendants > {_MANY}) as unexpected
        from (
            select 'source=' || source_name as segment, case_hash, count(distinct defendant) as defendants
            from {{batch}} where strong group by all
        ) group by segment
    """  # noqa: S608 - a number


class CaseNotCloned(LandedRule):
    """The same results of the same defendant on the same day under two case keys are a clone of one case, and count as
    two. Common Platform's copies of a case under an application look like this."""

    id = "landed.case-not-cloned"
    severity = "warning"
    over = "appearances"
    sentence = "Few defendants have the same results on the same day under two case keys"
    remedy = "Compare the two cases with the source; each of them counts"
    query = """
        select segment, sum(times)::bigint as checked, sum(times - 1)::bigint as unexpected
        from (
            select 'source=' || source_name as segment, defendant, hearing_date, results, said, count(*) as times
            from {batch} group by all
        ) group by segment
    """


class CourtCodeFormat(LandedRule):
    """The court's code gives the court, and the police force where URN and ASN do not. A name in its place, or a code
    of an older scheme, matches no court."""

    id = "landed.court-code-format"
    severity = "warning"
    sentence = "Court codes are organisation unit codes: a letter, two digits, two to four letters or digits"
    remedy = "Check the court column of the source; breakdowns by court or police force miss these results"
    applies = "court_ou_code is not null"
    broken = "not regexp_full_match(court_ou_code, '[A-Z][0-9]{2}[A-Z0-9]{2,4}')"


class CourtKnown(LandedRule):
    """A result without a court, or of one that the official list does not know, has no place in a breakdown by
    court. Usual causes: a new court, a test code, or standing data older than the records."""

    id = "landed.court-known"
    severity = "warning"
    sentence = "Few results are of no court, or of one that the official list does not know"
    remedy = "Take new standing data (courtstats codes refresh), or ask the source; breakdowns by court miss these"
    applies = "result_index is not null"
    broken = "court_ou_code is null or left(court_ou_code, 5) not in (select code from known_courts)"


class ForceFromReference(LandedRule):
    """Where neither prosecutor, URN nor ASN names the force, it is that of the court's area, which for transport or
    port police is wrong. Standalone applications have nothing better."""

    id = "landed.force-from-reference"
    severity = "info"
    sentence = "Few results have a police force that could be read from the court alone, or none"
    remedy = "Say beside a breakdown by police force how it was read; nothing is wrong with the total"
    applies = "result_index is not null"
    broken = "police_force is null or police_force_basis = 'court'"


class NoTemplateToken(LandedRule):
    """A template that was not filled in ({{ court }}, DATE_OF_HEARING) is no message about a hearing, but a test or a
    failed run of the sender."""

    id = "landed.no-template-token"
    severity = "warning"
    sentence = "No code or reference is a template's token that was not filled in"
    remedy = "Ask the source to send what it left out, and have the message withdrawn; then land it again"
    applies = "coalesce(court_ou_code, case_urn, offence_code, result_short_code) is not null"
    broken = (
        "regexp_matches(concat_ws(' ', court_ou_code, case_urn, offence_code, result_short_code), "
        "'[{}$]|\\b[A-Z]+_[A-Z_]+')"
    )


KEYS = (
    CaseKeyStrengthFits,
    CaseKeyNotDummy,
    CaseKeyWellFormed,
    CaseKeyWeak,
    DefendantNotDummy,
    DefendantKnown,
    CaseOfFewDefendants,
    CaseNotCloned,
    CourtCodeFormat,
    CourtKnown,
    ForceFromReference,
    NoTemplateToken,
)
