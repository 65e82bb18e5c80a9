"""Error bands: from a validation into a file, and from there beside every cycle figure."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from benches.cli.bench import bench
from benches.cli.validate_run import ValidateOutputs, run_validate
from benches.measure.network_description import read_layers
from benches.silicon.error_bands import (
    NOT_MEASURED,
    band_json,
    band_words,
    measured_bands,
    memory_system,
    read_bands,
)
from benches.silicon.validate import FAILED, OK, ValidatedRow, ValidateOptions
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.files import OutputFile

ROW = ValidatedRow(
    "v1.2",
    "us",
    "a board",
    "kws",
    "performance",
    "nucleo-l4r5zi",
    "cortex-m4",
    "a.bin",
    status=OK,
    ratio=0.97,
)
ROWS = (
    ROW,
    replace(ROW, benchmark="ic", ratio=1.01),
    replace(ROW, board="nucleo-l4r5zi-p", ratio=1.02),
    replace(ROW, mode="energy", ratio=1.5),
    replace(ROW, status=FAILED, ratio=None),
    replace(ROW, board="nucleo-h7a3zi-q", core="cortex-m7", ratio=1.1),
)


def test_bands_are_per_core_and_memory_system():
    bands = {(b.core, b.memory): b for b in measured_bands(ROWS).bands}
    assert set(bands) == {
        ("cortex-m4", memory_system(load_board("nucleo-l4r5zi"))),
        ("cortex-m7", memory_system(load_board("nucleo-h7a3zi-q"))),
    }
    m4 = bands["cortex-m4", memory_system(load_board("nucleo-l4r5zi"))]
    assert m4.figures.count == 3
    assert m4.words == "+-3.0 %"
    assert m4.images[0] == "v1.2 us a board kws"


def test_what_was_not_measured_says_so():
    table = measured_bands(ROWS)
    assert band_words(table.band_for(load_board("virtual-m4"))) == NOT_MEASURED
    assert band_words(table.band_for(load_board("nucleo-l4r5zi"), "core")) == NOT_MEASURED
    assert band_json(None) == NOT_MEASURED
    assert band_words(table.band_for(load_board("nucleo-l4r5zi"))) == "+-3.0 %"


def test_a_written_file_reads_back(tmp_path):
    path = tmp_path / "bands.json"
    table = measured_bands(ROWS)
    table.write(OutputFile(path))
    assert read_bands(path).bands == table.bands
    assert "unofficial" in json.loads(path.read_text())["note"]
    path.write_text("{}")
    with pytest.raises(UsageError, match="not a file of error bands"):
        read_bands(path)


def test_the_projects_own_bands_cover_the_boards_that_have_published_images():
    bands = read_bands()
    for board in ("nucleo-l4r5zi", "nucleo-g0b1re", "nucleo-h7a3zi-q", "nucleo-u575zi-q"):
        band = bands.band_for(load_board(board))
        assert band is not None and band.figures.count == len(band.images) > 0


def test_bands_are_of_the_memory_model_only(tmp_path):
    with pytest.raises(UsageError, match="not of --timing core"):
        run_validate(
            None,
            ValidateOptions(timing="core"),
            1,
            ValidateOutputs(bands_file=OutputFile(tmp_path / "b.json")),
        )


def test_bench_shows_the_band_and_the_layers(tmp_path):
    bands, report = tmp_path / "bands.json", tmp_path / "report.json"
    measured_bands(ROWS).write(OutputFile(bands))
    words = ["kws", "--count", "1", "--layers", "--bands", str(bands), "--json", str(report)]
    result = CliRunner().invoke(bench, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "+-3.0 %" in result.output
    assert "Layers of kws on nucleo-l4r5zi" in result.output
    run = json.loads(report.read_text())["runs"][0]
    assert run["error_band"]["fraction"] == pytest.approx(0.03)
    layers = run["layers"]
    assert [layer["index"] for layer in layers] == list(range(len(layers)))
    assert layers[0]["operator"] == "CONV_2D" and layers[0]["macs"] == 320_000
    assert all(sum(layer["cycles_by_cause"].values()) == layer["cycles"] for layer in layers)
    assert 0.97 * run["cycles"] < sum(layer["cycles"] for layer in layers) < run["cycles"]


def test_layers_need_an_image_of_ours(tmp_path):
    image = tmp_path / "raw.bin"
    image.write_bytes(bytes(64))
    with pytest.raises(UsageError, match="its layers are not known"):
        read_layers(image)
