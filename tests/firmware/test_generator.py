"""What the generator refuses, and in which words; the reader; the arena plan."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from model_writer import ModelWriter
from operator_models import OPERATOR_MODELS, write_operator_model

from benches.build.arena import Lifetime, plan_arena
from benches.build.blocks import widen_blocks
from benches.build.command import build
from benches.build.firmware import SHIPPED, BuildOptions, build_firmware, shipped_model
from benches.build.generator import generate
from benches.build.lifetimes import tensor_lifetimes
from benches.build.lower import lower_model
from benches.build.model import read_model
from benches.build.optimize import COLUMNS_BYTES, GROUP, LARGEST_BLOCK, block_pixels, optimize_layer
from benches.build.quantization import multiply_by_quantized_multiplier, quantize_multiplier
from benches.build.support import Memory, fitted, list_support, load_support, support_for
from benches.suite import benchmarks
from benches.suite.shipped import image_for, image_for_board
from emulator import Machine
from emulator.board.model import Board
from emulator.board.reader import list_boards, load_board
from emulator.cli.main import main
from emulator.errors import BoardlessError, ImageError, UsageError

SUPPORT = "mps2-an386"


def _refusal(model: Path, tmp_path: Path, benchmark: str = "kws") -> str:
    with pytest.raises(ImageError) as caught:
        build_firmware(benchmark, model, load_support(SUPPORT), tmp_path / "out.elf")
    assert not (tmp_path / "out.elf").exists()
    return str(caught.value)


def _one(tmp_path: Path, make: Callable[[ModelWriter], tuple[int, int]]) -> Path:
    writer = ModelWriter()
    source, output = make(writer)
    return writer.write(tmp_path / "model.tflite", [source], [output])


def test_unsupported_operator_is_named_with_its_tensor_and_size(tmp_path: Path) -> None:
    def make(writer: ModelWriter) -> tuple[int, int]:
        source = writer.tensor((1, 490), scale=0.1, zero_point=0)
        output = writer.tensor((1, 490), scale=0.1, zero_point=0, name="squashed")
        writer.operator("LOGISTIC", [source], [output])
        return source, output

    text = _refusal(_one(tmp_path, make), tmp_path)
    assert "operator 0 LOGISTIC is not supported" in text
    assert "'squashed' (int8 1x490), 490 bytes" in text
    assert "supported: CONV_2D" in text


def test_float_model_is_refused(tmp_path: Path) -> None:
    def make(writer: ModelWriter) -> tuple[int, int]:
        source = writer.tensor((1, 490), "float32", name="audio")
        weights = writer.tensor((4, 490), "float32", data=np.zeros((4, 490)))
        output = writer.tensor((1, 4), "float32")
        writer.operator("FULLY_CONNECTED", [source, weights, -1], [output])
        return source, output

    text = _refusal(_one(tmp_path, make), tmp_path)
    assert "operator 0 FULLY_CONNECTED: tensor 0 'audio' (float32 1x490), 1960 bytes, is float" in text
    assert "full integer quantization" in text


def test_dense_per_channel_is_refused(tmp_path: Path) -> None:
    def make(writer: ModelWriter) -> tuple[int, int]:
        source = writer.tensor((1, 490), scale=0.1, zero_point=0)
        weights = writer.tensor((4, 490), scale=[0.1, 0.2, 0.3, 0.4], zero_point=0, name="dense",
                                data=np.ones((4, 490)))  # fmt: skip
        output = writer.tensor((1, 4), scale=0.1, zero_point=0)
        writer.operator("FULLY_CONNECTED", [source, weights, -1], [output])
        return source, output

    text = _refusal(_one(tmp_path, make), tmp_path)
    assert "FULLY_CONNECTED: tensor 1 'dense' (int8 4x490), 1960 bytes, is quantized per channel" in text


def test_arena_that_does_not_fit_names_the_largest_tensors(tmp_path: Path) -> None:
    support = load_support(SUPPORT)
    small = replace(support, ram=Memory(support.ram.origin, 0x6000))
    with pytest.raises(ImageError) as caught:
        build_firmware("vww", shipped_model("vww"), small, tmp_path / "out.elf")
    text = str(caught.value)
    assert "the tensor arena takes" in text
    assert "DEPTHWISE_CONV_2D needs most: tensor" in text or "CONV_2D needs most: tensor" in text
    assert "36864 bytes" in text  # 48 x 48 x 16, the widest tensor


def test_weights_that_do_not_fit_flash(tmp_path: Path) -> None:
    support = load_support(SUPPORT)
    small = replace(support, flash=Memory(support.flash.origin, 0x8000))
    with pytest.raises(ImageError, match="weights and constants take"):
        build_firmware("ad", shipped_model("ad"), small, tmp_path / "out.elf")


@pytest.mark.parametrize("toolchain", ["gcc", "zig"])
def test_firmware_that_does_not_fit_beside_its_arena_or_weights(
    toolchain: str, tmp_path: Path, cross_tools: None
) -> None:
    support, options = load_support(SUPPORT), BuildOptions(toolchain=toolchain)
    ram = replace(support, ram=Memory(support.ram.origin, 0x7400))
    with pytest.raises(ImageError, match=r"needs \d+ bytes of RAM, but .* has 29696; the tensor arena takes"):
        build_firmware("kws", shipped_model("kws"), ram, tmp_path / "out.elf", options)
    flash = replace(support, flash=Memory(support.flash.origin, 0x8000))
    with pytest.raises(ImageError, match=r"bytes of FLASH, but .* has 32768; weights and constants take"):
        build_firmware("kws", shipped_model("kws"), flash, tmp_path / "out.elf", options)


def test_model_of_another_benchmark_is_refused(tmp_path: Path) -> None:
    text = _refusal(shipped_model("ic"), tmp_path, "kws")
    assert "3072 bytes" in text
    assert "kws sends 490 elements" in text


@pytest.mark.parametrize("keep", [0, 3, 8, 100, 1000, 20000])
def test_truncated_files_are_told_in_one_message(keep: int, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(shipped_model("kws").read_bytes()[:keep])
    assert "cut.tflite" in _refusal(cut, tmp_path)


def test_flipped_bytes_never_end_in_another_exception(tmp_path: Path) -> None:
    good = bytearray(write_operator_model("conv_1x1", tmp_path).read_bytes())
    damaged = tmp_path / "damaged.tflite"
    for position in range(0, len(good), 3):
        bad = bytearray(good)
        bad[position] ^= 0xFF
        damaged.write_bytes(bad)
        with contextlib.suppress(BoardlessError):
            generate(damaged, "optimized")


def test_absent_file_and_foreign_file(tmp_path: Path) -> None:
    assert "no such file" in _refusal(tmp_path / "none.tflite", tmp_path)
    foreign = tmp_path / "picture.tflite"
    foreign.write_bytes(b"\x89PNG\r\n\x1a\n" * 10)
    assert "not a TensorFlow Lite model" in _refusal(foreign, tmp_path)


@pytest.mark.parametrize("changes", [{"core": "m5"}, {"kernels": "fast"}, {"optimization": "9"},
                                     {"toolchain": "cl"}, {"mode": "idle"}])  # fmt: skip
def test_unknown_options(changes: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="known:"):
        build_firmware("kws", shipped_model("kws"), load_support(SUPPORT), tmp_path / "x",
                       replace(BuildOptions(), **changes))  # fmt: skip


# -- the plan ------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [*OPERATOR_MODELS, *SHIPPED])
def test_no_two_living_buffers_overlap(name: str, tmp_path: Path) -> None:
    path = shipped_model(name) if name in SHIPPED else write_operator_model(name, tmp_path)
    network = generate(path, "optimized")
    lifetimes = tensor_lifetimes(network.model, network.layers)
    offsets = plan_arena(lifetimes).offsets
    for i, one in enumerate(lifetimes):
        for other in lifetimes[i + 1 :]:
            if one.meets(other):
                first, second = offsets[one.name], offsets[other.name]
                assert first + one.size_bytes <= second or second + other.size_bytes <= first


def test_planner_reuses_memory() -> None:
    chain = [Lifetime(str(i), 100, i, i + 1) for i in range(10)]
    assert plan_arena(chain).size_bytes == 224  # two buffers of 112, aligned


# -- arithmetic ------------------------------------------------------------------------------
def test_rescaling_in_python_is_the_kernels_rescaling() -> None:
    rng = np.random.default_rng(5)
    for value, real in zip(rng.integers(-(1 << 29), 1 << 29, 500), rng.uniform(1e-6, 0.9, 500), strict=True):
        multiplier, shift = quantize_multiplier(float(real))
        right = max(-shift, 0)
        nudge = (1 << 30) if value >= 0 else 1 - (1 << 30)
        high = _truncated(int(value) * multiplier + nudge, 1 << 31)
        mask = (1 << right) - 1
        expected = (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))
        assert multiply_by_quantized_multiplier(int(value), multiplier, shift) == expected


def _truncated(numerator: int, denominator: int) -> int:
    """C's division."""
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient


# -- packages --------------------------------------------------------------------------------
def test_every_package_serves_boards_that_exist() -> None:
    boards = set(list_boards())
    for name in list_support():
        support = load_support(name)
        assert set(support.boards) <= boards
        for board_name in support.boards:
            board = load_board(board_name)
            for memory in (support.flash, support.ram):
                region = board.region_at(memory.origin)
                assert region is not None, f"{name}: {memory} on {board_name}"
                assert memory.origin + memory.size_bytes <= region.end
            assert fitted(support, board).flash.origin == support.flash.origin


def test_unknown_package_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"known: .*virtual-m4"):
        load_support("arduino")


def test_a_boards_own_regions_replace_the_packages() -> None:
    board = load_board("virtual-m4")
    support = fitted(load_support(SUPPORT), board)
    assert support.flash.origin == board.vector_table
    assert support.ram.size_bytes == next(r for r in board.regions if r.kind == "ram").size_bytes


def _copied(folder: Path, name: str, **changes: str) -> Board:
    """A user's copy of virtual-m4 with other figures."""
    text = resources.files("peripherals").joinpath("boards", "virtual-m4.toml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert COPY_CHANGES[old] in text
        text = text.replace(COPY_CHANGES[old], new)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return load_board(str(path))


COPY_CHANGES = {
    "clock": "reset_hz = 25_000_000",
    "flash": "size_bytes = 0x200000",
    "sram": "size_bytes = 0x80000",
    "core": 'core = "cortex-m4"',
    "fpu": 'fpu = "single"',
}


def test_a_copied_board_takes_the_package_of_its_devices_and_core(tmp_path: Path) -> None:
    assert support_for(_copied(tmp_path, "mine")).name == "mps2-an386"
    m3 = _copied(tmp_path, "mine_m3", core='core = "cortex-m3"', fpu='fpu = "none"')
    assert support_for(m3).name == "mps2-an385"
    without = _copied(tmp_path, "mine_soft", fpu='fpu = "none"')
    assert fitted(support_for(without), without).core == "m3"  # its code has no float instructions
    other_port = tmp_path / "other_port.toml"
    other_port.write_text('title = "U5"\nfamily = "stm32u5"\nconsole = "usart3"\nnominal_hz = 160_000_000\n'
                          "[devices.rcc.parameters]\nhse_hz = 16_000_000\n")  # fmt: skip
    with pytest.raises(UsageError, match="no board support package drives the devices of other_port"):
        support_for(load_board(str(other_port)))


def test_a_copied_boards_data_go_where_its_package_has_them(tmp_path: Path) -> None:
    """The first RAM of a Cortex-M7 is its instruction TCM."""
    copy = tmp_path / "mine_m7.toml"
    copy.write_text(resources.files("peripherals.boards").joinpath("nucleo-h7a3zi-q.toml").read_text())
    package = fitted(support_for(load_board(str(copy))), load_board(str(copy)))
    assert package.ram == load_support("nucleo-h7a3zi-q").ram


def test_a_copied_boards_image_is_the_shipped_one_as_long_as_it_fits(
    tmp_path: Path, cross_tools: None
) -> None:
    kws = benchmarks.find("kws")
    mine = _copied(tmp_path, "mine", clock="reset_hz = 100_000_000", flash="size_bytes = 0x10000",
                   sram="size_bytes = 0x8000")  # fmt: skip
    assert image_for_board(kws, mine) == image_for(kws, "virtual-m4")
    moved = _copied(tmp_path, "moved", sram="size_bytes = 0x8000\nbase = 0x24000000")
    image = image_for_board(kws, moved)
    assert image.name == "kws-moved.elf"
    machine = Machine(moved)
    machine.load(image)
    machine.run(until=b"m-ready\r\n")


@pytest.mark.parametrize("hertz", [25_000_000, 33_554_432, 400_000_000])
def test_firmware_reads_the_boards_clock(hertz: int, tmp_path: Path) -> None:
    board = _copied(tmp_path, "mine", clock=f"reset_hz = {hertz}")
    machine = Machine(board)
    machine.load(image_for(benchmarks.find("kws"), "virtual-m4"))
    machine.run(until=b"m-ready\r\n")
    machine.console.feed(b"infer 1 0%")
    machine.run(until=b"m-ready\r\n")
    first, second = map(int, re.findall(rb"m-lap-us-(\d+)", bytes(machine.console.output))[-2:])
    assert (second - first) * hertz / 1e6 == pytest.approx(5_150_000, rel=0.1)  # cycles, whatever the clock


def test_all_operators_of_the_shipped_models_are_lowered() -> None:
    for name in SHIPPED:
        model = read_model(shipped_model(name))
        assert [layer.operator for layer in lower_model(model)] == [o.name for o in model.operators]


# -- the command -------------------------------------------------------------------------------
def test_command_builds_and_reports_sizes(tmp_path: Path, cross_tools: None) -> None:
    out = tmp_path / "kws.elf"
    result = CliRunner().invoke(build, ["kws", "--board", "virtual-m4", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "flash" in result.output
    assert "arena" in result.output
    assert out.stat().st_size > 1000


def test_command_builds_for_a_copied_board(tmp_path: Path, cross_tools: None) -> None:
    board = _copied(tmp_path, "mine")
    result = CliRunner().invoke(build, ["kws", "--board", board.file, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "kws-mine.elf").is_file()


def test_command_wants_one_benchmark_for_a_model() -> None:
    result = CliRunner().invoke(build, ["--model", "x.tflite"])
    assert isinstance(result.exception, UsageError)


@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "mps2-an385", "virtual-m0plus", "mps2-an505"])
def test_a_pace_that_the_clock_can_not_be_divided_to_is_refused(board: str, tmp_path: Path) -> None:
    slowest, fastest = load_support(board).console.slowest_baud(), load_support(board).console.fastest_baud()
    out = tmp_path / "kws.elf"
    for baud in (-5, 0, slowest - 1, fastest + 1, 1 << 32, 1 << 70):
        result = CliRunner().invoke(
            main, ["build", "kws", "--board", board, "--baud", str(baud), "--out", str(out)]
        )
        assert result.exit_code == 2, (baud, result.output)
        assert "--baud" in result.stderr
        assert not out.exists()


@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "mps2-an385"])
@pytest.mark.parametrize("place", ["slowest", "energy", "default", "fastest"])
def test_the_console_runs_at_the_pace_that_was_asked_for(board: str, place: str, tmp_path: Path) -> None:
    """Also where BRR alone has too few bits: a slow console at 120 MHz."""
    console = load_support(board).console
    bauds = {"slowest": console.slowest_baud(), "fastest": console.fastest_baud(), "default": 115200}
    wanted = bauds.get(place, 9600)
    options = BuildOptions(mode="energy") if place == "energy" else BuildOptions(baud=wanted)
    build_firmware("kws", shipped_model("kws"), load_support(board), tmp_path / "kws.elf", options)
    machine = Machine(board)
    machine.load(tmp_path / "kws.elf")
    machine.run(until="m-ready")
    assert machine.console.baud == pytest.approx(wanted, rel=0.01)


def test_a_virtual_boards_own_clock_sets_the_limits(tmp_path: Path) -> None:
    copy = tmp_path / "fast.toml"
    shipped = resources.files("peripherals").joinpath("boards/virtual-m4.toml").read_text()
    copy.write_text(shipped.replace("reset_hz = 25_000_000", "reset_hz = 400_000_000"))
    board = load_board(str(copy))
    assert fitted(support_for(board), board).console.fastest_baud() == 25_000_000


def test_a_full_disk_leaves_the_old_firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "kws.elf"
    out.write_text("yesterday's")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = CliRunner().invoke(main, ["build", "kws", "--out", str(out)])
    assert result.exit_code == 2, result.output
    assert "the firmware can't be written: No space left on device" in result.stderr
    assert out.read_text() == "yesterday's"
    assert [path.name for path in tmp_path.iterdir()] == ["kws.elf"]


@pytest.mark.parametrize(("shape", "patch", "most", "block"), [
    ((25, 5, 64), 64, 8192, 63),  # two blocks, not 64 and 61
    ((8, 8, 64), 576, 8192, 6),
    ((8, 8, 64), 576, 8192 * 8, 33),  # two blocks, though 56 pixels would fit
    ((8, 8, 160), 1440, 1024, GROUP),  # one group at least
    ((96, 96, 8), 8, 1 << 20, LARGEST_BLOCK),
    ((1, 1, 8), 8, 8192, GROUP),
])  # fmt: skip
def test_blocks_are_of_one_size(shape: tuple[int, int, int], patch: int, most: int, block: int) -> None:
    assert block_pixels(shape, patch, most) == block


@pytest.mark.parametrize("benchmark_name", ["kws", "vww", "ic"])
def test_blocks_grow_as_far_as_the_arena_stays(benchmark_name: str) -> None:
    model = read_model(shipped_model(benchmark_name))
    narrow = [optimize_layer(layer) for layer in lower_model(model)]
    wide = widen_blocks(model, narrow)
    sizes = [plan_arena(tensor_lifetimes(model, layers)).size_bytes for layers in (narrow, wide)]
    assert sizes[1] <= sizes[0]
    blocks = [
        (before.fields["block_pixels"], after.fields["block_pixels"])
        for before, after in zip(narrow, wide, strict=True)
        if "block_pixels" in before.fields
    ]
    assert all(before <= after <= LARGEST_BLOCK for before, after in blocks)
    if benchmark_name == "ic":  # its last convolutions have room for more
        assert any(
            2 * layer.fields["patch_size"] * layer.fields["block_pixels"] > 2 * COLUMNS_BYTES
            for layer in wide
            if "block_pixels" in layer.fields
        )
