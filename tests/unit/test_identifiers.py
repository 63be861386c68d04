"""References: which are real, which stand for nobody, and which police force they name."""

import pytest

from extract.identifiers import fold_asn, fold_court, fold_urn, is_real_asn, is_real_urn, police_force

URN = "01ZD0303208"
ASN = "1101ZD0100000448754K"


@pytest.mark.parametrize("urn", [URN, "21EU9147637", "42XX1200120"])
def test_a_urn_of_four_characters_and_seven_digits_is_real(urn: str) -> None:
    assert is_real_urn(urn)


@pytest.mark.parametrize(
    "urn", ["00PP0000008", "00NP0000008", "00PP1234567", "01001234567", "70", "XXXXXXXXX", "01ZD030320", None, ""]
)
def test_dummy_and_malformed_urns_identify_no_case(urn: str | None) -> None:
    """Any force followed by 00 is a dummy range, as are 00PP and 00NP."""
    assert not is_real_urn(urn)


def test_a_urn_must_be_the_whole_text() -> None:
    assert not is_real_urn(URN + "\n")
    assert not is_real_urn(URN + "1")


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        (" 01zd0303208\n", URN),
        ("00pp0000008", "00PP0000008"),
        ("70", "70"),
        ("", None),
        (None, None),
        ("{{ PTIURN }}", None),
        ("a person of some name", None),
        ("x" * 21, None),
        ("ſ1ZD0303208", None),
    ],
)
def test_a_urn_is_kept_trimmed_in_upper_case_and_free_text_is_not(raw: str | None, folded: str | None) -> None:
    assert fold_urn(raw) == folded


@pytest.mark.parametrize("asn", [ASN, "1301ZD0100000449617W", "1101VK0100000376263Q"])
def test_an_asn_of_twenty_characters_is_real(asn: str) -> None:
    assert is_real_asn(asn)


@pytest.mark.parametrize(
    "asn", ["0800PP0100000000001H", "0800NP0100000000001H", "0800PP0199999999999Z", "TFL", ASN[:-1], ASN + "K", None]
)
def test_dummy_and_malformed_asns_identify_no_defendant(asn: str | None) -> None:
    assert not is_real_asn(asn)


def test_slashes_spaces_and_lower_case_of_an_asn_are_folded() -> None:
    assert fold_asn("11/01zd/01/00000448754k") == ASN
    assert fold_asn(" 11 01ZD 01 00000448754 K ") == ASN
    assert fold_asn("  ") is None


@pytest.mark.parametrize(
    ("raw", "folded"),
    [("B01EF01", "B01EF01"), (" b01ef ", "B01EF"), ("B01EF012", None), ("B01E", None), ("B01-F01", None), (None, None)],
)
def test_a_court_is_five_to_seven_letters_and_digits(raw: str | None, folded: str | None) -> None:
    assert fold_court(raw) == folded


@pytest.mark.parametrize(
    ("urn", "asn", "court", "force"),
    [
        ("42XX1200120", ASN, "B52EF01", ("42", "urn")),
        ("00PP0000008", ASN, "B52EF01", ("01", "asn")),
        (None, ASN, "B52EF01", ("01", "asn")),
        ("70", "0800PP0100000000001H", "B52EF01", ("52", "court")),
        (None, None, None, (None, None)),
    ],
)
def test_the_force_is_read_from_the_urn_then_the_asn_then_the_court(
    urn: str | None, asn: str | None, court: str | None, force: tuple[str | None, str | None]
) -> None:
    assert police_force(urn, asn, court) == force
