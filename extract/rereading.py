"""Reading again what is held: only what still is what was set aside.

It is landed with its first time of receipt. What has changed meanwhile was received later, so it must never be
dated so: a dismissal would come before an older grant for ever.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from extract.deliveries import Deliveries, Delivery, SourceFile, containers
from extract.holding import SetAside
from extract.kinds import name_inside, path_of
from extract.marks import is_as_it_was


@dataclass(frozen=True, slots=True)
class Content:
    """What may be read again, each by the place of its file and its name.

    `pieces` are deliveries, with the hash of their bytes: what else is in their file may have changed. `whole` are
    files, archives and members that are as they were, with their mark: all that is in them.
    """

    pieces: frozenset[tuple[str, str, str]]
    whole: Mapping[tuple[str, str], str]

    @property
    def names(self) -> frozenset[str]:
        """What has to be read for it (see `Deliveries`)."""
        return frozenset(name for _origin, name, _hash in self.pieces) | {name for _origin, name in self.whole}

    def of(self, deliveries: Iterable[Delivery]) -> Iterator[Delivery]:
        """Those of the deliveries that are part of it, as they are at this moment."""
        return (d for d in deliveries if (d.origin, d.name, _hash_of(d)) in self.pieces or self._is_in_whole(d))

    def _is_in_whole(self, delivery: Delivery) -> bool:
        origin = delivery.origin
        return any(
            mark is not None and is_as_it_was(origin, name_inside(origin, name), mark)
            for name in containers(delivery.name)
            if (mark := self.whole.get((origin, name)))
        )


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What of some messages is still as it was: the files to read, what of them, and the places of what is not."""

    files: tuple[SourceFile, ...]
    content: Content
    gone: tuple[str, ...]
    changed: tuple[str, ...]


def unchanged(entries: Sequence[SetAside], format: str) -> Unchanged:
    """Look for messages that were set aside where they were. Their files are read for it.

    Args:
        entries: refusals on record, of one format.
        format: `spi` or `common-platform`.
    """
    of_files: dict[str, list[SetAside]] = {}
    gone: dict[str, None] = {}
    for entry in entries:
        if entry.origin and path_of(entry.origin).is_file():
            of_files.setdefault(entry.origin, []).append(entry)
        else:
            gone[entry.origin or entry.file] = None
    files: list[SourceFile] = []
    changed: list[str] = []
    pieces: set[tuple[str, str, str]] = set()
    whole: dict[tuple[str, str], str] = {}
    for origin, of in of_files.items():
        first = of[0].file
        file = SourceFile(path_of(origin), first.removesuffix(name_inside(origin, first)))
        found = _found(file, format, {(e.file, e.content_hash) for e in of})
        kept = 0
        for entry in of:
            read = found.get((entry.file, entry.content_hash))
            if not read and is_as_it_was(origin, name_inside(origin, entry.file), entry.content_hash):
                whole[origin, entry.file] = entry.content_hash
            elif read is not None:
                pieces.add((origin, entry.file, entry.content_hash))
            else:
                continue
            kept += 1
        if kept:
            files.append(file)
        if kept < len(of):
            changed.append(origin)
    return Unchanged(tuple(files), Content(frozenset(pieces), whole), tuple(gone), tuple(changed))


def _found(file: SourceFile, format: str, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], bool]:
    """Which of these names with these hashes are in a file now, and whether as bytes or as another refusal."""
    deliveries = Deliveries([file], format, others_left=True, only={name for name, _hash in wanted})
    return {found: d.data is not None for d in deliveries if (found := (d.name, _hash_of(d))) in wanted}


def _hash_of(delivery: Delivery) -> str:
    if delivery.data is not None:
        return sha256(delivery.data).hexdigest()
    return delivery.refusal.content_hash if delivery.refusal else ""
