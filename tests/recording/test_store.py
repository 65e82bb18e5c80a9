"""The recording's file: everything comes back, and what is no recording is refused in words."""

import sqlite3
from dataclasses import replace

import pytest

from emulator.errors import UsageError
from emulator.recording.model import (
    CacheCounts,
    Context,
    ExceptionCount,
    Function,
    HighWater,
    Identity,
    InlineFrame,
    Instruction,
    Jump,
    Mark,
    MemoryObject,
    Operator,
    Recording,
)
from emulator.recording.store import SCHEMA, read_recording, write_recording

IDENTITY = Identity(
    title="one kws inference",
    image="kws.elf",
    image_sha256="ab" * 32,
    board="nucleo-l4r5zi",
    core="cortex-m4",
    timing="memory",
    clock_hz=120_000_000,
    boardless="0.1.0",
    models="1",
    band={"words": "+-2.8 %"},
    board_facts={"regions": [{"name": "flash"}]},
)
RECORDING = Recording(
    IDENTITY,
    cycles=30,
    instructions=12,
    outside={"exception": 12},
    functions=(Function("main", "main", "main.c", 3, 0x100, 8), Function("f()", "_Z1fv", "", 0, -1, 0)),
    code=(
        Instruction(
            0x100, 2, "adds r0, #1", 0, "main.c", 4, 6, {("issue", ""): 6}, (InlineFrame(1, "main.c", 9),)
        ),
        Instruction(0x102, 4, "b.w 0x100", 0, "main.c", 5, 6, {("issue", ""): 6, ("flash", "fetch"): 6}),
    ),
    jumps=(Jump(0x102, 0x100, "jump", 5),),
    contexts=(
        Context(-1, "main", "reset", 0, -1, 1, 18, 12),
        Context(-1, "exception", "SysTick", -1, -1, 1, 12, 0),
    ),
    marks=(Mark("uart", "m-ready", 3, 9, "lpuart1", {"baud": 115200}),),
    operators=(Operator(0, "CONV_2D", 1, 20, 9, {(0, "issue", ""): 20}, ("1x2",), ("1x1",), macs=7),),
    memory=(MemoryObject("sram1", "stack", "main", 0x20000000, 64, 1, 2, 0, 3, 0),),
    caches=(CacheCounts("flash.instruction", 10, 2),),
    high_water=(HighWater("stack", "main", 40, 64, 7, 0, {"path": ["main"]}),),
    exceptions=(ExceptionCount(15, "SysTick", 1, 12, 12, 14, 12, {"main": 1}),),
    console="m-ready\r\n",
    sources={"main.c": "int main(void) {}\n"},
)


def test_what_is_written_comes_back(tmp_path):
    RECORDING.check()
    file = tmp_path / "run.blr"
    write_recording(RECORDING, file)
    assert read_recording(file) == read_recording(str(file)) == RECORDING
    write_recording(replace(RECORDING, console=""), file)  # a second write replaces
    assert read_recording(file).console == ""


def test_anybody_can_query_it(tmp_path):
    file = tmp_path / "run.blr"
    write_recording(RECORDING, file)
    with sqlite3.connect(file) as database:
        rows = database.execute(
            "SELECT name, sum(json_extract(cost.value, '$[2]')) FROM code, json_each(code.costs) AS cost"
            " JOIN functions ON functions.id = code.function GROUP BY name"
        ).fetchall()
    assert rows == [("main", 18)]


def test_the_sum_rule():
    with pytest.raises(ValueError, match="are not the window's 31"):
        replace(RECORDING, cycles=31).check()
    with pytest.raises(ValueError, match="contexts"):
        replace(RECORDING, contexts=RECORDING.contexts[:1]).check()


def test_what_is_no_recording_is_refused(tmp_path):
    file = tmp_path / "run.blr"
    with pytest.raises(UsageError, match="no such recording"):
        read_recording(file)
    file.write_text("hello")
    with pytest.raises(UsageError, match="no SQLite database"):
        read_recording(file)
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE t (x)")
    with pytest.raises(UsageError, match="another program's"):
        read_recording(tmp_path / "other.db")
    write_recording(RECORDING, file)
    whole = file.read_bytes()
    for cut in (100, 2000, len(whole) // 2):
        file.write_bytes(whole[:cut])
        with pytest.raises(UsageError, match="damaged"):
            read_recording(file)
    file.write_bytes(whole)
    with sqlite3.connect(file) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(UsageError, match=f"reads up to {SCHEMA}"):
        read_recording(file)
    with pytest.raises(UsageError, match="can't be written"):
        write_recording(RECORDING, tmp_path / "nowhere" / "run.blr")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE code SET count = 'many' WHERE id = 0", "count is 'many'"),
        ("UPDATE code SET count = 1.5 WHERE id = 0", "count is '1.5'"),
        ("UPDATE functions SET name = x'00ff' WHERE id = 0", "name is"),
        ("UPDATE code SET function = 7 WHERE id = 1", "function 7 of 2"),
        ('UPDATE code SET costs = \'[["issue", "", "6"]]\' WHERE id = 0', "costs is"),
        ('UPDATE code SET inlined = \'[[1, "main.c", "9"]]\' WHERE id = 0', "inlined is"),
        ('UPDATE code SET costs = \'[["issue", "", 5]]\' WHERE id = 0', "are not the window's 30"),
        ("UPDATE contexts SET parent = 0 WHERE id = 0", "context 0 has no root"),
        ("UPDATE contexts SET parent = -2 WHERE id = 0", "context -2 of 2"),
        ("UPDATE high_water SET context = 2", "context 2 of 2"),
        ('UPDATE operators SET costs = \'[[3, "issue", "", 20]]\'', "function 3 of 2"),
        ("UPDATE facts SET value = '\"30\"' WHERE name = 'cycles'", "cycles is '30'"),
        ("UPDATE facts SET value = '{}' WHERE name = 'identity'", "missing"),
    ],
)
def test_what_is_damaged_inside_is_refused(change, words, tmp_path):
    file = tmp_path / "run.blr"
    write_recording(RECORDING, file)
    with sqlite3.connect(file) as database:
        database.execute(change)
    with pytest.raises(UsageError, match="damaged") as told:
        read_recording(file)
    assert words in str(told.value)


def test_a_column_that_an_earlier_version_did_not_write_has_its_default(tmp_path):
    file = tmp_path / "run.blr"
    write_recording(RECORDING, file)
    with sqlite3.connect(file) as database:
        database.execute("ALTER TABLE contexts DROP COLUMN lowest_stack")
        database.execute("DELETE FROM facts WHERE name = 'interrupted_instructions'")
    assert read_recording(file) == RECORDING
    with sqlite3.connect(file) as database:
        database.execute("ALTER TABLE contexts DROP COLUMN calls")
    with pytest.raises(UsageError, match=r"damaged.*calls"):
        read_recording(file)
