"""``boardless report`` and ``compare``: whole at 80 columns, JSON, exports, what is refused."""

from __future__ import annotations

import io
import json
import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from emulator.cli.main import main
from emulator.cli.report_console import print_table
from emulator.recording.store import write_recording
from emulator.reporting.annotation import annotated
from emulator.reporting.comparison import compare
from emulator.reporting.questions import QUESTIONS, recording_tables
from emulator.reporting.table import TEXT, Table
from emulator.reporting.view import View
from tests.reporting.made import generated, small

IMAGES = Path(__file__).parents[2] / "benches" / "images"


@pytest.fixture
def file(tmp_path: Path) -> str:
    write_recording(small(), tmp_path / "run.blr")
    return str(tmp_path / "run.blr")


def run(*words: str) -> str:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*words: str) -> str:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2, result.output
    return result.stderr


def large() -> View:
    """Figures as an hour's run has them, names as C++ has them."""
    made = generated(4, functions=60, code=2000, contexts=400)
    return View(made)


TABLES = {
    **{f"small {name}": table for name, table in recording_tables(small()).items()},
    **{f"large {name}": table for name, table in recording_tables(large().recording).items()},
    "annotated": annotated(View(small()), 1),
    **{f"compared {name}": table for name, table in compare(generated(1), generated(2)).items()},
}


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("name", TABLES)
def test_tables_are_whole(name: str, width: int) -> None:
    """No line is wider than the terminal, no figure and no address is cut, no text is lost."""
    table = TABLES[name].top(40)
    out = io.StringIO()
    print_table(Console(file=out, width=width, force_terminal=False, color_system=None), table)
    shown = out.getvalue()
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= width
    for word in figures(table):
        assert word in shown, word
    letters = re.sub(r"\s", "", shown)
    for text in texts(table):
        assert all(re.sub(r"\s", "", part) in letters for part in text.split()[:1] if len(part) < 10)


def figures(table: Table) -> set[str]:
    brief = table.brief()
    kinds = {"count", "address", "bytes", "change"}
    chosen = [n for n, column in enumerate(brief.columns) if column.kind in kinds]
    return {brief.columns[n].text(row[n]) for row in brief.all_rows() for n in chosen if row[n] is not None}


def texts(table: Table) -> set[str]:
    brief = table.brief()
    chosen = [n for n, column in enumerate(brief.columns) if column.kind == TEXT]
    return {row[n] for row in brief.rows for n in chosen if row[n]}


def test_the_short_answer(file: str) -> None:
    shown = run("report", file)
    assert "one kws inference: kws.elf on nucleo-l4r5zi (cortex-m4, timing memory)" in shown
    assert "810 cycles, error +-1.4 %" in shown
    assert "Simulated and unofficial" in shown
    assert shown.index("CONV_2D") < shown.index("tflite::Eval(int) [conv.cc]") < shown.index("load-use")
    assert "0x08000200" in shown


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_fast(question: str, file: str) -> None:
    begin_s = time.process_time()
    assert "Simulated and unofficial" in run("report", file, "--by", question)
    assert time.process_time() - begin_s < 1


def test_views_of_functions(file: str) -> None:
    assert "sum += a * b; // </script>" in run("report", file, "--annotate", "conv.cc")
    assert "main.c:4" in run("report", file, "--callers", "0x08000200")
    assert run("report", file, "--callees", "main").count("main.c:") == 3
    assert "  tflite::Eval(int) [conv.cc]" in run("report", file, "--tree")
    assert "arm_nn_read_s8x4" in run("report", file, "--inlined")
    shown = run("report", file, "--function", "*_Handler", "--by", "instruction")
    assert "bx lr" in shown and "smlad" not in shown
    assert "Callers of main" in run("report", file, "--function", "main")


def test_json(file: str, tmp_path: Path) -> None:
    made = json.loads(run("report", file, "--json", "-"))
    assert made["schema"] == 1
    assert set(QUESTIONS) <= set(made["tables"])
    run("report", file, "--by", "line", "--json", str(tmp_path / "out.json"))
    assert list(json.loads((tmp_path / "out.json").read_text())["tables"]) == ["line"]


def test_exports(file: str, tmp_path: Path) -> None:
    run("report", file, "--format", "collapsed", "-o", str(tmp_path / "out"))
    lines = (tmp_path / "out").read_text().splitlines()
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == 810
    assert run("report", file, "--format", "tflm-tags", "-o", "-").endswith(", 588\n")
    assert run("report", file, "--format", "csv", "--by", "cause", "-o", "-").startswith("cause,cycles,")


def test_what_does_not_go_together(file: str) -> None:
    assert "--format and -o go together" in refused("report", file, "--format", "csv")
    assert "--by does not go with --format pprof" in refused(
        "report", file, "--format", "pprof", "--by", "line", "-o", "-"
    )
    assert "--function does not go with --by memory" in refused(
        "report", file, "--by", "memory", "--function", "main"
    )
    told = refused("report", file, "--annotate", "nothing")
    assert "--annotate: no function 'nothing' ran" in told
    assert "Some that ran: tflite::Eval(int) [conv.cc]" in told


def test_compare(file: str, tmp_path: Path) -> None:
    other = tmp_path / "other.blr"
    write_recording(generated(7), other)
    shown = run("compare", file, str(other))
    assert "only in A" in shown and "only in B" in shown and "unofficial" in shown
    made = json.loads(run("compare", file, str(other), "--json", "-"))
    assert made["kind"] == "boardless comparison"
    assert run("compare", file, file, "--by", "cause", "--markdown", "-").startswith(
        "## Both take 810 cycles"
    )
    assert "no figures by operator" in refused("compare", str(other), str(other), "--by", "operator")


TWO_IMAGES = [f"{IMAGES}/kws-{board}.elf" for board in ("nucleo-l4r5zi", "mps2-an386")]


def test_compare_records_images_first(tmp_path: Path) -> None:
    options = ["--board", "nucleo-l4r5zi", "--board-b", "mps2-an386", "--max-cycles", "200000"]
    made = json.loads(run("compare", *TWO_IMAGES, *options, "--json", "-"))
    assert [made[side]["board"] for side in "ab"] == ["nucleo-l4r5zi", "mps2-an386"]
    assert "different boards: nucleo-l4r5zi and mps2-an386" in made["warnings"]
    assert made["tables"]["cause"]["total"][1:3] == [made["a"]["cycles"], made["b"]["cycles"]]


def test_compare_takes_a_recording_and_an_image(file: str) -> None:
    shown = run("compare", file, TWO_IMAGES[0], "--max-cycles", "100000", "--by", "function")
    assert "reset_handler" in shown and "only in B" in shown


def test_compare_refuses_options_of_images_for_recordings(file: str) -> None:
    assert "both files are recordings" in refused("compare", file, file, "--board", "nucleo-l4r5zi")
