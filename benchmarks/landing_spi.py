"""Landing SPI messages with one and two workers, beside reading the same files with lxml alone."""

from benchmarks.landing_messages import READER, Contest, contest, landed
from benchmarks.measuring import Options, Report, module

MESSAGES = 20_000
BARE = "lxml alone"


def run(options: Options) -> Report:
    """Land messages of about 5 kB each into a fresh store; beside it the reader alone, and lxml alone."""
    folder = options.work / "spi"
    messages = folder / "messages"
    sides = {
        landed(1): module("sides.land", "spi", messages, folder / "home", "--workers", 1),
        landed(2): module("sides.land", "spi", messages, folder / "home", "--workers", 2),
        READER: module("sides.spi_reader", messages),
        BARE: module("sides.spi_lxml", messages),
    }
    about = (
        "{messages:,} messages of {size:.1f} kB on average, one a file, in three wrappers; {statements:,} statements "
        "with {rows:,} rows are landed (repeats left out) as one batch into a fresh store. *lxml alone* reads the same "
        "files, un-escapes and parses the message inside and finds offence code, result code and text: no checks, no "
        "keys, nothing kept."
    )
    return contest(Contest("landing-spi", folder, "making.messages", MESSAGES, sides, BARE, about), options)
