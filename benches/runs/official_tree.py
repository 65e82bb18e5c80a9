"""Where the files lie: the tree of a submission, as the round's checker walks it, in its open division."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benches.runs.energy_pictures import write_energy_pictures
from benches.runs.official_conversation import Mode, OfficialRun, System
from benches.runs.official_files import MARK, log_text, results_json, results_text
from emulator.files import OutputFile, make_folder

SUBMITTER = Path("open") / "boardless-simulated-unofficial"
FOLDERS = {Mode.PERFORMANCE: "performance", Mode.ACCURACY: "accuracy", Mode.ENERGY: "energy"}
CHECKER_NAMES = {"ic02": "ic2"}
"""Benchmarks whose folder is not called by their own name (submission_checker.py, v1.4)."""


def folder_of(root: Path, board: str, benchmark: str, mode: Mode) -> Path:
    """The folder of a run's three files."""
    return root / SUBMITTER / "results" / board / CHECKER_NAMES.get(benchmark, benchmark) / FOLDERS[mode]


@dataclass(frozen=True, slots=True)
class OfficialFiles:
    """The text of the runner's three files."""

    log: str
    results: str
    results_json: str


def files_of(run: OfficialRun) -> OfficialFiles:
    """The files of a run."""
    return OfficialFiles(log_text(run), results_text(run), results_json(run))


def write_run(root: Path, run: OfficialRun) -> tuple[Path, str]:
    """Write a run's files, and what the tree says of its board; gives their folder, and what is missing."""
    folder = folder_of(root, run.system.board, run.benchmark.name, run.mode)
    write_files(folder, files_of(run))
    write_system(root, run.system)
    return folder, write_energy_pictures(folder, [e.power for e in run.entries if e.power is not None])


def write_files(folder: Path, files: OfficialFiles) -> None:
    """Write the three into a folder, which is made."""
    make_folder(folder)
    named = (("log.txt", files.log), ("results.txt", files.results), ("results.json", files.results_json))
    for name, content in named:
        OutputFile(folder / name, name).write_bytes(content.encode())


def write_system(root: Path, system: System) -> None:
    """Write what the checker reads of a system; research, development or internal, and marked."""
    folder = root / SUBMITTER / "systems"
    make_folder(folder)
    OutputFile(folder / f"{system.board}.json", "the system").write_json(
        {
            "Note": MARK,
            "Status": "RDI",
            "Board Name": f"{system.title} (emulated)",
            "Processor(s) Name": f"{system.core} (emulated)",
            "Processor(s) Frequencies": f"{system.clock_hz / 1e6:g} MHz",
            "Hardware Notes": MARK,
            "Software Notes": f"{system.image}, SHA-256 {system.image_sha256}",
        }
    )
