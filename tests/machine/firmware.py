"""Builds tiny firmware for the virtual Cortex-M4 board from C; one function, one question."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

PROLOGUE = r"""
typedef unsigned int u32;
#define REG(a) (*(volatile u32 *)(a))
#define UART 0x40004000u
extern u32 _stack_top;
static void put(char c) { while (REG(UART + 4) & 1) { } REG(UART) = (u32)c; }
static void print(const char *s) { while (*s) put(*s++); }
static int get(void) { while (!(REG(UART + 4) & 2)) { } return (int)(REG(UART) & 0xFF); }
static void open_console(void) { REG(UART + 16) = 217; REG(UART + 8) = 3; }
volatile u32 ticks;
__attribute__((weak)) void on_systick(void) { ticks++; }
__attribute__((weak)) void on_hard_fault(void) { for (;;) { } }
void main(void);
#ifdef __ARM_FP
#define OPEN_FPU REG(0xE000ED88) = 0xFu << 20
#else
#define OPEN_FPU
#endif
void start(void) { OPEN_FPU; open_console(); main(); for (;;) { } }
__attribute__((section(".vectors"), used)) const void *const vectors[16] = {
    &_stack_top, start, on_hard_fault, on_hard_fault, on_hard_fault, on_hard_fault, on_hard_fault, 0, 0, 0, 0,
    on_hard_fault, 0, 0, on_hard_fault, on_systick};
"""
LINKER = """
SECTIONS {
  .vectors 0x0 : { KEEP(*(.vectors)) }
  .text : { *(.text*) *(.rodata*) }
  .data 0x20000000 (NOLOAD) : { *(.data*) *(.bss*) *(COMMON) }
  _stack_top = 0x20010000;
}
"""


MPS2 = {
    "0x0 :": "0x0 :",
    "0x20000000": "0x20000000",
    "0x20010000": "0x20010000",
    "0x40004000u": "0x40004000u",
}
"""Code, RAM, stack and console of MPS2 boards but the secure ones."""


def build(
    tmp_path: Path,
    source: str,
    name: str = "firmware",
    core: str = "cortex-m4",
    places: Mapping[str, str] = MPS2,
) -> Path:
    """Compile ``source`` (which defines main) to an ELF with symbols and lines."""
    c_file, script, elf = tmp_path / f"{name}.c", tmp_path / f"{name}.ld", tmp_path / f"{name}.elf"
    prologue, linker = PROLOGUE, LINKER
    for usual, here in places.items():
        prologue, linker = prologue.replace(usual, here), linker.replace(usual, here)
    c_file.write_text(prologue + source)
    script.write_text(linker)
    float_abi = ["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"] if core == "cortex-m4" else []
    subprocess.run(
        ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", *float_abi, "-O1", "-g", "-ffreestanding",
         "-nostdlib",         "-Wno-unused-function", "-T", str(script), str(c_file), "-o", str(elf)],
        check=True,
    )  # fmt: skip
    return elf
