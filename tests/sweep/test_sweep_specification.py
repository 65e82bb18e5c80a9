"""Specifications: which cells they make, and every mistake named with its file, key and next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from benches.sweep.specification import Sweep, read_sweep
from emulator.errors import UsageError


def read(folder: Path, text: str) -> Sweep:
    file = folder / "sweep.toml"
    file.write_text(text)
    return read_sweep(file)


def test_lists_and_variants_are_axes_in_their_order(tmp_path: Path) -> None:
    sweep = read(
        tmp_path,
        """
        image = ["kws", "ad"]
        clock = ["80MHz"]
        timing = "core"
        [parameters]
        regions.sram.wait_states = [0, 1]
        regions.flash.size_bytes = 0x1000
        [variants.memory.fast]
        parameters.regions.flash.wait_states = 0
        [variants.memory."two waits"]
        board = "virtual-m3"
        parameters.regions.flash.wait_states = 2
        """,
    )
    assert [axis.name for axis in sweep.axes] == ["image", "clock", "regions.sram.wait_states", "memory"]
    assert [cell.place for cell in sweep.cells[:3]] == [
        ("kws", "80MHz", 0, "fast"), ("kws", "80MHz", 0, "two waits"), ("kws", "80MHz", 1, "fast"),
    ]  # fmt: skip
    assert len(sweep.cells) == 8
    last = sweep.cells[-1].settings
    assert (last.image, last.board, last.clock, last.timing) == ("ad", "virtual-m3", "80MHz", "core")
    assert last.parameters == {
        "regions": {"sram": {"wait_states": 1}, "flash": {"size_bytes": 0x1000, "wait_states": 2}}
    }
    assert sweep.cells[0].settings.board is None


def test_a_variant_goes_before_what_is_the_same_for_all(tmp_path: Path) -> None:
    sweep = read(tmp_path, 'image = "a"\ntiming = "core"\n[variants.v.x]\ntiming = "count"\n[variants.v.y]\n')
    assert [cell.settings.timing for cell in sweep.cells] == ["count", "core"]


def test_arguments_are_a_list_and_lists_of_them_an_axis(tmp_path: Path) -> None:
    one = read(tmp_path, 'image = "a"\ncall = "f"\narguments = [1, 2.5]\n')
    assert [cell.settings.arguments for cell in one.cells] == [[1, 2.5]]
    two = read(tmp_path, 'image = "a"\ncall = "f"\narguments = [[1, 2.5], [3]]\n')
    assert [(cell.place, cell.settings.arguments) for cell in two.cells] == [
        (("1, 2.5",), [1, 2.5]),
        (("3",), [3]),
    ]


def test_without_an_axis_there_is_one_cell(tmp_path: Path) -> None:
    assert [cell.place for cell in read(tmp_path, 'image = "kws"\n').cells] == [()]


WRONG = {
    "unknown key": ('imag = "a"', "imag: unknown key; did you mean 'image'?"),
    "unknown key in a variant": (
        'image = "a"\n[variants.m.x]\nbord = "b"',
        "variants.m.x.bord: unknown key; did you mean 'board'?",
    ),
    "unknown key of a build": (
        '[build]\nbenchmark = "kws"\noptimize = "2"',
        "build.optimize: unknown key",
    ),
    "value": ('image = "a"\ntiming = ["core", "none"]', 'timing: must be "memory", "core" or "count"'),
    "value of a build": (
        '[build]\nbenchmark = "kws"\nopt = ["2", "7"]',
        'build.opt: must be "0", "1", "2", "3", "s", "fast" or "z", not "7"',
    ),
    "clock": ('image = "a"\nclock = 80', "clock: must be a frequency such as 80MHz, not 80"),
    "nothing to run": ('board = "virtual-m4"', "image: there is nothing to run"),
    "two firmwares": ('image = "a"\n[build]\nbenchmark = "kws"', "image: the firmware is built"),
    "missing": ('[build]\nopt = "2"', "build.benchmark: missing"),
    "empty axis": ("image = []", "image: an axis without values"),
    "twice": ('image = ["a", "a"]', "image: 'a' stands there twice"),
    "no tables": ('image = "a"\nvariants = 3', "variants: must be tables"),
    "no variants": ('image = "a"\n[variants.memory]', "variants.memory: an axis without values"),
    "list in a variant": (
        'image = "a"\n[variants.m.x]\ntiming = ["core", "memory"]',
        "variants.m.x.timing: a list in a variant",
    ),
    "set twice": (
        'image = ["a", "b"]\n[variants.m.x]\nimage = "c"',
        "image: is set by two axes, image and m",
    ),
    "names": (
        'image = "a"\ntiming = ["core", "memory"]\n[variants.timing.x]',
        "timing: two axes have this name",
    ),
    "build": ('image = "a"\nbuild = 3', "build: must be a table"),
    "value and table": (
        'image = "a"\n[parameters]\na = 1\n"a.b" = 2',
        "parameters.a.b: a is a value and a table",
    ),
    "family": ('image = "a"\n[parameters]\nfamily = "virtual"', "parameters.family: a board's family"),
    "number": ('image = "a"\ncall = "f"\narguments = ["x"]', "arguments: 'x' is no number"),
    "both": ('image = "a"\ninput = "b"\nuntil = "c"', "input: inferences begin and end by themselves"),
    "many": (
        f'image = "a"\nmax_cycles = {list(range(400))}\ninferences = {list(range(1, 301))}',
        "inferences: 120,000 cells, more than 100,000",
    ),
    "title": ('title = 3\nimage = "a"', "title: must be text"),
    "TOML": ("image = ", "is not valid TOML"),
}


@pytest.mark.parametrize("what", WRONG)
def test_mistakes_are_named(what: str, tmp_path: Path) -> None:
    text, words = WRONG[what]
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/sweep.toml: ")
    assert words in message
    assert caught.value.next_step or what == "TOML"
