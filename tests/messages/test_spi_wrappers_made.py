"""One made message in every wrapper met: the same statements, the same payload hash, the right envelope."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from extract.contract import Reading

ReadMade = Callable[[bytes | str], Reading]
COMMENT = "<!-- made: to avoid a duplicate hash -->"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def _variants(made) -> dict[str, bytes]:
    message = made.message()
    default_prefix = message.replace("DC:", "").replace("xmlns:DC", "xmlns")
    return {
        "bare": message.encode(),
        "bare with declaration": (DECLARATION + message).encode(),
        "bare, white space and a byte order mark before the declaration": b"\xef\xbb\xbf \n"
        + (DECLARATION + message).encode(),
        "bare, in Latin-1": ('<?xml version="1.0" encoding="ISO-8859-1"?>' + message).encode("latin-1"),
        "bare, default namespace": default_prefix.encode(),
        "bare, another prefix": message.replace("DC:", "lib.1:").replace("xmlns:DC", "xmlns:lib.1").encode(),
        "laid out": message.replace("><", ">\n\t<").encode(),
        "comments inside": message.replace("<DC:Session>", f"<DC:Session>{COMMENT}").encode(),
        "DeliverRequest": made.in_deliver_request(message),
        "RouteData": made.in_route_data(message),
        "RouteData, declaration inside": made.in_route_data(DECLARATION + message),
        "RouteData, declaration of UTF-16 inside": made.in_route_data(
            '<?xml version="1.0" encoding="utf-16"?>' + message
        ),
        "RouteData, comment before the declaration": made.in_route_data(COMMENT + "\n" + DECLARATION + message),
        "RouteData, byte order mark inside": made.in_route_data("\ufeff" + message),
        "RouteData, default namespace inside": made.in_route_data(default_prefix),
        "RouteData, CDATA": made.in_route_data("@").replace(b"@", f"<![CDATA[{message}]]>".encode()),
        "RouteData, escaped once more": made.in_route_data(message.replace("&", "&amp;").replace("<", "&lt;")),
        "SOAP around an escaped RouteData": made.in_soap(message),
        "SOAP, comment and declaration innermost": made.in_soap(COMMENT + DECLARATION + message),
    }


def test_a_repeat_in_another_wrapper_has_the_same_payload_hash_and_says_the_same(made, read: ReadMade) -> None:
    """Wrapper, layers of escaping, prefix, declaration, comments and layout make no difference to the content."""
    readings = {name: read(data) for name, data in _variants(made).items()}
    assert {name: [r.reason for r in reading.refusals] for name, reading in readings.items() if reading.refusals} == {}
    bare = readings["bare"].statements[0]
    assert len(bare.results) == 1
    for name, reading in readings.items():
        (statement,) = reading.statements
        same = replace(statement, envelope_id=bare.envelope_id, source_system=bare.source_system)
        assert same == bare, name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3307", "3306"),
        ("ST19501", "ST19502"),
        ("2020-02-03", "2020-02-04"),
        ("Stalking Protection Order", "Stalking protection order"),
        ("<DC:TimeOfHearing>10", "<DC:TimeOfHearing>11"),
    ],
)
def test_any_change_of_content_changes_the_payload_hash(made, read: ReadMade, old: str, new: str) -> None:
    before, after = made.message(), made.message().replace(old, new)
    assert before != after
    assert read(before).statements[0].payload_hash != read(after).statements[0].payload_hash


def test_moving_a_result_to_another_offence_changes_the_payload_hash(made, read: ReadMade) -> None:
    """Structure counts, not only the texts in their order."""
    two, moved = (
        made.message([made.case([made.offence(results=first), made.offence(results=second)])])
        for first, second in (
            ([made.result(), made.result()], [made.result()]),
            ([made.result()], [made.result(), made.result()]),
        )
    )
    assert read(two).statements[0].payload_hash != read(moved).statements[0].payload_hash


def test_an_element_of_no_namespace_is_no_element_of_the_message(made, read: ReadMade) -> None:
    """Same local names without the namespace are not read, and do not pass for the real message either."""
    message = made.message()
    foreign = message.replace("<DC:Case>", "<Case>").replace("</DC:Case>", "</Case>")
    (refusal,) = read(foreign).refusals
    assert (refusal.reason, refusal.place) == ("no-case", "Session/Case")
    inner = message.replace("DC:ResultText", "ResultText")
    assert read(inner).statements[0].payload_hash != read(message).statements[0].payload_hash
    assert read(inner).statements[0].results[0].result_text_digest is None


def test_the_stream_names_delivery_and_sender(made, read: ReadMade) -> None:
    sent = read(made.in_route_data(made.message(), system="C00CommonPlatform")).statements[0]
    assert (sent.source_system, sent.envelope_id) == ("C00CommonPlatform", "29_09_2021_000000350512")
    soap = read(made.in_soap(made.message())).statements[0]
    assert (soap.source_system, soap.envelope_id) == ("C00CommonPlatform", "29_09_2021_000000350512")


@pytest.mark.parametrize("token", ["String", "EXTERNAL_CORRELATION_ID", "", "{{ id }}"])
def test_a_template_token_is_no_delivery_identifier(made, read: ReadMade, token: str) -> None:
    """Without a usable stream identifier the request's own is taken; a DeliverRequest with a token has none."""
    routed = read(made.in_route_data(made.message(), stream_id=token, system=token)).statements[0]
    assert (routed.envelope_id, routed.source_system) == ("CID-test-001", "B00LIBRA")
    assert read(made.in_deliver_request(made.message(), token)).statements[0].envelope_id is None


def test_a_message_identifier_with_a_digit_identifies_the_delivery(made, read: ReadMade) -> None:
    assert read(made.in_deliver_request(made.message(), " id-7f ")).statements[0].envelope_id == "id-7f"


def test_several_cases_are_several_statements(made, read: ReadMade) -> None:
    """Several defendants on one URN arrive as several Cases: one case key, two statements, two defendants."""
    cases = [made.case(), made.case(asn="1101ZD0100000448755L"), made.case(urn="00PP0000008", asn=None)]
    reading = read(made.in_route_data(made.message(cases)))
    first, second, dummy = reading.statements
    assert [s.case_index for s in reading.statements] == [1, 2, 3]
    assert first.case_key == second.case_key == "urn:01ZD0303208"
    assert first.statement_key != second.statement_key
    assert first.defendant_key != second.defendant_key
    assert dummy.statement_key == f"spi:{dummy.payload_hash}:3"
    assert dummy.case_key == f"payload:{dummy.payload_hash}:3"


def test_two_messages_in_one_delivery_are_both_read_and_an_exact_repeat_once(made, read: ReadMade) -> None:
    one, other = made.message(), made.message(day="2020-02-05")
    reading = read(made.in_deliver_request(one + other + one))
    assert [s.hearing_date.day for s in reading.statements] == [3, 5]
