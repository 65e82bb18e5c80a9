"""Error bands: from a validation into a file, and from there beside every figure that was like it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benches.cli.bench import bench
from benches.cli.explain import explain
from benches.cli.validate_run import ValidateOutputs, run_validate
from benches.measure.network_description import read_layers
from benches.silicon.catalog import CatalogRow, development_catalog
from benches.silicon.error_bands import BandTable, band_json, band_words, read_bands
from benches.silicon.measured_images import MeasuredImage, measured_images
from benches.silicon.run_band import band_of_run
from benches.silicon.run_situation import kind_words
from benches.silicon.situation import CORE_PARAMETERS, Makeup, Situation, beyond, memory_system, settings_of
from benches.silicon.validate import FAILED, OK, ValidatedRow, ValidateOptions
from emulator import Machine
from emulator.board.model import Board
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.files import OutputFile
from emulator.thumb.decode import decode
from tests.system.assembled import assemble

L4 = "nucleo-l4r5zi"
SHARES = {"alu: issue": 0.5, "load: issue": 0.3, "load: load-use": 0.1}
STALLS = {"load: flash (data)": 0.1}


def situation(board: str = L4, **changes: Any) -> Situation:
    loaded = load_board(board)
    values = {a.name: dict(a.parameters) for a in loaded.accelerators}
    made = Situation(
        loaded.core,
        memory_system(loaded),
        120_000_000,
        settings_of(loaded, values),
        Makeup(SHARES, STALLS, 0.0, 1000),
    )
    return replace(made, **changes)


def image(
    ratio: float, network: str = "kws", submitter: str = "us", of: Situation | None = None
) -> MeasuredImage:
    return MeasuredImage(f"{submitter} {network} {ratio}", submitter, network, ratio, of or situation())


FOUR = BandTable([image(0.97), image(1.01), image(1.02, "ic"), image(1.004, "ad", "others")])


# -- from images to bands ----------------------------------------------------------------------------
def test_bands_are_per_core_and_memory_system() -> None:
    other = image(1.1, of=situation("nucleo-h7a3zi-q"))
    table = BandTable([*FOUR.images, other])
    keys = {(band.core, band.memory): band for band in table.bands}
    assert set(keys) == {
        ("cortex-m4", memory_system(load_board(L4))),
        ("cortex-m7", memory_system(load_board("nucleo-h7a3zi-q"))),
    }
    band = keys["cortex-m4", memory_system(load_board(L4))]
    assert (band.figures.count, band.families, band.words) == (4, 3, "+-3.0 %")
    assert band.images[0] == "us kws 0.97"


def test_a_band_tells_of_how_many_further_images_it_speaks() -> None:
    (band,) = FOUR.bands
    # 3 families: the next one is not the worst of four with probability 3/4; of the images left out with
    # their family, the one of 3 % is beyond the 2 % that the others give
    assert (band.left_out_within, band.percentile) == (3, 0.75)
    assert band.evidence == "for 75 % of images, by 4 measured ones of 3 families"
    (lone,) = BandTable([image(1.02)]).bands
    assert (lone.percentile, lone.left_out_within) == (0.5, None)
    assert lone.evidence == "for 50 % of images, by 1 measured one of 1 family"


def test_many_families_leave_the_worst_tenth_out() -> None:
    many = [image(1 + number / 1000, f"n{number}") for number in range(1, 20)]
    (band,) = BandTable(many).bands
    assert band.fraction == pytest.approx(0.018)  # the 18th of 19: 0.9 * 20
    # of a band of the 18 others, the 18th of them, only the worst family is beyond
    assert (band.percentile, band.left_out_within) == (0.9, 18)


def test_families_that_err_otherwise_lower_the_percentile() -> None:
    (band,) = BandTable([image(1.001, "a"), image(1.5, "b"), image(1.5, "b"), image(1.5, "b")]).bands
    assert (band.left_out_within, band.percentile) == (1, 0.25), "three of four were beyond the other's"


def test_rows_of_a_validation() -> None:
    row = ValidatedRow(
        "v1.2", "us", "a board", "kws", "performance", L4, "cortex-m4", "a.bin",
        status=OK, ratio=0.97, situation=situation(),
    )  # fmt: skip
    rows = (
        row,
        replace(row, mode="energy", ratio=1.5),
        replace(row, status=FAILED, ratio=None),
        replace(row, situation=None),
    )
    (only,) = measured_images(rows, {})
    assert (only.name, only.family, only.ratio) == ("v1.2 us a board kws", ("us", "kws"), 0.97)
    assert row.as_json()["situation"] is None, "reports stay as they were"


def test_a_written_file_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "bands.json"
    FOUR.write(OutputFile(path))
    again = read_bands(path)
    assert again.bands == FOUR.bands
    assert [i.situation.settings for i in again.images] == [i.situation.settings for i in FOUR.images]
    assert again.images[0].situation.makeup.core == SHARES
    assert "unofficial" in json.loads(path.read_text())["note"]


@pytest.mark.parametrize(
    "text",
    ["{}", "[]", "7", '{"images": 3}', '{"images": [3]}', '{"images": [{}]}', '{"bands": []}',
     '{"images": [{"core_shares": {"a": NaN}, "memory_shares": {}}]}'],
)  # fmt: skip
def test_what_is_no_file_of_bands(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bands.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="not a file of error bands"):
        read_bands(path)


def test_bands_are_of_the_memory_model_only(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not of --timing core"):
        run_validate(
            None,
            ValidateOptions(timing="core"),
            1,
            ValidateOutputs(bands_file=OutputFile(tmp_path / "b.json")),
        )


# -- what a run has beyond all that was measured ------------------------------------------------------
def test_a_run_like_a_measured_one_has_its_number() -> None:
    band = FOUR.band_for(situation())
    assert band is not None
    assert (band_words(band), band.outside) == ("+-3.0 %", ())
    told = band.as_json()
    assert (told["fraction"], told["percentile"], told["outside"]) == (pytest.approx(0.03), 0.75, [])
    assert (told["evidence"]["count"], told["evidence"]["families"]) == (4, 3)
    assert told["evidence"]["images"][0] == "us kws 0.97"


def test_a_core_or_memory_system_without_images_is_not_measured() -> None:
    run = situation("virtual-m4")
    assert FOUR.band_for(run) is None
    assert (band_words(None), band_json(None)) == ("not measured", "not measured")


FLASH = "stm32-art 64 bit"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clock_hz": 480_000_000}, "480 MHz (measured: up to 120 MHz)"),
        ({"settings": {FLASH: {"wait_states": 15}}}, f"wait_states = 15 of {FLASH} (measured: 0)"),
        ({"settings": {FLASH: {"new": 1}}}, f"new = 1 of {FLASH} (never measured)"),
        ({"settings": {"core": {"other_memory": 2}}}, "other_memory = 2 of core (measured: 1)"),
        ({"makeup": Makeup({}, {}, 1.0)}, "no cycle was executed"),
        ({"first": True}, "a first inference, with nothing like it before"),
        ({"makeup": Makeup(SHARES, STALLS, 0.2)}, "20 % waiting (measured: none)"),
        (
            {"makeup": Makeup({**SHARES, "fp mac, 64 bit: issue": 0.15}, STALLS)},
            "15 % fp mac, 64 bit: issue (measured: none)",
        ),
        (
            {"makeup": Makeup({"branch: issue": 1.0}, {})},
            "100 % branch: issue (measured: none)",
        ),
        (
            {"makeup": Makeup({"load: load-use": 0.4, "alu: issue": 0.6}, {})},
            "40 % load: load-use (measured: up to 10.0 %)",
        ),
        (
            {"makeup": Makeup(SHARES, {"load: flash (data)": 0.4})},
            "40 % load: flash (data) (measured: up to 10.0 %)",
        ),
        (
            {"makeup": Makeup({**SHARES, **{f"kind {n}: issue": 0.009 for n in range(20)}}, STALLS)},
            "18 % in many kinds of instruction and stall, each a little",
        ),
    ],
)
def test_what_is_outside_is_named(changes: dict[str, Any], words: str) -> None:
    band = FOUR.band_for(situation(**changes))
    assert band is not None
    assert band.outside == (words,)
    assert band.words == "outside"
    assert band.sentence == f"outside what was measured: {words}"
    told = band.as_json()
    assert (told["words"], told["fraction"]) == ("outside what was measured", None)
    assert told["outside"] == [words]
    assert told["evidence"]["count"] == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"clock_hz": 4_000_000},
        {"makeup": Makeup({**SHARES, "fp mac, 64 bit: issue": 0.09}, STALLS)},
        {"makeup": Makeup(SHARES, STALLS, 0.09)},
        {"makeup": Makeup({"alu: issue": 1.0}, {})},  # twice the measured share
    ],
)
def test_what_is_a_small_part_or_slower_is_not_outside(changes: dict[str, Any]) -> None:
    band = FOUR.band_for(situation(**changes))
    assert band is not None
    assert band.outside == ()


def test_instructions_are_a_core_s_stalls_a_memory_system_s() -> None:
    other = replace(
        situation("cy8cproto-062-4343w"),
        makeup=Makeup({"fp mac: issue": 0.5}, {"fp load: flash (data)": 0.5}),
    )
    table = BandTable([*FOUR.images, image(1.0, of=other)])
    instructions = table.band_for(situation(makeup=Makeup({"fp mac: issue": 1.0}, {})))
    assert instructions is not None and instructions.outside == ()
    stalls = table.band_for(situation(makeup=Makeup(SHARES, {"fp load: flash (data)": 0.3})))
    assert stalls is not None
    assert stalls.outside == ("30 % fp load: flash (data) (measured: none)",)


def test_kinds_tell_doubles_apart() -> None:
    codes = ("31ee021a", "31ee021b", "0a44", "2de9f04f")  # vadd.f32, vadd.f64, add, push.w
    words = [kind_words(decode(bytes.fromhex(code), 0)) for code in codes]
    assert words == ["fp alu", "fp alu, 64 bit", "alu", "store multiple"]


# -- whole machines ------------------------------------------------------------------------------------
def ran(board: Board, elf: Path, cycles: int = 200_000) -> Any:
    machine = Machine(board)
    machine.load(elf)
    machine.run(max_cycles=cycles)
    return band_of_run(machine)


@pytest.mark.usefixtures("cross_tools")
def test_a_spin_loop(tmp_path: Path) -> None:
    board = load_board(L4)
    band = ran(board, assemble(tmp_path, "ldr r0, =1000000\n1: subs r0, #1\nbne 1b", board))
    assert any("% branch: branch" in words for words in band.outside), band.outside


@pytest.mark.usefixtures("cross_tools")
def test_double_floats(tmp_path: Path) -> None:
    board = load_board("nucleo-h7a3zi-q")
    body = """
    .fpu fpv5-d16
    ldr r0, =0xE000ED88
    ldr r1, =0xF00000
    str r1, [r0]
    dsb
    isb
    ldr r0, =100000
    1:
    .rept 8
    vadd.f64 d0, d1, d2
    vmul.f64 d3, d4, d5
    .endr
    subs r0, #1
    bne 1b
    """
    band = ran(board, assemble(tmp_path, body, board))
    assert any("64 bit" in words for words in band.outside), band.outside


@pytest.mark.usefixtures("cross_tools")
def test_a_board_that_nobody_has(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'title = "480 MHz and 40 wait states"\nfamily = "stm32h7a3"\nconsole = "usart3"\n'
        "reset_hz = 480_000_000\n[regions.dtcm]\nwait_states = 40\n"
    )
    board = load_board(str(file))
    machine = Machine(board)
    machine.load(assemble(tmp_path, "ldr r0, =1000\n1: subs r0, #1\nbne 1b", board))
    machine.clocks.set({"core": 480_000_000})
    machine.run(max_cycles=20_000)
    band = band_of_run(machine)
    assert band is not None
    assert "480 MHz (measured: up to 280 MHz)" in band.outside
    assert "wait_states = 40 of memories without an accelerator (measured: 0)" in band.outside


def test_with_another_timing_nothing_is_measured() -> None:
    assert band_of_run(Machine(L4, timing="core")) is None


def invoked(command: Any, *words: str) -> tuple[str, Any]:
    result = CliRunner().invoke(command, [*words, "--json", "report.json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output, json.loads(Path("report.json").read_text())


def test_a_first_inference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output, report = invoked(explain, "kws", "--warmups", "0")
    assert "outside what was measured: a first inference" in output
    assert report["identity"]["error_band"]["fraction"] is None
    assert report["identity"]["error_band"]["outside"][0].startswith("a first inference")


def test_bench_shows_the_band_and_the_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = read_bands()
    of_core = [image for image in own.images if image.situation.core == "cortex-m4"]
    wider = BandTable([replace(image, left_out_ratio=1.03) for image in of_core])
    wider.write(OutputFile(tmp_path / "bands.json"))
    output, report = invoked(bench, "kws", "--count", "5", "--layers", "--bands", "bands.json")
    assert "+-3.0 %" in output
    assert "error of kws: +-3.0 % for 80 % of images, by 5 measured ones of 4 families" in output
    assert "Layers of kws on nucleo-l4r5zi" in output
    run = report["runs"][0]
    assert run["error_band"]["fraction"] == pytest.approx(0.03)
    assert run["error_band"]["evidence"]["count"] == 5
    layers = run["layers"]
    assert [layer["index"] for layer in layers] == list(range(len(layers)))
    assert layers[0]["operator"] == "CONV_2D" and layers[0]["macs"] == 320_000
    assert all(sum(layer["cycles_by_cause"].values()) == layer["cycles"] for layer in layers)
    assert 0.97 * run["cycles"] < sum(layer["cycles"] for layer in layers) < run["cycles"]


def test_one_inference_of_a_short_network_waits_for_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output, report = invoked(bench, "ad", "--count", "1")
    assert "% waiting (measured: none)" in output
    assert report["runs"][0]["error_band"]["fraction"] is None
    _, report = invoked(bench, "ad")
    assert report["runs"][0]["error_band"]["outside"] == []


def test_layers_need_an_image_of_ours(tmp_path: Path) -> None:
    raw = tmp_path / "raw.bin"
    raw.write_bytes(bytes(64))
    with pytest.raises(UsageError, match="its layers are not known"):
        read_layers(raw)


# -- the project's own ---------------------------------------------------------------------------------
def test_the_projects_own_bands_cover_the_boards_that_have_published_images() -> None:
    table = read_bands()
    rows = [row for row in development_catalog() if row.mode == "performance"]
    assert len(table.images) == len(rows)
    for board in ("nucleo-l4r5zi", "nucleo-g0b1re", "nucleo-h7a3zi-q", "nucleo-u575zi-q"):
        loaded = load_board(board)
        assert any((b.core, b.memory) == (loaded.core, memory_system(loaded)) for b in table.bands)


@pytest.mark.parametrize("board", sorted({r.board for r in development_catalog() if r.mode == "performance"}))
def test_what_a_measured_board_s_file_sets_of_its_core_was_measured(board: str) -> None:
    """A parameter that came later than the bands costs no cycle, or the bands are measured anew."""
    made = situation(board)
    own = [i.situation for i in read_bands().images if i.situation.memory == made.memory]
    for name, value in made.settings.get(CORE_PARAMETERS, {}).items():
        assert value in {s.settings.get(CORE_PARAMETERS, {}).get(name) for s in own}, name


def test_the_file_s_bands_are_those_of_its_images() -> None:
    import benches.silicon.error_bands as module  # noqa: PLC0415

    content = json.loads(module.shipped_bands_file().read_text())
    assert content["bands"] == [json.loads(json.dumps(band.as_json())) for band in read_bands().bands]


def test_each_measured_image_is_inside_and_bands_cover_as_many_as_they_say() -> None:
    table = read_bands()
    for band in table.bands:
        group = [
            i for i in table.images if (i.situation.core, i.situation.memory) == (band.core, band.memory)
        ]
        for one in group:
            run = table.band_for(one.situation)
            assert run is not None
            assert run.outside == (), one.name
        covered = sum(one.error <= band.fraction for one in group)
        assert covered >= band.percentile * len(group)


def test_left_out_with_its_family_what_is_new_in_an_image_is_outside() -> None:
    """The only float images of their memory systems spend their cycles on what no other does."""
    table = read_bands()
    for one in table.images:
        if "_float" not in one.name:
            continue
        others = [
            i.situation
            for i in table.images
            if i.family != one.family and i.situation.core == one.situation.core
        ]
        assert any("fp " in words for words in beyond(one.situation, others)), one.name


QUICK = {"NUCLEO_L4R5ZI-P ad", "CY8CPROTO_062_4343W_float ad", "DISCO_F746NG_int8 ad"}
MANY_FAMILIES = 10
"""From so many on a band leaves the worst tenth out."""


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(
            row,
            id=f"{row.version}-{row.system}-{row.benchmark}",
            marks=() if f"{row.system} {row.benchmark}" in QUICK else pytest.mark.slow,
        )
        for row in development_catalog()
        if row.mode == "performance"
    ],
)
def test_a_development_image_shows_a_number_that_covers_its_error(
    row: CatalogRow,
    development_image: Callable[[str, str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = development_image(row.version, row.path)
    words = ["--image", str(path), "--board", row.board, "--count", "20"]
    _, report = invoked(bench, *words, *(["--base", str(row.base)] if row.base is not None else []))
    run = report["runs"][0]
    assert run["error_band"]["outside"] == []
    evidence = run["error_band"]["evidence"]
    name = f"{row.version} {row.submitter} {row.system} {row.benchmark}"
    assert name in evidence["images"]
    measured = next(i for i in read_bands().images if i.name == name)
    assert measured.error <= run["error_band"]["fraction"] or evidence["families"] >= MANY_FAMILIES
