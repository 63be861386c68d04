"""Landing Common Platform hearings with one and two workers, beside reading the same files with orjson alone."""

from benchmarks.landing_messages import READER, Contest, contest, landed
from benchmarks.measuring import Options, Report, module

MESSAGES = 10_000
BARE = "orjson alone"


def run(options: Options) -> Report:
    """Land made hearings of about 25 kB each into a fresh store; beside it the reader alone, and orjson alone."""
    folder = options.work / "common-platform"
    messages = folder / "messages"
    sides = {
        landed(1): module("sides.land", "common-platform", messages, folder / "home", "--workers", 1),
        landed(2): module("sides.land", "common-platform", messages, folder / "home", "--workers", 2),
        READER: module("sides.cp_reader", messages),
        BARE: module("sides.cp_orjson", messages),
    }
    about = (
        "{messages:,} made hearings of {size:.1f} kB on average, one a file; {statements:,} statements with {rows:,} "
        "rows are landed as one batch into a fresh store. *orjson alone* reads and parses the same files and finds "
        "offence code, result code and label: no limits, no checks, no keys, nothing kept."
    )
    return contest(Contest("landing-common-platform", folder, "making.hearings", MESSAGES, sides, BARE, about), options)
