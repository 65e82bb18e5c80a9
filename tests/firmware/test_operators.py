"""Each operator by itself, on QEMU, against two interpreters: not one bit may differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from comparison import Golden, layer_tensors
from device import QemuDevice
from operator_models import MICRO_DIFFERS, OPERATOR_MODELS, write_operator_model

from benches.build.firmware import BuildOptions, build_firmware
from benches.build.support import load_support

INPUTS = 3
# board support, machine, kernels, toolchain
OPTIMIZED = [("mps2-an386", "mps2-an386", "optimized", "gcc")]
VECTOR = ("mps3-an547", "mps3-an547", "optimized", "gcc")
VECTORIZED = (
    "conv_odd_channels",
    "conv_1x1",
    "depthwise_3x3",
    "depthwise_5x3",
    "dense_no_bias",
    "add",
    "average_pool",
    "max_pool",
)
"""One of each kernel in kernels/vector; ``slow`` runs all of them."""
ALL = [
    ("mps2-an386", "mps2-an386", "reference", "gcc"),
    ("mps2-an385", "mps2-an385", "optimized", "gcc"),
    ("mps2-an500", "mps2-an500", "optimized", "gcc"),
    ("mps2-an505", "mps2-an505", "optimized", "gcc"),
    ("virtual-m0plus", "mps2-an385", "optimized", "gcc"),
    ("virtual-m0plus", "mps2-an385", "reference", "gcc"),
    ("mps2-an386", "mps2-an386", "optimized", "zig"),
    ("virtual-m0plus", "mps2-an385", "optimized", "zig"),
    VECTOR,
]


def _check(name: str, target: tuple[str, str, str, str], folder: Path) -> None:
    support, machine, kernels, toolchain = target
    model = write_operator_model(name, folder)
    image = folder / "firmware.elf"
    options = BuildOptions(kernels=kernels, toolchain=toolchain)
    build_firmware("kws", model, load_support(support), image, options)
    golden = Golden(model)
    with QemuDevice(machine, image) as device:
        for seed in range(INPUTS):
            data = np.random.default_rng(seed).integers(-128, 128, 490).astype(np.int8).tobytes()
            values = golden.input_tensor("kws", data)
            device.load(data)
            device.command("infer 2 1")
            assert device.raw_output() == golden.infer(values)
            if name not in MICRO_DIFFERS:
                assert device.layer_checksums() == golden.layer_checksums(values, layer_tensors(image))


@pytest.mark.parametrize("name", OPERATOR_MODELS)
def test_optimized_kernels_on_cortex_m4(name: str, tmp_path: Path, cross_tools: None, qemu: str) -> None:
    _check(name, OPTIMIZED[0], tmp_path)


@pytest.mark.parametrize("name", VECTORIZED)
def test_kernels_for_helium(name: str, tmp_path: Path, cross_tools: None, qemu: str) -> None:
    _check(name, VECTOR, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("target", ALL, ids="-".join)
@pytest.mark.parametrize("name", OPERATOR_MODELS)
def test_every_core_and_kernel_set(
    name: str, target: tuple[str, str, str, str], tmp_path: Path, cross_tools: None, qemu: str
) -> None:
    _check(name, target, tmp_path)
