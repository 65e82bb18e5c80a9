"""The first commit of a range whose build is worse than the build of its begin: ``git bisect`` with a gate.

All happens in a working tree of its own, which is taken away again; the user's stays as it is.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benches.gate.git import git
from emulator.errors import UsageError
from emulator.files import read_text

SKIP = 125
"""What ``git bisect run`` takes for: this commit can't be tested."""
NEXT_STEP = "give two commits of this repository: --bisect GOOD..BAD"
LINES_SHOWN = 6
"""Of what a command said that failed."""
TEST = """
( {build} ) || exit {skip}
code=0
{check} > {shown} 2>&1 || code=$?
if [ "$code" -eq 1 ]; then cp {shown} {kept}; exit 1; fi
[ "$code" -eq 0 ] || {{ cat {shown}; exit {skip}; }}
"""


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The commit in one line, and what the gate said of the last build that was worse."""

    commit: str
    verdict: str


def bisect(
    specification: Path, commits: str, build: str, gate: Callable[[Path, Path], list[str]]
) -> FirstBad | None:
    """Find it; None when the end of the range is not worse than its begin.

    ``specification``: in the repository; it counts for every commit as it is now. ``commits``: "GOOD..BAD".
    ``build``: a shell's line, started where the specification lies. ``gate(specification, baseline)``: the
    command that checks, and with ``--update`` writes the baseline.

    Raises UsageError when there is no such range, or when its ends can't be built or measured.
    """
    folder = specification.resolve().parent
    good, _, bad = commits.partition("..")
    top = Path(_git(folder, "rev-parse", "--show-toplevel")).resolve()
    ends = [_git(folder, "rev-parse", "--verify", f"{name}^{{commit}}") for name in (good, bad)]
    with (
        tempfile.TemporaryDirectory(prefix="boardless-") as made,
        _worktree(top, Path(made) / "tree", ends[0]) as tree,
    ):
        place, baseline = tree / folder.relative_to(top), Path(made) / "baseline"
        copy = place / f"bisected-{specification.name}"
        shutil.copyfile(specification, copy)
        command = gate(copy, baseline)
        measured = _shell(place, f"( {build} ) && {shlex.join([*command, '--update'])}")
        _require(measured, f"the build of {good} can't be the baseline")
        files = {name: shlex.quote(str(Path(made) / name)) for name in ("shown", "kept")}
        test = TEST.format(build=build, check=shlex.join(command), skip=SKIP, **files)
        _git(tree, "checkout", "--quiet", ends[1])
        last = _shell(place, test)
        if last.returncode == 0:
            return None
        if last.returncode == SKIP:
            _require(last, f"{bad} can't be built or measured")
        _git(tree, "bisect", "start", ends[1], ends[0])
        done = _shell(place, f"git bisect run sh -c {shlex.quote(test)}")
        _require(done, "git bisect found no single commit")
        commit = _git(tree, "log", "-1", "--format=%h %s", "refs/bisect/bad")
        return FirstBad(commit, read_text(Path(made) / "kept"))


@contextmanager
def _worktree(top: Path, tree: Path, commit: str) -> Iterator[Path]:
    _git(top, "worktree", "add", "--detach", "--quiet", str(tree), commit)
    try:
        yield tree
    finally:
        _git(top, "worktree", "remove", "--force", str(tree))


def _git(folder: Path, *words: str) -> str:
    return git(folder, *words, next_step=NEXT_STEP)


def _shell(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False)


def _require(done: subprocess.CompletedProcess[str], what: str) -> None:
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-LINES_SHOWN:]
        raise UsageError(what, where="--bisect", next_step="\n  ".join(said) or NEXT_STEP)
