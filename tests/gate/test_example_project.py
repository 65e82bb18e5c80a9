"""The example project under the gate: slower code closes it, a comment does not, from a fresh clone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "firmware" / "examples" / "filter"
ROUNDED = ("sum >> 15", "(sum + (1 << 14)) >> 15")


def steps(file: Path) -> list[dict[str, Any]]:
    """A workflow's or an action's steps."""
    document = yaml.safe_load(file.read_text())
    return document["runs"]["steps"] if "runs" in document else next(iter(document["jobs"].values()))["steps"]


def step(file: Path, name: str) -> str:
    return next(entry["run"] for entry in steps(file) if entry.get("name") == name)


class Checkout:
    """A clone of the example as its CI has it."""

    def __init__(self, folder: Path, origin: Path) -> None:
        self.folder, self.temporary = folder / "clone", folder / "runner"
        self.temporary.mkdir()
        subprocess.run(["git", "clone", "-q", str(origin), str(self.folder)], check=True)
        self.build()

    def build(self) -> None:
        self.shell(step(EXAMPLE / ".github/workflows/firmware.yml", "Build"))

    def shell(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """As a runner executes a step."""
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def check(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "boardless", "check", *options],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def edit(self, before: str, after: str, file: str = "Core/Src/filter.c") -> None:
        text = (self.folder / file).read_text()
        assert text.count(before) == 1
        (self.folder / file).write_text(text.replace(before, after))
        self.build()


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as a repository of its own, with a baseline of this compiler."""
    folder = tmp_path_factory.mktemp("origin") / "filter"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("build"))
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    for number, message in enumerate(("firmware", "baseline")):
        if number:
            built = Checkout(tmp_path_factory.mktemp("baseline"), folder)
            assert built.check("--update").returncode == 0
            shutil.copy(built.folder / "boardless.baseline", folder)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", message], check=True)
    return folder


@pytest.fixture
def checkout(tmp_path: Path, origin: Path) -> Checkout:
    return Checkout(tmp_path, origin)


def test_the_same_code_passes_alone_and_at_once(checkout: Checkout) -> None:
    alone, at_once = checkout.check("--jobs", "1"), checkout.check("--jobs", "4", "--asv", "tracked")
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == at_once.stdout
    assert "0 worse, 0 better" in alone.stdout
    results = next((checkout.folder / "tracked" / "boardless").glob("*-boardless.json"))
    assert json.loads(results.read_text())["results"]["filter.cycles"][0][0] > 0


def test_a_comment_passes(checkout: Checkout) -> None:
    checkout.edit("        int32_t sum = 0;", "        int32_t sum = 0; /* of products */")
    assert checkout.check().returncode == 0


def test_slower_code_is_caught_and_found(checkout: Checkout) -> None:
    checkout.edit(*ROUNDED)
    done = checkout.check("--json", "all.json")
    assert done.returncode == 1
    assert "in function fir (Core/Src/filter.c:15)" in done.stdout
    assert "within its tolerance (2 %)" in done.stdout
    found = json.loads((checkout.folder / "all.json").read_text())["measurements"]["filter"]
    worse = {item["figure"]: item["now"] - item["before"] for item in found["figures"] if item["regression"]}
    assert worse["instructions"] == 256 - 16 + 1, "one more for each output"
    assert checkout.check("--update").returncode == 0
    assert checkout.check().returncode == 0


def test_what_can_not_be_measured_fails_and_keeps_its_baseline(checkout: Checkout) -> None:
    before = (checkout.folder / "boardless.baseline").read_text()
    checkout.edit("energy_of_ramp", "energy_of_slope", "boardless.toml")
    done = checkout.check("--update")
    assert done.returncode == 2
    assert "energy: not measured\n" in done.stdout
    assert "energy_of_slope" in done.stdout
    assert (checkout.folder / "boardless.baseline").read_text() == before


def test_one_alone(checkout: Checkout) -> None:
    assert "energy:" not in checkout.check("--only", "whole").stdout
    unknown = checkout.check("--only", "all")
    assert unknown.returncode == 2
    assert "there are: filter, energy, whole" in unknown.stderr


def test_the_commit_that_made_it_slower_is_found(checkout: Checkout) -> None:
    """Of four commits, of which one does not build."""
    git = "git -c user.name=a -c user.email=a@b commit -qam"
    changes = {
        "does not build": ("#define TAPS 16", "#define TAPS 16 #"),
        "builds": ("#define TAPS 16 #", "#define TAPS 16"),
        "rounded": ROUNDED,
        "a comment": ("int32_t sum = 0;", "int32_t sum = 0; /* of products */"),
    }
    file = checkout.folder / "Core/Src/filter.c"
    for message, change in changes.items():
        file.write_text(file.read_text().replace(*change))
        assert checkout.shell(f"{git} '{message}'").returncode == 0
    build = "cmake -G Ninja -S . -B build && cmake --build build"
    done = checkout.check("--bisect", "origin/HEAD..HEAD", "--build", build, "--only", "filter")
    assert done.returncode == 1, done.stderr
    assert "rounded is the first that got worse" in done.stderr
    assert "+241 in function fir" in done.stdout
    done = checkout.check("--bisect", "HEAD~1..HEAD", "--build", build, "--only", "filter")
    assert (done.returncode, done.stdout) == (0, "nothing got worse in HEAD~1..HEAD\n")
    assert checkout.shell("git status --short; git worktree list | wc -l").stdout.split() == ["1"]
    for words in (("--bisect", "HEAD"), ("--bisect", "nothing..HEAD", "--build", build)):
        wrong = checkout.check(*words)
        assert wrong.returncode == 2
        assert "--bisect" in wrong.stderr


def put_program(folder: Path) -> None:
    """A ``boardless`` that is this installation's."""
    folder.mkdir(parents=True)
    (folder / "boardless").write_text(f'#!/bin/sh\nexec {sys.executable} -m boardless "$@"\n')
    (folder / "boardless").chmod(0o755)


def test_steps_of_the_action(checkout: Checkout) -> None:
    """The check as the action runs it, with this installation in place of one of its own."""
    checkout.edit(*ROUNDED)
    put_program(checkout.temporary / "boardless" / "bin")
    summary = checkout.temporary / "summary.md"
    done = checkout.shell(
        step(ROOT / "action.yml", "Check"),
        RUNNER_TEMP=str(checkout.temporary),
        GITHUB_STEP_SUMMARY=str(summary),
        SPECIFICATION="",
        JUNIT="boardless.xml",
        ARGUMENTS="--jobs 1",
    )
    assert done.returncode == 1
    assert "::error file=Core/Src/filter.c,line=15,title=boardless%3A filter::cycles" in done.stdout
    assert summary.read_text().startswith("## Boardless: something got worse")
    assert (checkout.folder / "boardless.xml").exists()


def test_steps_of_the_gitlab_job(checkout: Checkout) -> None:
    """From the build on, with this installation in place of one of its own."""
    script = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text())["cycles"]["script"]
    programs = checkout.temporary / "bin"
    put_program(programs)
    lines = [line for line in script if not line.startswith(("apt-get", "pip"))]
    done = checkout.shell("\n".join(lines), PATH=f"{programs}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((checkout.folder / "boardless.json").read_text()) == []
    assert "<failure" not in (checkout.folder / "boardless.xml").read_text()


def test_steps_of_the_gitlab_component(checkout: Checkout) -> None:
    """With inputs put in as GitLab does, from the build on, in a folder of the project."""
    head, job = (ROOT / "templates" / "check.yml").read_text().split("\n---\n")
    inputs = {name: facts.get("default") for name, facts in yaml.safe_load(head)["spec"]["inputs"].items()}
    build = "cmake -G Ninja -S . -B build && cmake --build build"
    inputs |= {"build": build, "folder": ".", "arguments": "boardless.toml --only filter"}
    for name, value in inputs.items():
        job = job.replace(f"$[[ inputs.{name} ]]", str(value))
    assert "$[[" not in job
    script = yaml.safe_load(job)["boardless-check"]["script"]
    put_program(checkout.temporary / "bin")
    lines = [line for line in script if not line.startswith(("apt-get", "pip"))]
    where = {
        "PATH": f"{checkout.temporary / 'bin'}:{os.environ['PATH']}",
        "CI_PROJECT_DIR": str(checkout.temporary),
    }
    checkout.edit(*ROUNDED)
    done = checkout.shell("\n".join(lines), **where)
    assert done.returncode == 1, done.stdout + done.stderr
    entries = json.loads((checkout.temporary / "boardless.json").read_text())
    assert entries[0]["location"] == {"path": "Core/Src/filter.c", "lines": {"begin": 15}}
    assert "<failure" in (checkout.temporary / "boardless.xml").read_text()


def test_the_workflow_uses_the_action_with_inputs_that_it_has() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    used = next(entry for entry in steps(EXAMPLE / ".github/workflows/firmware.yml") if "with" in entry)
    assert set(used["with"]) <= set(action["inputs"])


@pytest.mark.slow
def test_the_action_installs_what_it_runs(checkout: Checkout) -> None:
    environment = {"RUNNER_TEMP": str(checkout.temporary), "GITHUB_ACTION_PATH": str(ROOT)}
    done = checkout.shell(step(ROOT / "action.yml", "Install"), **environment)
    assert done.returncode == 0, done.stderr
    done = checkout.shell('"$RUNNER_TEMP/boardless/bin/boardless" check', **environment)
    assert done.returncode == 0, done.stdout + done.stderr
