"""The page in headless Chromium: narrow and wide, light and dark, by keyboard, offline, harmless."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from emulator.recording.model import Recording
from emulator.reporting.page import charts
from emulator.reporting.page.page import page
from emulator.reporting.view import View
from tests.reporting.made import generated, small

LARGEST_PAGE_BYTES = 5_000_000
SECTIONS = ["summary", "operators", "flame", "functions", "loops", "memory", "timeline"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert program, "no Chromium: .ci/setup test"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


def show(browser: Browser, text: str, folder: Path, width: int = 1280, scheme: Any = "light") -> Page:
    """Open a page from a file; anything on the console, any error and any request fails the test."""
    file = folder / "page.html"
    file.write_text(text)
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    shown = context.new_page()
    shown.set_default_timeout(10_000)
    problems: list[str] = []
    shown.on("console", lambda message: problems.append(message.text))
    shown.on("pageerror", lambda error: problems.append(str(error)))
    shown.on("dialog", lambda dialog: problems.append(f"dialog {dialog.message}"))
    shown.on("request", lambda request: request.url != file.as_uri() and problems.append(request.url))
    shown.goto(file.as_uri())
    shown.evaluate("1")
    assert [problem for problem in problems if problem != "data:,"] == []
    shown.problems = problems  # type: ignore[attr-defined]
    return shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_it_fits_every_screen(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    shown = show(browser, page(View(small()), View(generated(1))), tmp_path, width, scheme)
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    outside = shown.evaluate(
        """() => [...document.querySelectorAll("section, h2, p, .bar, .facts, .flame, .track, svg, .scroll")]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert outside == []
    assert shown.locator("section").evaluate_all("all => all.map(e => e.id)") == ["comparison", *SECTIONS]
    background = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is (scheme == "light")


def test_a_symbol_called_script_is_text(browser: Browser, tmp_path: Path) -> None:
    recording = small()
    odd = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    functions = tuple(
        replace(f, name=odd) if f.name.startswith("<script>") else f for f in recording.functions
    )
    identity = replace(recording.identity, title=odd, image=odd)
    marks = tuple(replace(mark, name=odd, track=odd) for mark in recording.marks)
    made = replace(
        recording, functions=functions, identity=identity, marks=marks, sources={"src/conv.cc": odd}
    )
    shown = show(browser, page(View(made), View(made)), tmp_path)
    assert shown.evaluate("document.querySelectorAll('script').length") == 2
    assert shown.evaluate("document.querySelectorAll('img').length") == 0
    assert shown.title().startswith(odd)
    assert odd in shown.locator("#frames .frame").all_text_contents()
    assert shown.problems == []  # type: ignore[attr-defined]


def test_nothing_is_fetched(tmp_path: Path) -> None:
    text = page(View(small()))
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)
    assert "default-src 'none'" in text
    assert "@import" not in text and "url(" not in text


def test_the_flame_graph_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    shown = show(browser, page(View(small())), tmp_path)
    tree = shown.get_by_role("tree", name="Flame graph of call paths")
    focused = "document.activeElement.textContent"
    tree.get_by_role("treeitem").first.focus()
    assert shown.evaluate(focused) == "all"
    for key, name in (
        ("ArrowDown", "reset: main"),
        ("ArrowRight", "SysTick: SysTick_Handler"),
        ("ArrowLeft", "reset: main"),
        ("ArrowDown", "tflite::Eval(int) [conv.cc]"),
        ("ArrowUp", "reset: main"),
        ("Enter", "reset: main"),
    ):
        shown.keyboard.press(key)
        assert shown.evaluate(focused) == name, key
    labels = tree.get_by_role("treeitem").evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
    assert "tflite::Eval(int) [conv.cc]: 582 cycles (71.85 %), self 582, 2 calls" in labels
    assert not any(label.startswith("SysTick") for label in labels), "zoomed: others are gone"
    assert shown.locator("#detail").text_content().startswith("reset: main: 741 cycles")
    shown.keyboard.press("Escape")
    assert shown.evaluate(focused) == "all"
    assert tree.get_by_role("treeitem", name=re.compile("^SysTick")).count() == 1
    assert tree.locator('[tabindex="0"]').count() == 1


def test_the_flame_graph_by_mouse(browser: Browser, tmp_path: Path) -> None:
    shown = show(browser, page(View(small())), tmp_path)
    whole = shown.locator("#frames").bounding_box()["width"]
    box = shown.get_by_role("treeitem", name=re.compile(r"^tflite::Eval\(int\) \[conv"))
    assert box.bounding_box()["width"] == pytest.approx(whole * 582 / 810, rel=0.02)
    box.click()
    assert box.bounding_box()["width"] == pytest.approx(whole, rel=0.02)
    shown.get_by_role("button", name="Show all").click()
    assert box.bounding_box()["width"] == pytest.approx(whole * 582 / 810, rel=0.02)


def test_the_flame_graph_searches(browser: Browser, tmp_path: Path) -> None:
    shown = show(browser, page(View(small())), tmp_path)
    shown.get_by_role("searchbox", name="Search").fill("EVAL")
    assert shown.locator(".frame.hit").count() == 2
    assert shown.get_by_role("status").text_content() == f"2 boxes, {100 * 588 / 810:.2f} % of all cycles"
    shown.get_by_role("searchbox", name="Search").fill("")
    assert shown.get_by_role("status").text_content() == ""


def test_everything_has_a_name(browser: Browser, tmp_path: Path) -> None:
    shown = show(browser, page(View(small()), View(generated(1))), tmp_path)
    nameless = shown.evaluate(
        """() => {
            const all = document.querySelectorAll("[role=img], [role=region], [role=treeitem], nav, section");
            const text = (id) => document.getElementById(id)?.textContent;
            const name = (e) => e.getAttribute("aria-label") || text(e.getAttribute("aria-labelledby"));
            return [...all].filter(e => !name(e)).map(e => e.outerHTML.slice(0, 80));
        }"""
    )
    assert nameless == []
    levels = shown.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(e => Number(e.tagName[1]))")
    assert levels[0] == 1 and set(levels[1:]) == {2}
    assert shown.evaluate("document.documentElement.lang") == "en"
    ids = shown.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    links = shown.evaluate("[...document.querySelectorAll('a')].map(e => e.getAttribute('href').slice(1))")
    assert set(links) <= set(ids)
    captions = shown.evaluate("[...document.querySelectorAll('table')].map(e => e.caption.textContent)")
    assert all(captions)
    assert shown.get_by_role("region", name="Where the cycles go").get_attribute("tabindex") == "0"


STYLE = (Path(charts.__file__).parent / "page.css").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme: str) -> None:
    """WCAG 2.1, 1.4.3: a contrast of 4.5 at least."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[scheme == "dark"]))
    pairs = [
        "text page",
        "soft page",
        "soft panel",
        "text panel",
        "link page",
        "frame-text frame",
        "page hit",
    ]
    for pair in pairs:
        front, back = (_luminance(colours[name]) for name in pair.split())
        assert (max(front, back) + 0.05) / (min(front, back) + 0.05) >= 4.5, pair


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# -- what it shows ---------------------------------------------------------------------------
@pytest.mark.parametrize("recording", [small(), generated(3)], ids=["small", "generated"])
def test_the_flame_graphs_frames_sum(recording: Recording) -> None:
    made = charts.flame(View(recording))
    frames = made["frames"]
    below = [0] * len(frames)
    for parent, *_rest in frames:
        assert parent < len(frames)
    for parent, _name, _self, cycles, _calls in frames:
        if parent >= 0:
            below[parent] += cycles
    roots = sum(frame[3] for frame in frames if frame[0] < 0)
    left_out = recording.cycles * charts.SMALLEST_SHARE * len(recording.contexts)
    assert recording.cycles - left_out <= roots <= recording.cycles
    for frame, inside in zip(frames, below, strict=True):
        assert frame[2] + inside <= frame[3] <= frame[2] + inside + left_out


def test_bars_are_whole() -> None:
    view = View(small())
    palette = charts.colours(view)
    for bar in (*charts.function_bars(view, palette), *charts.operator_bars(view, palette)):
        assert sum(part.share for part in bar.segments) == pytest.approx(1)
        assert sum(part.value for part in bar.segments) == bar.value
    for region in charts.memory_map(view):
        assert sum(cell.share for cell in region.cells) == pytest.approx(1)
        assert all(0 <= cell.heat <= 1 for cell in region.cells)


def test_the_comparison_is_on_the_page(browser: Browser, tmp_path: Path) -> None:
    slower = generated(2)
    shown = show(browser, page(View(slower), View(small())), tmp_path)
    assert shown.locator("#comparison .lead").text_content().startswith("B takes ")
    assert shown.get_by_role("region", name="By function").locator("tbody tr").count() > 5


def test_a_large_recording_stays_small(browser: Browser, tmp_path: Path) -> None:
    recording = generated(9, functions=3000, code=20_000, contexts=30_000)
    text = page(View(recording), View(generated(8)))
    assert len(text.encode()) <= LARGEST_PAGE_BYTES
    shown = show(browser, text, tmp_path)
    assert shown.locator("#frames .frame").count() > 20


def test_the_embedded_data_are_json() -> None:
    text = page(View(small()))
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert json.loads(data)["total"] == 810
