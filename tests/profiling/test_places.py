"""Which function, line and inlined call every executed address belongs to."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from emulator import Machine
from emulator.image import load_image
from emulator.image.model import Image
from emulator.profiling.functions import function_starts
from emulator.profiling.places import Places
from emulator.recording.model import NO_INDEX
from emulator.recording.search import find_functions

FILES = {
    "one.c": "volatile int seen;\n"
    "static inline int twice(int x)\n{\n    seen = x + 1; return x + seen;\n}\n"
    "__attribute__((noinline)) static int eval(int x)\n{\n    seen = x;\n    return twice(seen);\n}\n"
    "int one(int x) { return eval(x) + 1; }\n",
    "two.c": "extern volatile int seen;\n"
    "__attribute__((noinline)) static int eval(int x)\n{\n    seen = x;\n    return x / 3 + seen;\n}\n"
    "int two(int x) { return eval(x) + 2; }\n",
    "reset.cc": 'extern "C" int one(int); extern "C" int two(int);\n'
    "namespace net { __attribute__((noinline)) int run(int n) { return one(n) + two(n); } }\n"
    'extern "C" void Reset_Handler() { for (;;) net::run(7); }\n'
    '__attribute__((section(".isr_vector"), used)) void *const table[2] = '
    "{(void *)0x20001000, (void *)Reset_Handler};\n",
    "test.ld": "ENTRY(Reset_Handler)\nSECTIONS {\n"
    "  .isr_vector 0x0 : { KEEP(*(.isr_vector)) }\n  .text : { *(.text*) }\n"
    "  .bss 0x20000000 : { *(.bss*) }\n"
    "}\n",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Image, list[int], set[int]]:
    """An image, the addresses that ran, and where functions begin as the code tells."""
    folder: Path = tmp_path_factory.mktemp("places")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O2", "-g", "-nostdlib", "-fno-exceptions"]
    subprocess.run([*command, "-c", "one.c", "two.c", "reset.cc"], cwd=folder, check=True)
    objects = ["one.o", "two.o", "reset.o"]
    subprocess.run([*command, "-T", "test.ld", *objects, "-o", "test.elf"], cwd=folder, check=True)
    machine = Machine("virtual-m4")
    image = machine.load(folder / "test.elf")
    machine.run(max_cycles=5000)
    blocks = [plan.block for plan in machine.engine.automaton.plans]
    addresses = sorted({i.address for block in blocks for i in block.instructions})
    return image, addresses, function_starts(blocks)


def test_two_functions_of_one_name_are_two(ran):
    image, addresses, _ = ran
    places = Places(image, addresses)
    evals = [f for f in places.functions if f.name == "eval"]
    assert [(f.file, f.line) for f in evals] == [("one.c", 6), ("two.c", 2)]
    assert len({f.address for f in evals}) == 2
    for function in evals:
        assert places.functions[places.function_at(function.address | 1)] == function
    assert places.function_at(0x100) == NO_INDEX


def test_names_of_cpp_are_the_sources(ran):
    image, addresses, _ = ran
    (run,) = [f for f in Places(image, addresses).functions if "run" in f.name]
    assert (run.name, run.linkage) == ("net::run(int)", "_ZN3net3runEi")


def test_inlined_functions_have_rows(ran):
    image, addresses, _ = ran
    places = Places(image, addresses)
    (twice,) = [n for n, f in enumerate(places.functions) if f.name == "twice"]
    assert places.functions[twice].address == -1
    assert (places.functions[twice].file, places.functions[twice].line) == ("one.c", 2)
    inside = [places.at(a) for a in addresses if places.at(a).inlined]
    assert inside
    for place in inside:
        (frame,) = place.inlined
        assert (frame.function, frame.call_file, frame.call_line) == (twice, "one.c", 9)
        assert places.functions[place.function].name == "eval"
        assert (place.file, place.line) == ("one.c", 4)


def test_without_symbols_the_code_itself_tells(ran):
    image, addresses, starts = ran
    named = Places(image, addresses)
    bare = Places(replace(image, debug=None), addresses, starts)
    began = {f.address for f in bare.functions}
    assert all(f.name == f"function at 0x{f.address:08x}" for f in bare.functions)
    # "one" and "two" are called, and so is "run"; each address belongs to its nearest beginning before it
    assert {f.address for f in named.functions if f.name in ("one", "two", "net::run(int)", "eval")} <= began
    assert all(bare.functions[bare.function_at(a)].address <= a for a in addresses)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("eval", ["eval", "eval"]),
        ("two.c:eval", ["eval"]),
        ("net::run", ["net::run(int)"]),
        ("run", ["net::run(int)"]),
        ("net::run(int)", ["net::run(int)"]),
        ("_ZN3net3runEi", ["net::run(int)"]),
        ("net::*", ["net::run(int)"]),
        ("tw*", ["twice", "two"]),
        ("one.c:*", ["eval", "one", "twice"]),
        ("0x00000009", None),
        ("nothing", []),
    ],
)
def test_functions_are_found_by_what_people_call_them(ran, text, names):
    image, addresses, _ = ran
    functions = Places(image, addresses).functions
    found = [functions[n] for n in find_functions(functions, text)]
    if names is None:
        assert [f.address <= 8 < f.address + f.size_bytes for f in found] == [True]
    else:
        assert sorted(f.name for f in found) == names


def test_symbols_of_a_second_file_name_the_places(ran):
    image, addresses, _ = ran
    machine = Machine("virtual-m4")
    hex_file = Path(image.path).with_suffix(".hex")
    subprocess.run(["arm-none-eabi-objcopy", "-O", "ihex", image.path, hex_file], check=True)
    named = machine.load(hex_file, symbols=image.path)
    assert Places(named, addresses).functions == Places(load_image(image.path), addresses).functions
