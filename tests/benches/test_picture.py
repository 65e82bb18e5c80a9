"""The picture of FIDELITY.md: it is the one that the shipped bands give, and a report makes one too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from benches.silicon.error_bands import read_bands
from benches.silicon.picture import PICTURE, draw, main, shipped_groups

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def parts(picture: str, name: str, kind: str) -> list[ElementTree.Element]:
    return [e for e in ElementTree.fromstring(picture).iter(SVG + name) if e.get("class") == kind]


def test_the_picture_is_that_of_the_bands() -> None:
    drawn = draw(shipped_groups(read_bands()))
    assert PICTURE.read_text() == drawn, "python -m benches.silicon.picture"
    page = (ROOT / "FIDELITY.md").read_text()
    assert 0 < page.index("(docs/pictures/fidelity.svg)") < page.index("<!-- table")


def test_every_image_stands_where_its_error_is() -> None:
    bands = read_bands()
    drawn = draw(shipped_groups(bands))
    dots = {dot[0].text: float(dot.get("cx", "0")) for dot in parts(drawn, "circle", "fitted") if dot[0].text}
    assert len(dots) == len(bands.images)
    errors = {image.name: 100 * (image.ratio - 1) for image in bands.images}
    (zero,) = (float(line.get("x1", "0")) for line in parts(drawn, "line", "zero"))
    scale = {
        (x - zero) / errors[name] for title, x in dots.items() if abs(errors[name := title.split(":")[0]]) > 1
    }
    assert max(scale) - min(scale) < 0.1
    boxes = parts(drawn, "rect", "band")[1:]  # the first is the legend's
    widths = [float(box.get("width", "0")) for box in boxes]
    assert widths == [
        pytest.approx(200 * band.fraction * next(iter(scale)), rel=0.01) for band in bands.bands
    ]


def row(
    name: str, ratio: float | None, mode: str = "performance", board: str = "nucleo-l4r5zi"
) -> dict[str, object]:
    version, submitter, system, benchmark = name.split(" ")
    return {
        "version": version, "submitter": submitter, "system": system, "benchmark": benchmark,
        "ratio": ratio, "mode": mode, "board": board, "core": "cortex-m4",
    }  # fmt: skip


def test_a_report_makes_one(tmp_path: Path) -> None:
    """Rows in bands that are known, energy images with those of their board, absent ones not at all."""
    rows = [
        row("v1.2 bosch NUCLEO_L4R5ZI_int8 ad", 1.02),
        row("v1.2 bosch NUCLEO_L4R5ZI_int8 ad", 0.99, "energy"),
        row("v9 somebody NEW kws", 1.12, board="new"),
        row("v9 somebody ABSENT kws", None),
    ]
    report, made = tmp_path / "report.json", tmp_path / "made.svg"
    report.write_text(json.dumps({"rows": rows}))
    result = CliRunner().invoke(main, [str(report), "-o", str(made)])
    assert result.exit_code == 0, result.output
    titles = [dot[0].text for dot in parts(made.read_text(), "circle", "fitted")][1:]
    assert titles == [
        "v9 somebody NEW kws: +12.0 %",
        "v1.2 bosch NUCLEO_L4R5ZI_int8 ad: +2.0 %",
        "v1.2 bosch NUCLEO_L4R5ZI_int8 ad (energy): -1.0 %",
    ]
    texts = [e.text for e in ElementTree.parse(made).iter(SVG + "text")]
    assert any(re.match(r"cortex-m4, stm32-art 64 bit: \+-", text or "") for text in texts)
    assert "cortex-m4, new" in texts


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"rows": [{}]}', '{"rows": 3}'])
def test_what_is_no_report_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(text)
    result = CliRunner().invoke(main, [str(tmp_path / "report.json"), "-o", str(tmp_path / "made.svg")])
    assert result.exit_code == 2, result.output
    assert result.stderr.count("boardless: ") == 1
    assert not (tmp_path / "made.svg").exists()
