"""docs/boards.md is what the boards, catalogues and tests say now; every board is on it."""

from __future__ import annotations

import re

from emulator.board.reader import list_boards
from tests.packaging.boards_page import PAGE, page

TEXT = PAGE.read_text(encoding="utf-8")


def test_it_is_current() -> None:
    assert page() == TEXT, "python -m tests.packaging.boards_page writes it anew"


def test_every_board_has_a_section_that_says_everything() -> None:
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL))
    assert list(sections) == list_boards()
    for name, text in sections.items():
        assert "* modelled: " in text, name
        assert "* time: " in text, name


def test_what_was_measured_is_told() -> None:
    """Spot checks, against the catalogue by hand."""
    section = TEXT.partition("## nucleo-l4r5zi\n")[2].partition("\n## ")[0]
    assert "published images: ad (v1.2), ic (v1.2)" in section
    assert "shipped images: ad, ic, kws, sww, vww" in section
    assert re.search(r"measured on the board: \d+ images, modelled latency on average \d\.\d % off", section)
    pico = TEXT.partition("## rpi-pico\n")[2].partition("\n## ")[0]
    assert "no measured image: figures without a band" in pico
