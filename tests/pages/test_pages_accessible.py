"""What can be told of accessibility without a browser (WCAG 2.2 AA): structure, names, contrast."""

import itertools
import re

from lxml import html

LEAST = 4.5
"""Contrast that text must have (1.4.3)."""


def every_page(files: dict[str, str]) -> list[tuple[str, html.HtmlElement]]:
    return [(name, html.document_fromstring(page)) for name, page in files.items() if name.endswith(".html")]


def test_every_page_has_a_language_landmarks_a_skip_link_and_a_title_of_its_own(files: dict[str, str]) -> None:
    titles = []
    for name, page in every_page(files):
        assert page.get("lang") == "en-GB"
        assert [len(list(page.iter(tag))) for tag in ("h1", "main", "header")] == [1, 1, 1], name
        assert next(page.iter("a")).get("href") == "#main"
        titles.append(page.findtext(".//title"))
    assert len(titles) == len(set(titles))


def test_headings_go_down_one_level_at_a_time(files: dict[str, str]) -> None:
    for name, page in every_page(files):
        levels = [int(h.tag[1]) for h in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels[0] == 1 and all(b <= a + 1 for a, b in itertools.pairwise(levels)), name


def test_every_table_has_a_caption_scopes_and_a_region_that_scrolls_by_keyboard(files: dict[str, str]) -> None:
    tables = 0
    for name, page in every_page(files):
        for table in page.iter("table"):
            tables += 1
            assert table.findtext("caption"), name
            assert {th.get("scope") for th in table.iter("th")} == {"col", "row"}
            around = table.getparent()
            assert (around.get("role"), around.get("tabindex")) == ("region", "0") and around.get("aria-label")
    assert tables > 60


def test_every_chart_is_an_image_with_a_name_and_a_description(files: dict[str, str]) -> None:
    charts = 0
    for name, page in every_page(files):
        ids = [e.get("id") for e in page.iter() if e.get("id")]
        assert len(ids) == len(set(ids)), name
        for chart in page.iter("svg"):
            charts += 1
            assert chart.get("role") == "img"
            named = [page.get_element_by_id(key) for key in chart.get("aria-labelledby").split()]
            assert [e.tag for e in named] == ["title", "desc"] and all(e.text for e in named)
    assert charts > 10


def test_failed_is_told_by_a_word_and_not_by_colour_alone(files: dict[str, str]) -> None:
    for _, page in every_page(files):
        for cell in page.iter("td"):
            if "failed" in (cell.get("class") or ""):
                assert re.search("fail|held back|late", cell.text_content())


def test_text_has_enough_contrast_in_light_dark_and_print(files: dict[str, str]) -> None:
    """Against the page and against the box of the verdict; the mark of a critical issue is paper on its colour."""
    palettes = re.findall(r":root\{[^}]*--paper[^}]*\}", files["report.css"])
    assert len(palettes) == 3
    for palette in palettes:
        colours = dict(re.findall(r"--(\w+):(#[0-9a-f]+)", palette))
        for text, ground in itertools.product(("ink", "soft", "link", "bad", "warn"), ("paper", "tint")):
            assert contrast(colours[text], colours[ground]) >= LEAST, (palette, text, ground)


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of the luminances of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
