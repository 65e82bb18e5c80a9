"""Rows of streaming wake word in `boardless validate`: read beside the others, and run on noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benches.silicon.catalog import read_catalog
from benches.silicon.row_pool import validate_rows
from benches.silicon.streaming_catalog import StreamingRow, read_streaming_catalog, streaming_catalog
from benches.silicon.streaming_validate import FRAMES, noise, validate_streaming
from benches.silicon.validate import ABSENT, FAILED, OK, ValidateOptions
from benches.suite.wake_word import FRAME_SAMPLES
from emulator.errors import UsageError

HEADER = (
    "version,submitter,system,benchmark,path,board,"
    "published_latency_ms,Published processing ms,processing pin\n"
)
KWS, SWW = "v1,us,s,kws,k.hex,nucleo-l4r5zi,40,,\n", "v1,us,s,sww,w.hex,nucleo-l4r5zi,,17.5,PE9\n"
WITHIN = 0.05
"""Of the published time a frame; FIDELITY.md and `boardless validate` have the figures."""


def test_one_catalogue_holds_both_kinds(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    path.write_text(HEADER + KWS + SWW)
    (latency,), (streaming,) = read_catalog(path), read_streaming_catalog(path)
    assert (latency.benchmark, latency.published_latency_ms) == ("kws", 40)
    assert (streaming.processing_ms, streaming.duty_cycle, streaming.processing_pin) == (17.5, None, "PE9")
    rows = validate_rows([latency, streaming], ValidateOptions())
    assert [(row.benchmark, row.status) for row in rows] == [("kws", ABSENT), ("sww", ABSENT)]
    path.write_text(HEADER + SWW.replace(",PE9", ","))
    with pytest.raises(UsageError, match="'processing_pin' is missing") as caught:
        read_streaming_catalog(path)
    assert "row 1" in str(caught.value)


def test_a_file_that_is_no_firmware_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "w.hex").write_bytes(b"no firmware")
    row = replace(streaming_catalog()[1], path="w.hex", sha256="", processing_ms=17.5, duty_cycle=None)
    result = validate_streaming(row, ValidateOptions((tmp_path,)))
    assert result.status == FAILED
    assert result.detail
    assert [(figure.published, figure.modelled) for figure in result.streaming] == [(17.5, None)]


def test_noise_is_always_the_same() -> None:
    sound = noise()
    assert sound.frames == FRAMES * FRAME_SAMPLES
    assert sound.samples == noise().samples
    assert sound.samples[0::2] == sound.samples[1::2]
    assert len(set(sound.samples)) > 1000


@pytest.mark.parametrize("row", streaming_catalog(), ids=lambda row: row.system)
def test_published_images(development_image: Callable[[str, str], Path], row: StreamingRow) -> None:
    image = development_image(row.version, row.path)
    folder = image.parents[len(Path(row.path).parts) - 1]
    result = validate_streaming(row, ValidateOptions((folder,)))
    assert (result.status, result.detail) == (OK, "")
    for figure in result.streaming:
        if figure.quantity != "power":  # test_published_energies.py says what is known of that
            assert figure.ratio == pytest.approx(1, abs=WITHIN)
