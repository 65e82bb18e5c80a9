"""One program over the CMSDK devices: QEMU's MPS2 machines, the same boards, and the virtual ones."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator import Machine

SOURCE = Path(__file__).with_name("cmsdk_devices.c")
INPUT = b"abcde"
QEMU_TIMEOUT_S = 20
MAX_CYCLES = 20_000_000
LINKER_SCRIPT = """
MEMORY {{ CODE (rx) : ORIGIN = {code}, LENGTH = 64K  DATA (rwx) : ORIGIN = {data}, LENGTH = 64K }}
SECTIONS {{
  .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) }} >CODE
  .bss (NOLOAD) : {{ *(.bss*) *(COMMON) }} >DATA
  stack_top = ORIGIN(DATA) + LENGTH(DATA);
}}
ENTRY(reset)
"""
CMSDK = {
    "CLOCK_HZ": "25000000u",
    "UART": "0x40004000u",
    "TIMER": "0x40000000u",
    "RECEIVE_INTERRUPT": "0u",
    "TIMER_INTERRUPT_NUMBER": "8u",
}
IOTKIT = {
    "CLOCK_HZ": "20000000u",
    "UART": "0x50200000u",
    "TIMER": "0x50000000u",
    "RECEIVE_INTERRUPT": "32u",
    "TIMER_INTERRUPT_NUMBER": "3u",
}


@dataclass(frozen=True)
class Target:
    qemu: str
    core: str
    boards: tuple[str, ...]
    code: str = "0x00000000"
    data: str = "0x20000000"


# A Cortex-M0 program runs on QEMU's Cortex-M3.
TARGETS = (
    Target("mps2-an385", "cortex-m3", ("mps2-an385", "virtual-m3")),
    Target("mps2-an386", "cortex-m4", ("mps2-an386", "virtual-m4")),
    Target("mps2-an500", "cortex-m7", ("mps2-an500", "virtual-m7")),
    Target("mps2-an505", "cortex-m33", ("mps2-an505", "virtual-m33"), "0x10000000", "0x38000000"),
    Target("mps2-an385", "cortex-m0", ("virtual-m0", "virtual-m0plus")),
)


def build(target: Target, folder: Path) -> Path:
    script = folder / "memory.ld"
    script.write_text(LINKER_SCRIPT.format(code=target.code, data=target.data))
    image = folder / "devices.elf"
    defines = IOTKIT if target.core == "cortex-m33" else CMSDK
    subprocess.run(
        ["arm-none-eabi-gcc", f"-mcpu={target.core}", "-mthumb", "-O1", "-ffreestanding", "-nostdlib"]
        + [f"-D{name}={value}" for name, value in defines.items()]
        + ["-T", str(script), str(SOURCE), "-o", str(image)],
        check=True,
    )
    return image


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.core)
def test_devices_answer_as_on_qemu(cross_tools: None, qemu: str, tmp_path: Path, target: Target) -> None:
    image = build(target, tmp_path)
    quiet = ["-display", "none", "-monitor", "none", "-serial", "stdio"]
    done = subprocess.run(
        [
            qemu,
            "-M",
            target.qemu,
            "-kernel",
            str(image),
            *quiet,
            "-semihosting-config",
            "enable=on,target=native",
        ],
        input=INPUT,
        capture_output=True,
        timeout=QEMU_TIMEOUT_S,
        check=False,
    )
    expected = done.stdout
    assert expected.endswith(b"abcde received\n"), done.stderr
    for board in target.boards:
        machine = Machine(board)
        machine.load(image)
        machine.console.feed(INPUT)
        machine.run(max_cycles=MAX_CYCLES)
        assert bytes(machine.console.output) == expected, board
        assert machine.exit_code == 0
        assert machine.unmodelled == []
