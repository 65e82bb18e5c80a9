import subprocess
from pathlib import Path

import pytest

from benches.speed import convolution
from benches.speed.inference import shipped_firmware
from benches.speed.measure import convolution_emulated, convolution_plain
from benches.speed.protection import SETUPS, inference_protected
from benches.speed.recording import WAYS, inference_recorded, recording_cost
from benches.speed.serial import serial_cost

CHARACTERS_A_BYTE = 2 + (len("db %") + len("m-ready..")) / 31
SOURCE = Path(convolution.__file__).with_name("convolution.s")


def test_committed_bytes_are_the_assembly(tmp_path):
    built, binary = tmp_path / "convolution.o", tmp_path / "convolution.bin"
    subprocess.run(
        ["arm-none-eabi-as", "-mcpu=cortex-m4", "-mthumb", "-o", built, SOURCE],
        check=True,
    )
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", built, binary], check=True)
    assert binary.read_bytes() == convolution.CODE


@pytest.mark.parametrize("timing", ["count", "core", "memory"])
def test_kernel_has_the_instructions_that_its_formula_says(timing):
    speed = convolution_emulated("nucleo-l4r5zi", timing, "auto", 3)  # checks the count itself
    assert speed.instructions >= convolution.instructions(3)
    assert speed.cycles > speed.instructions / 2


def test_plain_unicorn_reaches_the_kernels_end():
    assert convolution_plain("nucleo-l4r5zi", 3).host_s > 0


def test_regions_cost_no_cycles():
    """Their cost in host time is the bench's to show; figures are those without an MPU."""
    firmware = shipped_firmware("nucleo-l4r5zi")
    off, *others = (inference_protected(firmware, "memory", "auto", 1, setup) for setup in SETUPS)
    assert len(others) == 3
    assert {(speed.instructions, speed.cycles) for speed in others} == {(off.instructions, off.cycles)}


def test_recording_costs_no_cycles():
    """Its cost in host time is the bench's to show; figures are those without."""
    firmware = shipped_firmware("nucleo-l4r5zi")
    off, *others = (inference_recorded(firmware, "auto", 1, way) for way in WAYS)
    assert len(others) == 2
    assert {(speed.instructions, speed.cycles) for speed in others} == {(off.instructions, off.cycles)}
    cost = recording_cost(firmware, "auto")
    assert cost.made_s > 0 and cost.written_s > 0 and cost.file_bytes > 10_000


def test_serial_input_costs_less_with_waiting_skipped():
    cost = serial_cost(shipped_firmware("nucleo-l4r5zi"), "auto", 1)
    assert 0 < cost.host_s < cost.every_turn_s
    assert cost.board_s == pytest.approx(CHARACTERS_A_BYTE * 10 / 115_200, rel=0.1)
