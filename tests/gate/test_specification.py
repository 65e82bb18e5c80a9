"""What a specification may say, and what is told of one that says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benches.gate.specification import Limit, find_specification, read_specification
from emulator.errors import UsageError

GOOD = """
baseline = "figures.txt"
[measure.kws]
image = "kws"
limits.cycles = { soft = "2.5 %", hard = 7_000_000 }
limits.stack = { soft = "off" }
[measure.filter]
image = "build/app.elf"
board = "boards/mine.toml"
call = "fir"
arguments = [1, 2.5]
"""


def test_a_whole_one(tmp_path: Path) -> None:
    file = tmp_path / "boardless.toml"
    file.write_text(GOOD)
    found = read_specification(find_specification(tmp_path))
    assert found.baseline == tmp_path / "figures.txt"
    kws, called = found.measurements
    assert (kws.image, kws.board) == ("kws", None)
    assert kws.limits == {"cycles": Limit(0.025, 7_000_000), "stack": Limit(None)}
    assert (called.image, called.board) == (
        str(tmp_path / "build/app.elf"),
        str(tmp_path / "boards/mine.toml"),
    )
    assert called.table.arguments == [1, 2.5]


def test_in_a_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.boardless.measure.a]\nimage = "a.elf"\n')
    assert [m.name for m in read_specification(find_specification(tmp_path)).measurements] == ["a"]


@pytest.mark.parametrize("text", ["", "[tool.other]\n"])
def test_nowhere(tmp_path: Path, text: str) -> None:
    if text:
        (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=r"no boardless\.toml here(.|\n)*docs/ci\.md"):
        find_specification(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("measure = 3", "measure"),
        ("[measure]", "nothing to measure"),
        ("[measure.a]", r"measure\.a.*image|image"),
        ('[measure."a b"]\nimage = "x"', "letters, digits"),
        ('[measure.a]\nimage = "x"\nimge = "y"', "imge.*unknown key"),
        ('[measure.a]\nimage = "x"\nlimits.cycles = { soft = "much" }', r"limits\.cycles\.soft"),
        ('[measure.a]\nimage = "x"\nlimits.cycles = { hard = -1 }', r"limits\.cycles\.hard"),
        ('[measure.a]\nimage = "x"\narguments = [1]', "no call to give them to"),
        ('[measure.a]\nimage = "x"\ncall = "f"\narguments = 3', "arguments: must be a list, not 3"),
        ('[measure.a]\nimage = "x"\ncall = "f"\narguments = [[1]]', r"\[1\] can't be passed"),
        ('[measure.a]\nimage = "x"\ncall = "f"\narguments = [{ ints = 1 }]', "'ints' is no kind of argument"),
        ('[measure.a]\nimage = "x"\ncall = "f"\narguments = [{ zeros = 0 }]', "0 can't be passed as zeros"),
        ('[measure.a]\nimage = "x"\ncall = "f"\nuntil = "done"', "ends by itself"),
        ('[measure.a]\nimage = "x"\nbenchmark = "kws"\nuntil = "done"', "begins and ends by itself"),
        ("[measure.a\n", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "boardless.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=words) as caught:
        read_specification(file)
    assert str(file) in str(caught.value)
