"""``boardless explain`` on a shipped benchmark image and on any firmware."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from benches.cli.explain import explain
from benches.cli.explain_run import ExplainOptions, run_explain
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from emulator.cli.main import main
from emulator.errors import UsageError
from tests.machine.firmware import build

BOARD = "nucleo-l4r5zi"


@pytest.fixture(scope="module")
def image():
    return shipped.image_for(KEYWORD_SPOTTING, BOARD)


def invoke(*arguments):
    result = CliRunner().invoke(explain, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_one_inference_adds_up(image, tmp_path):
    report = tmp_path / "explain.json"
    output = invoke(image, "--board", BOARD, "--top", "2", "--json", report)
    content = json.loads(report.read_text())
    window = content["window"]
    parts = sum(window["cycles_by_cause"].values()) + window["waiting_cycles"] + window["interrupted_cycles"]
    assert parts == window["cycles"]
    assert window["interrupted_cycles"] == 0
    assert sum(f["cycles"] for f in content["functions"]) == content["cycles"]
    assert len(content["blocks"]) == 2
    for block in content["blocks"]:
        assert sum(i["cycles"] for i in block["instructions"]) == block["cycles"]
        issue = [i["issue_cycle"] for i in block["instructions"]]
        assert issue == sorted(issue) and issue[0] == 0
    assert "simulated and unofficial" in output
    assert "load-use" in output


def test_a_function_and_a_block(image, tmp_path):
    report = tmp_path / "explain.json"
    invoke(image, "--board", BOARD, "--json", report)
    hottest = json.loads(report.read_text())["blocks"][0]
    invoke(image, "--board", BOARD, "--function", hottest["function"], "--json", report)
    function = json.loads(report.read_text())
    assert function["subject"] == hottest["function"]
    assert function["blocks"][0] == hottest
    invoke(image, "--board", BOARD, "--block", hex(hottest["address"]), "--json", report)
    block = json.loads(report.read_text())
    assert [b["address"] for b in block["blocks"]] == [hottest["address"]]
    assert block["cycles"] == hottest["cycles"]


def test_what_did_not_run_is_an_error_that_names_what_did(image):
    with pytest.raises(UsageError, match="no function 'nothing_like_it' ran"):
        run_explain(ExplainOptions(str(image), board=BOARD, function="nothing_like_it"))
    with pytest.raises(UsageError, match="no block at 0x20000000 ran"):
        run_explain(ExplainOptions(str(image), board=BOARD, block=0x20000000))


def test_any_firmware_up_to_a_limit(image, tmp_path):
    report = tmp_path / "explain.json"
    invoke(image, "--board", BOARD, "--max-cycles", "20000", "--json", report)
    window = json.loads(report.read_text())["window"]
    assert window["cycles"] >= 20000
    assert "max_cycles" in window["title"]
    invoke(image, "--board", BOARD, "--until", "m-ready", "--json", report)
    assert "until" in json.loads(report.read_text())["window"]["title"]


def test_no_such_image():
    result = CliRunner().invoke(explain, ["nothing.elf"])
    assert result.exit_code == 2
    assert "neither a file nor one of" in result.output


def test_a_published_image_without_symbols(development_image, tmp_path):
    image = development_image("v1.2", "closed/bosch/code/NUCLEO_L4R5ZI_int8/ad/l4r5_ad.bin")
    report = tmp_path / "explain.json"
    invoke(image, "--top", "3", "--json", report)
    content = json.loads(report.read_text())
    assert content["board"] == "nucleo-l4r5zi"
    assert len(content["functions"]) > 5
    assert all(f["name"].startswith("function at 0x") for f in content["functions"])
    window = content["window"]
    assert window["interrupted_cycles"] == 0
    parts = sum(window["cycles_by_cause"].values()) + window["waiting_cycles"]
    assert parts == window["cycles"]


def test_a_text_that_never_comes_fails_the_check(image, tmp_path):
    report = tmp_path / "explain.json"
    words = [str(image), "--board", BOARD, "--until", "never said", "--json", str(report)]
    result = CliRunner().invoke(main, ["explain", *words])
    assert result.exit_code == 1
    assert "never sent 'never said'" in result.stderr
    assert "Where the cycles" in result.stdout  # what ran is shown all the same
    assert "idle" in json.loads(report.read_text())["window"]["title"]
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
