"""Charts of the quality report: drawn by pygal, then reduced to plain shapes that need no script, style or font.

Every chart is `role="img"` with a title and a description; what it shows stands as a sentence or a table beside it too,
so nobody needs the picture. Bars tell failed from passed by being filled or hollow, never by colour alone. Colours are
the page's (`pages/report.css`): the same chart is readable in print and on a dark screen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from lxml import etree

SVG = "http://www.w3.org/2000/svg"
WIDTH = 320
"""Units across. Pages never draw a chart wider than the text, nor narrower than a telephone."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a chart is called and what it shows, for those who do not see it; `key` is unique in its page."""

    key: str
    title: str
    description: str


def trend(values: Sequence[float | None], passed: Sequence[bool], words: Words) -> str:
    """Bars of the measurements of a check, oldest first; `None` where nothing was measured.

    Filled where the check failed, hollow where it passed. Without axes: the greatest value is said beside it.
    """
    if not any(values):
        return ""
    sides = (
        ("pass", [v if good else None for v, good in zip(values, passed, strict=True)]),
        ("fail", [None if good else v for v, good in zip(values, passed, strict=True)]),
    )
    return _drawn("StackedBar", sides, words, height=56, show_x_labels=False, show_y_labels=False)


def volumes(months: Sequence[tuple[str, int]], words: Words) -> str:
    """Bars of numbers per month, oldest first; the first, the middle and the last month are named."""
    if not any(value for _, value in months):
        return ""
    names = [name for name, _ in months]
    marked = {0, len(names) // 2, len(names) - 1} if len(names) > 4 else set(range(len(names)))
    labels = [name if position in marked else "" for position, name in enumerate(names)]
    sides = (("plain", [value for _, value in months]),)
    more = {
        "x_labels": labels,
        "y_labels_major_count": 3,
        "show_minor_y_labels": False,
        "margin_top": 8,
        "margin_right": 16,
    }
    return _drawn("Bar", sides, words, height=110, value_formatter=_short, **more)


def funnel(steps: Sequence[tuple[float | None, float | None]], words: Words) -> str:
    """Two bars a step from 0 to 100 per cent: what it kept now (filled) above what it usually keeps (hollow).

    Steps are named by their number, as the table beside the chart numbers them.
    """
    if not any(kept for kept, _ in steps):
        return ""
    # pygal draws from the bottom
    now = [None if a is None else 100 * a for a, _ in reversed(steps)]
    usual = [None if b is None else 100 * b for _, b in reversed(steps)]
    sides = (("plain", now), ("pass", usual)) if any(b is not None for b in usual) else (("plain", now),)
    more: dict[str, Any] = {"range": (0, 100), "y_labels": [0, 25, 50, 75, 100], "value_formatter": "{:.0f} %".format}
    more |= {"x_labels": [str(number) for number in range(len(steps), 0, -1)], "margin_right": 12}
    return _drawn("HorizontalBar", sides, words, height=24 + 26 * len(steps), **more)


def _drawn(kind: str, sides: Any, words: Words, *, height: int, **more: Any) -> str:
    import pygal

    plain: dict[str, Any] = {"js": [], "css": [], "show_legend": False, "no_prefix": True, "margin": 1, "spacing": 4}
    plain["truncate_label"] = -1
    chart = getattr(pygal, kind)(width=WIDTH, height=height, disable_xml_declaration=True, **(plain | more))
    for name, values in sides:
        chart.add(name, values)
    chart.add_xml_filter(partial(_reduced, words=words, names=[name for name, _ in sides], height=height))
    drawn: str = chart.render(is_unicode=True)
    return drawn


def _reduced(root: Any, *, words: Words, names: Sequence[str], height: int) -> Any:
    """The same picture as one path a series, its guides and its labels.

    pygal writes for its script: an element and three descriptions a bar, a style sheet and its settings in every chart,
    and the date of the day. That is ten times the size, read aloud bar by bar, and never the same bytes twice.
    """
    plot = root.find(".//g[@class='plot']")
    box = {"role": "img", "aria-labelledby": f"{words.key}t {words.key}d", "viewBox": f"0 0 {WIDTH} {height}"}
    svg = etree.Element("svg", box)
    etree.SubElement(svg, "title", id=f"{words.key}t").text = _plain(words.title)
    etree.SubElement(svg, "desc", id=f"{words.key}d").text = _plain(words.description)
    group = etree.SubElement(svg, "g", transform=plot.get("transform").replace(", ", " "))
    upright = plot.find("g[@class='axis x always_show']") is None
    guides = plot.iterfind(".//path")
    lines = [_whole(line.get("d")) for line in guides if _stands_for_a_value(line, upright=upright)]
    if not lines:
        # without an axis, where the bars stand is drawn: a measurement of nothing is a place on that line
        lines = [f"M0 {_n(_foot(plot))}h{WIDTH}"]
    etree.SubElement(group, "path", {"class": "guide", "d": "".join(lines)})
    for text in plot.iterfind(".//g[@class='guides']/text"):
        if text.text:
            anchor = _anchor(text)
            place = {"x": _n(float(text.get("x"))), "y": _n(min(float(text.get("y")), height - 3))}
            etree.SubElement(group, "text", {**place, **anchor}).text = text.text
    for number, name in enumerate(names):
        bars = plot.iterfind(f"g[@class='series serie-{number} color-{number}']//rect")
        if path := "".join(_bar(bar) for bar in bars if float(bar.get("width")) and float(bar.get("height"))):
            etree.SubElement(group, "path", {"class": name, "d": path})
    return svg


def _foot(plot: Any) -> float:
    """Where upright bars stand."""
    bars = plot.iterfind("g/g[@class='bars']//rect")
    return max((float(bar.get("y")) + float(bar.get("height")) for bar in bars), default=0.0)


def _stands_for_a_value(line: Any, *, upright: bool) -> bool:
    """Whether a guide belongs to the axis of values (the other axis names months or steps and needs no lines)."""
    axis: str = line.getparent().getparent().get("class")
    return axis.startswith("axis y" if upright else "axis x")


def _anchor(text: Any) -> dict[str, str]:
    """Where a label hangs: those of the upright axis end at it, the others are centred below their place."""
    on_y = text.getparent().getparent().get("class").startswith("axis y")
    return {"text-anchor": "end" if on_y else "middle"}


def _bar(bar: Any) -> str:
    x, y, width, height = (float(bar.get(name)) for name in ("x", "y", "width", "height"))
    return f"M{_n(x)} {_n(y)}h{_n(width)}v{_n(height)}h{_n(-width)}z"


def _whole(path: str) -> str:
    """`M0.000000 103.961538 h286.000000` with as many digits as a screen has."""
    move, _, along = path.rpartition(" ")
    x, y = move.removeprefix("M").split(" ")
    return f"M{_n(float(x))} {_n(float(y))}{along[0]}{_n(float(along[1:]))}"


def _plain(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _short(value: float) -> str:
    """A number beside an axis: `1,200`, `45k`, `1.2m`."""
    for size, mark in ((1_000_000, "m"), (10_000, "k")):
        if value >= size:
            return f"{value / (1_000 if mark == 'k' else size):.3g}{mark}"
    return f"{value:,.0f}"
