"""Single fields of an SPI message: dates, texts and the hash of the content."""

from datetime import date

import pytest
from lxml import etree

from extract.spi_envelope import hash_payload
from extract.spi_offences import read_date, text_of


@pytest.mark.parametrize(("text", "day"), [("2020-02-29", date(2020, 2, 29)), ("2011-09-26", date(2011, 9, 26))])
def test_a_day_is_read(text: str, day: date) -> None:
    assert read_date(text) == day


@pytest.mark.parametrize(
    "text",
    ["", "2019-02-29", "2020-2-3", "20200203", "2020-W06-1", "2020-02-03Z", "2020-02-03T00:00", "２０２０-02-03"],
)
def test_only_a_calendar_day_in_full_is_a_date(text: str) -> None:
    assert read_date(text) is None


def test_a_text_is_all_of_it_trimmed() -> None:
    assert text_of(etree.fromstring("<a>\n Granted.\u00a0 </a>")) == "Granted."
    assert text_of(etree.fromstring("<a>Granted<b> to</b> none</a>")) == "Granted to none"
    assert text_of(etree.fromstring("<a/>")) == ""
    assert text_of(None) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<a><b/><c/></a>", "<a><b><c/></b></a>"),
        ("<a><b>1</b><b>2</b></a>", "<a><b>2</b><b>1</b></a>"),
        ("<a><b>1</b>2</a>", "<a><b>12</b></a>"),
        ("<a xmlns='u'/>", "<a/>"),
        ("<a><b/></a>", "<a><c/></a>"),
        ("<a><b>x y</b></a>", "<a><b>xy</b></a>"),
    ],
)
def test_different_content_has_different_hashes(one: str, other: str) -> None:
    assert hash_payload(etree.fromstring(one)) != hash_payload(etree.fromstring(other))


def test_prefix_layout_and_attributes_do_not_change_the_hash() -> None:
    plain = etree.fromstring("<a xmlns='u'><b>x</b></a>")
    other = etree.fromstring("<p:a xmlns:p='u' v='1'>\n <p:b> x\n</p:b> </p:a>")
    assert hash_payload(plain) == hash_payload(other)
