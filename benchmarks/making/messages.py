"""Write synthetic SPI messages, one a file: FOLDER MESSAGES."""

import json
import sys
from itertools import islice
from pathlib import Path
from random import Random

from pipelines.synthetic import SPI_RECEIVED
from pipelines.synthetic_messages import SYNTHETIC, render
from pipelines.synthetic_ordinary import ordinary_messages

SEED = 20_200_331
MOST_CASES = 80_000


def main(folder: Path, messages: int) -> None:
    folder.mkdir(parents=True)
    size = 0
    receipts = tuple(received.date() for received in SPI_RECEIVED)
    told = list(islice(ordinary_messages(Random(SEED), MOST_CASES, receipts), messages))
    for number, message in enumerate(told, 1):
        data = render(message, f"SYNTHETIC-{number:08d}")
        size += len(data)
        (folder / f"spi-{number:06d}.xml").write_bytes(data)
    (folder / "README.txt").write_text(SYNTHETIC + ".\n")
    print(json.dumps({"messages": len(told), "bytes": size}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
