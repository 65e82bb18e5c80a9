"""Functions, lines and inlined calls of a real compiler's DWARF, compared with binutils' own answers."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from random import Random

import pytest
from elftools.elf.elffile import ELFFile

from emulator.image import load_image
from emulator.image.elf import load_elf
from emulator.image.model import DebugInfo, Image

FIRST = """\
#include "helpers.h"
int samples[32];
__attribute__((noinline)) static int eval(int scale)
{
    int sum = 0;
    for (int i = 0; i < 32; i++)
        sum += scaled(samples[i], scale);
    return sum;
}
int first(int scale) { return eval(scale) + clamped(scale); }
__attribute__((used)) int nobody_calls(int x) { return clamped(x) * 3; }
"""
SECOND = """\
#include "helpers.h"
int first(int scale);
__attribute__((noinline)) static int eval(int value)
{
    return clamped(value) ^ 0x55;
}
int second(int value) { return first(value) + eval(value); }
"""
HELPERS = """\
static inline int clamped(int value)
{
    if (value > 100)
        return 100;
    return value < -100 ? -100 : value;
}
static inline int scaled(int value, int scale)
{
    int product = value * scale;
    return clamped(product >> 3);
}
"""
VECTORS = """\
int second(int value);
volatile int result;
void Reset_Handler(void)
{
    result = second(5);
    for (;;) {
    }
}
__attribute__((section(".isr_vector"), used)) void *const table[2] = {(void *)0x20001000, Reset_Handler};
"""
LINKER = """\
ENTRY(Reset_Handler)
SECTIONS {
  .isr_vector 0x%08x : { KEEP(*(.isr_vector)) }
  .text : { *(.text*) }
  .data 0x20000000 : AT(LOADADDR(.text) + SIZEOF(.text)) { *(.data*) }
  .bss : { *(.bss*) }
}
"""
OPTIONS = ("-mcpu=cortex-m4", "-mthumb", "-O2", "-ffunction-sections", "-nostdlib", "-Wl,--build-id=none")


def build(folder: Path, *options: str, base: int = 0x0800_0000) -> Path:
    texts = {"first.c": FIRST, "second.c": SECOND, "helpers.h": HELPERS, "vectors.c": VECTORS}
    for name, text in {**texts, "test.ld": LINKER % base}.items():
        (folder / name).write_text(text)
    command = ["arm-none-eabi-gcc", *OPTIONS, *options, "-T", "test.ld", "first.c", "second.c", "vectors.c"]
    subprocess.run([*command, "-o", "test.elf"], cwd=folder, check=True)
    return folder / "test.elf"


def debug_of(path: Path) -> DebugInfo:
    debug = load_image(path).debug
    assert debug is not None
    return debug


def code_addresses(debug: DebugInfo) -> list[int]:
    functions = [symbol for symbol in debug.symbols() if symbol.is_function]
    assert len(functions) >= 5
    return [address for f in functions for address in range(f.address, f.address + f.size_bytes, 2)]


def answers_of_binutils(path: Path, addresses: list[int]) -> dict[int, list[tuple[str, str]]]:
    """(function, file:line) of every address, the innermost inlined one first."""
    lines = subprocess.run(
        ["arm-none-eabi-addr2line", "-a", "-i", "-f", "-s", "-e", path, *map(hex, addresses)],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    found: dict[int, list[tuple[str, str]]] = {}
    at = 0
    while at < len(lines):
        if lines[at].startswith("0x"):
            current = found[int(lines[at], 16)] = []
            at += 1
        else:
            current.append((lines[at], lines[at + 1].partition(" ")[0]))
            at += 2
    return found


def answer(debug: DebugInfo, address: int) -> list[tuple[str, str]]:
    routine, line, inlined = debug.routine_at(address), debug.line_at(address), debug.inlined_at(address)
    assert routine is not None
    assert line is not None
    names = [routine.name, *(each.routine.name for each in inlined)]
    places = [*(each.call for each in inlined), line]
    found = [(name, f"{Path(p.file).name}:{p.line}") for name, p in zip(names, places, strict=True)]
    return found[::-1]


@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_functions_lines_and_inlined_calls_are_binutils(tmp_path, version):
    path = build(tmp_path, f"-gdwarf-{version}")
    debug = debug_of(path)
    addresses = code_addresses(debug)
    expected = answers_of_binutils(path, addresses)
    assert {a: answer(debug, a) for a in addresses} == expected
    assert any(len(chain) == 3 for chain in expected.values())  # clamped in scaled in eval


def test_an_inlined_function_says_where_it_is_declared(tmp_path):
    debug = debug_of(build(tmp_path, "-g"))
    inlined = [each for a in code_addresses(debug) for each in debug.inlined_at(a)]
    declared = {(each.routine.name, each.routine.file, each.routine.line) for each in inlined}
    assert declared == {("clamped", "helpers.h", 1), ("scaled", "helpers.h", 7)}


def test_without_the_table_of_address_ranges(tmp_path):
    path = build(tmp_path, "-g")
    debug = debug_of(path)
    expected = {a: answer(debug, a) for a in code_addresses(debug)}
    subprocess.run(["arm-none-eabi-objcopy", "-R", ".debug_aranges", path], check=True)
    without = debug_of(path)
    assert {a: answer(without, a) for a in code_addresses(without)} == expected


def test_what_the_linker_left_out_does_not_lie_at_address_0(tmp_path):
    """A flash at 0: the debug information of a function that was left out says 0, too."""
    path = build(tmp_path, "-g", "-Wl,--gc-sections", base=0)
    debug = debug_of(path)
    assert debug.symbol("nobody_calls") is None
    addresses = code_addresses(debug)
    assert min(addresses) == 8
    for address in addresses:
        symbol, routine = debug.symbol_at(address), debug.routine_at(address)
        assert symbol is not None
        assert routine is not None
        assert (symbol.name, routine.name) == (routine.linkage, symbol.name)
    assert debug.routine_at(0) is None
    assert debug.line_at(4) is None


def test_names_of_cpp(tmp_path):
    (tmp_path / "names.cc").write_text(
        "namespace lite { namespace {\n"
        "volatile int seen;\n"
        "template <typename T> inline T twice(T value) { seen = value; return value + seen; }\n"
        "__attribute__((noinline)) int Eval(int *node) { return twice(*node); }\n"
        "}\nint run(int *node) { return Eval(node); } }\n"
        'extern "C" void _start() { int n = 3; lite::run(&n); for (;;) {} }\n'
    )
    command = ["arm-none-eabi-g++", "-mcpu=cortex-m4", "-mthumb", "-O2", "-g", "-nostdlib", "-fno-exceptions"]
    subprocess.run([*command, "-Ttext=0x08000000", "names.cc", "-o", "names.elf"], cwd=tmp_path, check=True)
    debug = debug_of(tmp_path / "names.elf")
    evals = [s for s in debug.symbols() if "Eval" in s.name]
    assert len(evals) == 1
    (call,) = {c.routine.name for a in range(evals[0].address, evals[0].address + evals[0].size_bytes, 2)
               for c in debug.inlined_at(a)}  # fmt: skip
    assert call.startswith(("int lite::(anonymous namespace)::twice<int>(int)", "twice<int>"))
    run = next(s for s in debug.symbols() if "run" in s.name)
    routine = debug.routine_at(run.address)
    assert routine is not None
    assert routine.name == "lite::run(int*)"


@pytest.mark.parametrize("version", [3, 5])
def test_damaged_debug_information_is_none_at_all(tmp_path, version):
    """Whatever byte is another: no answer, or some answer, and no error."""
    path = build(tmp_path, f"-gdwarf-{version}")
    data = path.read_bytes()
    addresses = code_addresses(debug_of(path))
    elf = ELFFile(io.BytesIO(data))
    sections = [s for s in elf.iter_sections() if s.name.startswith(".debug")]
    for number in range(60):
        random, damaged = Random(number), bytearray(data)
        section = random.choice(sections)
        for _ in range(random.choice((1, 3, 20))):
            damaged[section["sh_offset"] + random.randrange(section["sh_size"])] = random.randrange(256)
        debug = load_elf(Image("damaged.elf", "", "elf", ()), bytes(damaged)).debug
        assert debug is not None
        for address in addresses:
            debug.line_at(address)
            debug.routine_at(address)
            debug.inlined_at(address)
            debug.folder_at(address)
