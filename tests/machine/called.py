"""Builds firmware whose functions are called one by one: several files, C or C++, any core."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from boardless import Board, load_board

CORES = {  # the compiler's options
    "cortex-m0": "-mfloat-abi=soft",
    "cortex-m3": "-mfloat-abi=soft",
    "cortex-m4-soft": "-mfloat-abi=softfp -mfpu=fpv4-sp-d16",
    "cortex-m4": "-mfloat-abi=hard -mfpu=fpv4-sp-d16",
    "cortex-m7": "-mfloat-abi=hard -mfpu=fpv5-d16",
    "cortex-m33": "-mfloat-abi=hard -mfpu=fpv5-sp-d16",
}
STACK_BYTES = 0x8000  # where the stack begins, above the data
OPTIONS = ["-O1", "-g", "-ffreestanding", "-nostdlib", "-fno-exceptions", "-fno-inline", "-T", "link.ld"]
STARTUP = r"""
extern unsigned _stack_top;
__attribute__((weak)) void main(void) { for (;;) { __asm__ volatile("wfi"); } }
#ifdef __ARM_FP
#define RESET open_fpu_and_start
void open_fpu_and_start(void) { *(volatile unsigned *)0xE000ED88 = 0xFu << 20; main(); }
#else
#define RESET main
#endif
__attribute__((weak)) void on_fault(void) { for (;;) { } }
__attribute__((weak)) void on_tick(void) { }
__attribute__((section(".vectors"), used)) const void *const vectors[16] = {
    &_stack_top, RESET, on_fault, on_fault, on_fault, on_fault, on_fault, 0, 0, 0, 0,
    on_fault, 0, 0, on_fault, on_tick};
"""
LINKER = """
ENTRY(main)
SECTIONS {
  .vectors FLASH : { KEEP(*(.vectors)) }
  .text : { *(.text*) *(.rodata*) *(.ARM.ex*) }
  .data RAM (NOLOAD) : { *(.data*) *(.bss*) *(COMMON) }
  _stack_top = RAM + 0x8000;
}
"""


def build(folder: Path, files: Mapping[str, str], core: str = "cortex-m4") -> tuple[Board, Path]:
    """Compile and link for the virtual board with that core; the board and the ELF's path."""
    cpu = core.removesuffix("-soft")
    board = load_board(cpu.replace("cortex", "virtual"))
    flash, ram = (next(r.base for r in board.regions if r.kind == kind) for kind in ("flash", "ram"))
    (folder / "startup.c").write_text(STARTUP)
    (folder / "link.ld").write_text(LINKER.replace("FLASH", hex(flash)).replace("RAM", hex(ram)))
    for name, text in files.items():
        (folder / name).write_text(text)
    elf = folder / f"{core}.elf"
    options = [f"-mcpu={cpu}", "-mthumb", *CORES[core].split(), *OPTIONS]
    command = ["arm-none-eabi-gcc", *options, "startup.c", *files, "-lgcc", "-o", elf.name]
    subprocess.run(command, check=True, cwd=folder)
    return board, elf
