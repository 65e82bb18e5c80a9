"""The images that are shipped: rebuilt to the same bytes, and right to the last bit on QEMU."""

from __future__ import annotations

from pathlib import Path

import pytest
from comparison import Golden, layer_tensors
from device import QemuDevice

from benches.build.firmware import SHIPPED, BuildOptions, build_firmware, shipped_model
from benches.build.prebuilt import image_name, shipped_images
from benches.build.support import load_support
from benches.suite import benchmarks
from benches.suite.shipped import image_for, inputs_for, prebuilt_image
from emulator.board.reader import load_board

# machine of QEMU -> board support packages whose images run there
MACHINES = {
    "mps2-an385": ("mps2-an385", "virtual-m0plus"),
    "mps2-an386": ("mps2-an386",),
    "mps2-an500": ("mps2-an500",),
    "mps2-an505": ("mps2-an505",),
}
SAMPLE = [
    ("kws", "mps2-an385", "mps2-an385"),
    ("kws", "mps2-an385", "virtual-m0plus"),
    ("kws", "mps2-an386", "mps2-an386"),
    ("ad", "mps2-an500", "mps2-an500"),
    ("ic", "mps2-an505", "mps2-an505"),
    ("vww", "mps2-an386", "mps2-an386"),
]
ALL = [(benchmark, machine, support) for benchmark in SHIPPED for machine, supports in MACHINES.items()
       for support in supports]  # fmt: skip
OFFICIAL = {
    "kws": "kws_ref_model", "vww": "vww_96_int8", "ic": "pretrainedResnet_quant", "ad": "ad01_int8",
}  # fmt: skip
AD_INPUT_BYTES = 2560


def _inputs(benchmark: str, count: int) -> list[bytes]:
    folder = inputs_for(benchmarks.find(benchmark))
    found = [path.read_bytes() for path in sorted(folder.glob("*.bin"))[:count]]
    return [data[:AD_INPUT_BYTES] for data in found] if benchmark == "ad" else found


def _compare(benchmark: str, machine: str, image: Path, model: Path, count: int) -> None:
    golden = Golden(model)
    tensors = layer_tensors(image)
    with QemuDevice(machine, image) as device:
        for data in _inputs(benchmark, count):
            values = golden.input_tensor(benchmark, data)
            device.load(data)
            lines = device.command("infer 2 1")  # the second finds its input unharmed
            expected = golden.infer(values)
            assert device.raw_output() == expected
            assert lines[-1] == f"m-results-[{golden.result_text(benchmark, expected, data)}]"
            assert device.layer_checksums() == golden.layer_checksums(values, tensors)


@pytest.mark.parametrize(("benchmark_name", "support"), list(shipped_images()))
def test_rebuilding_gives_the_same_bytes(
    benchmark_name: str, support: str, tmp_path: Path, cross_tools: None
) -> None:
    built = tmp_path / "deeper" / image_name(benchmark_name, support)
    build_firmware(benchmark_name, shipped_model(benchmark_name), load_support(support), built)
    shipped = prebuilt_image(benchmark_name, load_board(load_support(support).boards[0]))
    assert shipped is not None
    assert built.read_bytes() == shipped.read_bytes(), "run python -m benches.build.prebuilt"


@pytest.mark.parametrize(("benchmark_name", "machine", "support"), SAMPLE)
def test_outputs_and_layers_are_bit_exact(benchmark_name: str, machine: str, support: str, qemu: str) -> None:
    image = image_for(benchmarks.find(benchmark_name), support)
    _compare(benchmark_name, machine, image, shipped_model(benchmark_name), 3)


@pytest.mark.parametrize(
    "benchmark_name",
    [name if name in ("kws", "ad") else pytest.param(name, marks=pytest.mark.slow) for name in SHIPPED],
)
def test_kernels_for_helium_are_bit_exact(
    benchmark_name: str, tmp_path: Path, cross_tools: None, qemu: str
) -> None:
    """Built, not shipped, for the Cortex-M55 that QEMU has."""
    image, model = tmp_path / "firmware.elf", shipped_model(benchmark_name)
    build_firmware(benchmark_name, model, load_support("mps3-an547"), image)
    _compare(benchmark_name, "mps3-an547", image, model, 3)


@pytest.mark.slow
@pytest.mark.parametrize("kernels", ["optimized", "reference"])
@pytest.mark.parametrize(("benchmark_name", "machine", "support"), ALL)
def test_our_models_on_every_core(
    benchmark_name: str,
    machine: str,
    support: str,
    kernels: str,
    tmp_path: Path,
    cross_tools: None,
    qemu: str,
) -> None:
    image, model = tmp_path / "firmware.elf", shipped_model(benchmark_name)
    build_firmware(benchmark_name, model, load_support(support), image, BuildOptions(kernels=kernels))
    _compare(benchmark_name, machine, image, model, 20)


@pytest.mark.slow
@pytest.mark.parametrize("kernels", ["optimized", "reference"])
@pytest.mark.parametrize(("benchmark_name", "machine", "support"), ALL)
def test_official_models_on_every_core(
    benchmark_name: str, machine: str, support: str, kernels: str, tmp_path: Path, reference_data: Path,
    cross_tools: None, qemu: str,
) -> None:  # fmt: skip
    image, model = tmp_path / "firmware.elf", reference_data / "models" / f"{OFFICIAL[benchmark_name]}.tflite"
    build_firmware(benchmark_name, model, load_support(support), image, BuildOptions(kernels=kernels))
    _compare(benchmark_name, machine, image, model, 20)


@pytest.mark.slow
@pytest.mark.parametrize("support", ["mps2-an386", "mps2-an385", "mps2-an505"])
def test_clang_builds_right_and_reproducible_images(support: str, tmp_path: Path, qemu: str) -> None:
    options = BuildOptions(toolchain="zig")
    images = [tmp_path / "one" / "kws.elf", tmp_path / "two" / "kws.elf"]
    for image in images:
        build_firmware("kws", shipped_model("kws"), load_support(support), image, options)
    assert images[0].read_bytes() == images[1].read_bytes()
    _compare("kws", support, images[0], shipped_model("kws"), 3)
