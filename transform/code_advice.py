"""Advice on codes: the nearest ones to a wrong code, those alike by title, and a search over all of them.

Titles are compared by their words. A word is the more telling the fewer titles have it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from math import log

_WORD = re.compile(r"[^\W_]+")
_EMPTY = frozenset(("a", "an", "and", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"))
"""Words that tell nothing about a title."""
_LOOK_ALIKE = str.maketrans("OISBLZ", "015812")
"""Letters that are taken for digits, and the other way round; both are read as the digit."""
LARGE_GROUP = 40
"""A group (Home Office class) with more codes than this says too little by itself (99/99 holds a thousand)."""
RARE_SHARE = 0.01
LEAST_RARE = 25
"""A word is telling where at most this share, or this number, of the titles have it."""
LEAST_LIKENESS = 0.25


@dataclass(frozen=True, slots=True)
class Titled:
    """A code with its title; `group` joins codes that belong together (`8/65`, or the CJS code of a short code)."""

    kind: str
    code: str
    title: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Alike:
    """A code that is like a listed one: by its group, else by its title."""

    found: Titled
    listed: Titled
    by_group: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A code that a search found, and how: `code`, `code begins`, `all words` or `some words`."""

    found: Titled
    how: str


HOW = ("code", "code begins", "all words", "some words")
"""How a search finds, best first."""


def words(text: str) -> tuple[str, ...]:
    """The words of a text in small letters, without punctuation: `Fear/alarm` is fear, alarm."""
    return tuple(_WORD.findall(text.casefold()))


@lru_cache(maxsize=65_536)  # every title of the standing data, read for each question anew
def _telling(title: str) -> frozenset[str]:
    """The words of a title that say something."""
    return frozenset(words(title)) - _EMPTY


def same_title(one: str, other: str) -> bool:
    """Whether two titles say the same, whatever their case, spaces and punctuation."""
    return words(one) == words(other)


def nearest_codes(code: str, known: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The known codes nearest to a wrong one: first those that only look the same (O for 0), then the closest."""
    asked = code.upper()
    read = asked.translate(_LOOK_ALIKE)
    codes = list(known)
    alike = [c for c in codes if len(c) == len(asked) and c.translate(_LOOK_ALIKE) == read]
    near = [c for c in codes if c[:2] == asked[:2] or c[-4:] == asked[-4:]]  # comparing with all takes seconds
    close = get_close_matches(asked, near, limit, cutoff=0.7)
    return tuple(dict.fromkeys((*alike, *close)))[:limit]


def alike(listed: Sequence[Titled], known: Sequence[Titled], free: Callable[[Titled], bool], limit: int) -> list[Alike]:
    """The known codes most like the listed ones, best first, among those that are free to be suggested.

    A code is like another where both are of one small group, or where it has the most telling word of the
    other's title and enough of its words besides. A title of one word is no phrase to go by.
    """
    said = [_telling(k.title) for k in known]
    having, groups = defaultdict(list), defaultdict(list)
    for place, one in enumerate(known):
        groups[one.group].append(place)
        for word in said[place]:
            having[word].append(place)
    rare = max(LEAST_RARE, int(len(known) * RARE_SHARE))

    def weight(some: Iterable[str]) -> float:
        return sum(log(1 + len(known) / (1 + len(having.get(word, ())))) for word in some)

    best: dict[int, tuple[float, Alike]] = {}
    for mine in listed:
        own = _telling(mine.title)
        telling = [w for w in own if 0 < len(having.get(w, ())) <= rare]
        key = min(telling, key=lambda w: (len(having[w]), w)) if telling and len(own) > 1 else None
        same = groups[mine.group] if mine.group and len(groups.get(mine.group, ())) <= LARGE_GROUP else []
        for place in {*same, *(having[key] if key else ())}:
            one = known[place]
            if not free(one):
                continue
            likeness = weight(own & said[place]) / (weight(own | said[place]) or 1)
            grouped = bool(mine.group) and one.group == mine.group
            if likeness < LEAST_LIKENESS and place not in same:
                continue
            score = likeness + grouped + (one.code[:4] == mine.code[:4]) / 10
            if place not in best or score > best[place][0]:
                best[place] = (score, Alike(one, mine, grouped))
    ranked = sorted(best.values(), key=lambda item: (-item[0], item[1].found.kind, item[1].found.code))
    return [found for _, found in ranked[:limit]]


def search(asked: str, known: Sequence[Titled]) -> list[Match]:
    """Everything that a search finds, best first, in the order of `HOW`.

    Case and punctuation do not count, and a word of the search may be the beginning of a word of the title.
    Among titles that have all words the shorter come first, among those that have some the rarer words count.
    """
    terms = tuple(dict.fromkeys(words(asked)))
    codes = {asked.strip().upper(), *(t.upper() for t in terms)}
    whole = "".join(asked.split()).upper()
    hits: Counter[str] = Counter()
    found: list[tuple[int, tuple[str, ...], Titled, int]] = []
    for one in known:
        code = one.code.upper()
        own = words(one.title)
        text = " " + " ".join(own)
        has = tuple(t for t in terms if f" {t}" in text)
        hits.update(has)
        if code in codes:
            found.append((0, has, one, len(own)))
        elif len(whole) > 1 and code.startswith(whole):
            found.append((1, has, one, len(own)))
        elif has:
            found.append((2 if len(has) == len(terms) else 3, has, one, len(own)))

    def rank(item: tuple[int, tuple[str, ...], Titled, int]) -> tuple[float, ...]:
        tier, has, one, length = item
        whole_words = len(set(has) & set(words(one.title)))
        rarity = sum(1 / hits[t] for t in has) if tier == 3 else 0.0
        return (tier, -rarity, -whole_words, length if tier > 1 else 0)

    ranked = sorted(found, key=lambda item: (rank(item), item[2].kind, item[2].code))
    return [Match(one, HOW[tier]) for tier, _, one, _ in ranked]


def nearest(asked: str, known: Sequence[Titled], limit: int = 5) -> tuple[str, ...]:
    """What a search that found nothing may have meant: the nearest codes and words of titles."""
    near = list(nearest_codes("".join(asked.split()), (k.code for k in known), limit))
    vocabulary = sorted({word for k in known for word in words(k.title) if len(word) > 3})
    for term in words(asked):
        near += get_close_matches(term, vocabulary, 2, cutoff=0.75)
    return tuple(dict.fromkeys(near))[:limit]
