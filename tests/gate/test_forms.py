"""The forms for CI systems, read as those read them; names of functions may hold anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from figures_by_hand import MODELS, figures, specification, verdict_of

from benches.gate.baseline import Before
from benches.gate.forms.annotations import github, gitlab
from benches.gate.forms.asv import write_asv
from benches.gate.forms.junit import junit
from benches.gate.forms.markdown import markdown
from benches.gate.forms.trackers import bencher, smaller_is_better
from benches.gate.forms.verdict_json import verdict_json
from benches.gate.git import Commit, head
from benches.gate.verdict import Verdict, judge
from emulator.errors import UsageError
from emulator.reporting.figures import Place

BAND = {"words": "+-2 %", "fraction": 0.02, "outside": []}
EVIL = "function:a|b<script>\x01%\n::error::"


def worse(folder: Path) -> Verdict:
    before = {"cycles": 1000, "instructions": 900, "stack": 64, EVIL: 100}
    now = {"cycles": 1100, "instructions": 900, "stack": 60, EVIL: 200}
    return verdict_of(folder, now, before, places={EVIL: Place("src/a,b:c.c", 12)}, band=BAND)


def unmeasured(folder: Path) -> Verdict:
    return judge(specification(folder), {}, {"app": "no such file\n  give another"}, {"app": Before("", {})})


def test_junit(tmp_path: Path) -> None:
    suite = ElementTree.fromstring(junit(worse(tmp_path)))[0]
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors")} == {
        "name": "app",
        "tests": "3",
        "failures": "1",
        "errors": "0",
    }
    failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    assert failed == ["cycles"]
    assert "was 1,000: +100 (+10.00 %), worse" in str(suite.find("testcase/failure").get("message"))  # type: ignore[union-attr]
    assert "Simulated and unofficial" in str(suite.findtext("system-out"))
    suite = ElementTree.fromstring(junit(unmeasured(tmp_path)))[0]
    assert suite.get("errors") == "1"
    assert suite.find("testcase/error").get("message") == "no such file"  # type: ignore[union-attr]


def test_markdown_shows_names_as_text(tmp_path: Path) -> None:
    page = markdown(worse(tmp_path))
    assert page.startswith("## Boardless: something got worse\n")
    assert "| cycles | 1,100 | 1,000 | +100 (+10.00 %) | **worse** |" in page
    assert "| stack (bytes) | 60 | 64 | -4 (-6.25 %) | better |" in page
    assert "<script>" not in page
    assert "a\\|b\\<script\\>" in page
    assert "Simulated and unofficial" in page
    assert "    no such file" in markdown(unmeasured(tmp_path))


def test_github_lines_hold_one_command_each(tmp_path: Path) -> None:
    text = github(worse(tmp_path))
    assert text.count("\n") == 1
    assert text.startswith("::error file=src/a%2Cb%3Ac.c,line=12,title=boardless%3A app::cycles 1,100")
    assert "%25%0A" in text, "a per cent sign and a line feed of a name are escaped"
    assert github(unmeasured(tmp_path)).startswith("::error title=")


def test_gitlab_report(tmp_path: Path) -> None:
    entry = json.loads(json.dumps(gitlab(worse(tmp_path), "boardless.toml")))[0]
    assert entry["location"] == {"path": "src/a,b:c.c", "lines": {"begin": 12}}
    assert {"description", "check_name", "fingerprint", "severity", "location"} == set(entry)
    assert gitlab(unmeasured(tmp_path), "boardless.toml")[0]["location"]["path"] == "boardless.toml"


def test_trackers(tmp_path: Path) -> None:
    verdict = worse(tmp_path)
    rows = {row["name"]: row for row in smaller_is_better(verdict)}
    assert set(rows) == {"app cycles", "app instructions", "app stack"}
    assert (rows["app cycles"]["value"], rows["app cycles"]["unit"]) == (1100, "cycles")
    assert rows["app cycles"]["range"] == "± 2.0 %"
    metrics = bencher(verdict)
    assert metrics["app"]["cycles"] == {"value": 1100, "lower_value": 1078.0, "upper_value": 1122.0}
    assert metrics["app"]["stack"] == {"value": 60}
    assert bencher(unmeasured(tmp_path)) == {}


def test_json(tmp_path: Path) -> None:
    document = verdict_json(worse(tmp_path))
    assert (document["schema"], document["exit_code"]) == (1, 1)
    states = {item["figure"]: item["state"] for item in document["measurements"]["app"]["figures"]}
    assert states == {"cycles": "worse", "instructions": "same", "stack": "better"}
    assert verdict_json(unmeasured(tmp_path))["measurements"]["app"] == {
        "problem": "no such file\n  give another"
    }


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_airspeed_velocity_draws_the_figures(tmp_path: Path) -> None:
    """The real one: its pages' data hold what three commits had; another model's cycles are left out."""
    git(tmp_path, "init", "-q", "-b", "main")
    values = ({"cycles": 900, "stack": 64}, {"cycles": 1000, "stack": 64}, {"cycles": 1100, "stack": 72})
    for number, found in enumerate(values):
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", str(number))
        models = "other models" if number == 0 else MODELS
        verdict = judge(specification(tmp_path), {"app": figures(found, made_by=models)}, {}, {})
        write_asv(tmp_path / "results", verdict, head(tmp_path))
    again = verdict_of(tmp_path, {"cycles": 1101, "stack": 72}, None)
    write_asv(tmp_path / "results", again, head(tmp_path))
    configuration = {
        "version": 1,
        "project": "p",
        "repo": ".",
        "branches": ["main"],
        "results_dir": "results",
    }
    (tmp_path / "asv.conf.json").write_text(json.dumps(configuration))
    command = [sys.executable, "-m", "asv", "publish", "--no-pull", "--html-dir", "html"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    drawn = (tmp_path / "html" / "graphs").rglob("branch-main/**/app.*.json")
    graphs = {file.stem: json.loads(file.read_text()) for file in drawn}
    assert graphs["app.cycles"] == [[1, 1000], [2, 1101]]
    assert graphs["app.stack"] == [[0, 64], [1, 64], [2, 72]]
    index = json.loads((tmp_path / "html" / "index.json").read_text())
    assert index["benchmarks"]["app.stack"]["unit"] == "bytes"
    assert "unofficial" in index["machines"]["boardless"]["arch"]


def test_airspeed_velocitys_directory_is_added_to(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, {"cycles": 5}, None)
    (tmp_path / "results").mkdir()
    other = tmp_path / "results" / "benchmarks.json"
    other.write_text(json.dumps({"time_it": {"name": "time_it"}, "version": 2}))
    write_asv(tmp_path / "results", verdict, Commit("a" * 40, 0))
    assert set(json.loads(other.read_text())) == {"time_it", "app.cycles", "version"}
    other.write_text("[]")
    with pytest.raises(UsageError, match=r"benchmarks\.json: is no file of asv's"):
        write_asv(tmp_path / "results", verdict, Commit("a" * 40, 0))
    with pytest.raises(UsageError, match="commit first"):
        git(tmp_path, "init", "-q")
        head(tmp_path)
