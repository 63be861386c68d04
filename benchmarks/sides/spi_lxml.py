"""lxml alone: parse each file, un-escape and parse what is inside, find the fields; nothing is checked: FOLDER."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

LIBRA = "{http://www.dca.gov.uk/xmlschemas/libra}"


def results(root: etree._Element) -> Iterator[tuple[str | None, str | None, str | None]]:
    """Offence code, result code and result text of every result in a document."""
    stream = next(root.iter("{*}DataStreamContent"), None)
    if stream is not None and stream.text:
        inner = stream.text.strip()
        # lxml refuses a str with a declaration, and a declaration after a comment
        root = etree.fromstring(inner[inner.index("?>") + 2 :].strip())
    for offence in root.iter(f"{LIBRA}Offence"):
        code = offence.findtext(f"{LIBRA}BaseOffenceDetails/{LIBRA}OffenceCode")
        for result in offence.iterchildren(f"{LIBRA}Result"):
            yield code, result.findtext(f"{LIBRA}ResultCode"), result.findtext(f"{LIBRA}ResultText")


def main(folder: Path) -> None:
    start = time.perf_counter()
    rows = 0
    for file in sorted(folder.glob("*.xml")):
        rows += len(list(results(etree.fromstring(file.read_bytes()))))
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": rows}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
