"""``boardless explain`` on a shipped benchmark image and on any firmware."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from benches.cli.explain import explain
from benches.cli.explain_run import ExplainOptions, run_explain
from benches.cli.profile_run import ProfileOptions, record
from benches.measure.explanation import Selection
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from emulator.cli.main import main
from emulator.errors import UsageError
from emulator.reporting.causes import by_cause
from emulator.reporting.costs import by_function
from emulator.reporting.view import View
from tests.machine.firmware import build
from tests.packaging.session import run

BOARD = "nucleo-l4r5zi"


@pytest.fixture(scope="module")
def image():
    return shipped.image_for(KEYWORD_SPOTTING, BOARD)


def invoke(*arguments):
    result = CliRunner().invoke(explain, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def rows(table):
    """A table of the JSON as mappings."""
    keys = [column["key"] for column in table["columns"]]
    return [dict(zip(keys, row, strict=True)) for row in table["rows"]]


def test_one_inference_adds_up(image, tmp_path):
    """One window, one denominator: causes and functions sum to its cycles, and their shares to 1."""
    report = tmp_path / "explain.json"
    output = invoke(image, "--board", BOARD, "--top", "2", "--json", report)
    content = json.loads(report.read_text())
    assert (content["schema"], content["kind"]) == (1, "boardless explain")
    for name in ("cause", "function"):
        found = rows(content["tables"][name])
        assert sum(row["cycles"] for row in found) == content["cycles"]
        assert all(row["share"] == row["cycles"] / content["cycles"] for row in found)
    assert content["outside"].get("interrupted", 0) == 0
    assert len(content["blocks"]) == 2
    for block in content["blocks"]:
        found = rows(block["table"])
        assert sum(row["cycles"] for row in found) == block["cycles"]
        assert all(row["count"] == block["count"] for row in found)
        assert all(a["address"] < b["address"] for a, b in pairwise(found))
    assert "simulated and unofficial" in output.lower()
    assert "load-use" in output


def test_it_is_a_view_of_the_recording(image, tmp_path):
    """The same window as `boardless profile` records, and its report's tables."""
    report = tmp_path / "explain.json"
    invoke(image, "--board", BOARD, "--json", report)
    content = json.loads(report.read_text())
    recording = record(ProfileOptions(str(image), board=BOARD))
    assert content["cycles"] == recording.cycles
    view = View(recording)
    assert content["tables"]["cause"] == json.loads(json.dumps(by_cause(view).as_json()))
    assert content["tables"]["function"] == json.loads(json.dumps(by_function(view).as_json()))


def test_a_function_and_a_block(image, tmp_path):
    report = tmp_path / "explain.json"
    invoke(image, "--board", BOARD, "--json", report)
    whole = json.loads(report.read_text())
    hottest = whole["blocks"][0]
    invoke(image, "--board", BOARD, "--function", hottest["function"], "--json", report)
    function = json.loads(report.read_text())
    assert function["subject"] == hottest["function"]
    assert function["blocks"][0] == hottest
    (row,) = rows(function["tables"]["function"])
    causes = rows(function["tables"]["cause"])
    assert sum(cause["cycles"] for cause in causes) == row["cycles"]
    assert sum(cause["share"] for cause in causes) == pytest.approx(row["share"])
    assert sum(cause["share_of_these"] for cause in causes) == pytest.approx(1)
    middle = rows(hottest["table"])[1]["address"]
    for address in (hottest["address"], middle):
        invoke(image, "--board", BOARD, "--block", hex(address), "--json", report)
        block = json.loads(report.read_text())
        assert block["blocks"] == [hottest]
        assert sum(cause["cycles"] for cause in rows(block["tables"]["cause"])) == hottest["cycles"]


def test_what_did_not_run_is_an_error_that_names_what_did(image):
    window = ProfileOptions(str(image), board=BOARD)
    with pytest.raises(UsageError, match="no function 'nothing_like_it' ran"):
        run_explain(ExplainOptions(window, Selection(function="nothing_like_it")))
    with pytest.raises(UsageError, match="no block at 0x20000000 ran"):
        run_explain(ExplainOptions(window, Selection(block=0x20000000)))


def test_any_firmware_up_to_a_limit(image, tmp_path):
    report = tmp_path / "explain.json"
    invoke(image, "--board", BOARD, "--max-cycles", "20000", "--json", report)
    content = json.loads(report.read_text())
    assert content["cycles"] >= 20000
    assert "a run from reset for" in content["identity"]["title"]
    output = invoke(image, "--board", BOARD, "--until", "m-ready", "--json", report)
    booted = json.loads(report.read_text())
    assert "until 'm-ready'" in booted["identity"]["title"]
    assert booted["outside"]["waiting"] > 0
    assert "error outside what was measured" in output
    assert "outside what was measured: " in output
    invoke(image, "--board", BOARD, "--from", "m-init-done", "--until", "m-ready", "--json", report)
    part = json.loads(report.read_text())
    assert "from 'm-init-done' until 'm-ready'" in part["identity"]["title"]
    assert part["cycles"] < booted["cycles"]


def test_everything_is_whole_at_80_columns(image):
    """No line is longer, no address and no figure is cut; what a pipe gets is there."""
    words = (image, "--board", BOARD, "--top", "3")
    narrow, wide = run(" ".join(map(str, ("boardless explain", *words))), Path.cwd()), invoke(*words)
    assert max(map(len, wide.splitlines())) > 80
    assert max(map(len, narrow.splitlines())) <= 80
    assert "\N{HORIZONTAL ELLIPSIS}" not in narrow
    whole = re.compile(r"0x[0-9a-f]{8}\b|\b\d{1,3}(?:,\d{3})+\b|\d+\.\d+")
    assert Counter(whole.findall(narrow)) == Counter(whole.findall(wide))


def test_no_such_image():
    result = CliRunner().invoke(explain, ["nothing.elf"])
    assert result.exit_code == 2
    assert "neither a file nor one of" in result.output


def test_a_published_image_without_symbols(development_image, tmp_path):
    image = development_image("v1.2", "closed/bosch/code/NUCLEO_L4R5ZI_int8/ad/l4r5_ad.bin")
    report = tmp_path / "explain.json"
    invoke(image, "--top", "3", "--json", report)
    content = json.loads(report.read_text())
    assert content["identity"]["board"] == "nucleo-l4r5zi"
    functions = [row for row in rows(content["tables"]["function"]) if row["address"] is not None]
    assert len(functions) > 5
    assert all(row["function"].startswith("function at 0x") for row in functions)
    assert sum(row["cycles"] for row in rows(content["tables"]["cause"])) == content["cycles"]


def test_a_text_that_never_comes_fails_the_check(image, tmp_path):
    report = tmp_path / "explain.json"
    words = [str(image), "--board", BOARD, "--until", "never said", "--json", str(report)]
    result = CliRunner().invoke(main, ["explain", *words])
    assert result.exit_code == 1
    assert "never sent 'never said'" in result.stderr
    assert "Where the cycles" in result.stdout  # what ran is shown all the same
    assert "idle" in json.loads(report.read_text())["identity"]["title"]
    result = CliRunner().invoke(main, ["explain", *words, "--max-cycles", "20000"])
    assert result.exit_code == 4
    assert "limit of 20000 cycles" in result.stderr


def test_what_is_not_modelled_is_told(tmp_path):
    """Once for the window, on standard error, and in the JSON."""
    elf = build(tmp_path, 'void main(void) { for (;;) { REG(0xE0002000) = 3; print("x"); } }')
    report = tmp_path / "explain.json"
    output = invoke(elf, "--board", "virtual-m4", "--until", "xx", "--json", report)
    assert output.count("not modelled: core FP_CTRL (0xe0002000): write (flash patches") == 1
    (entry,) = json.loads(report.read_text())["unmodelled"]
    assert (entry["register"], entry["access"], entry["count"] >= 2) == ("FP_CTRL", "write", True)
    assert "main" in entry["first_at"]
