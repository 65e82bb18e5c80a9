"""The ``boardless`` command. Each subcommand's module is imported when it is called."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from types import ModuleType

import click

import emulator
from emulator.cli.command import Program


@dataclass(frozen=True, slots=True)
class Entry:
    """A subcommand: ``target`` is ``"package.module:attribute"``."""

    target: str
    short_help: str


COMMANDS: dict[str, Entry] = {
    "run": Entry("emulator.cli.run:run", "Run a firmware image, its console attached."),
    "bench": Entry("benches.cli.bench:bench", "Run benchmarks and report instructions, cycles, latency."),
    "report": Entry("emulator.cli.report:report", "Ask a recording where the cycles went; export it."),
    "compare": Entry("emulator.cli.compare:compare", "Compare two recordings, largest difference first."),
    "check": Entry("benches.cli.check:check", "Hold a build's figures against a baseline and limits."),
    "sweep": Entry("benches.cli.sweep:sweep", "Measure all combinations of images, boards, builds, inputs."),
    "boards": Entry("emulator.cli.boards:boards", "List the boards, or describe one."),
    "new-board": Entry(
        "emulator.cli.new_board:new_board", "Write a board file for a chip that no family has."
    ),
    "build": Entry("benches.build.command:build", "Build benchmark firmware from a .tflite model."),
    "serve": Entry("emulator.cli.serve:serve", "Boot an image and offer its serial port to host software."),
    "host": Entry("benches.cli.host:host", "Start host software with our ports in its port list."),
    "profile": Entry("benches.cli.profile:profile", "Record a run, and say where its cycles go."),
    "explain": Entry("benches.cli.explain:explain", "Show where a function's cycles go."),
    "validate": Entry("benches.cli.validate:validate", "Compare modelled with published latencies."),
    "calibrate": Entry(
        "benches.cli.calibrate:calibrate", "Fit a board's memory parameters to its own counts."
    ),
    "doctor": Entry("emulator.cli.doctor:doctor", "Say what is installed, what works, what to fix first."),
}


class LazyGroup(Program, click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the commands whose modules are installed."""
        return [name for name, entry in COMMANDS.items() if _is_installed(entry)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None or not _is_installed(entry):
            return super().get_command(ctx, cmd_name)
        module, _, attribute = entry.target.partition(":")
        command = getattr(_imported(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        rows = [(name, COMMANDS[name].short_help) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _imported(module: str) -> ModuleType:
    """A command's module with all that it imports: what that makes stays, so nobody looks for waste in it.

    Once a module: whatever waits to be freed at that moment stays as well.
    """
    if module in sys.modules:
        return sys.modules[module]
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def _is_installed(entry: Entry) -> bool:
    try:
        return importlib.util.find_spec(entry.target.partition(":")[0]) is not None
    except ModuleNotFoundError:
        return False


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(emulator.__version__, prog_name="boardless")
def main() -> None:
    """Run Cortex-M firmware with no board: emulated, timed, over its own serial port.

    All figures are simulated and unofficial.
    """


if __name__ == "__main__":
    main(prog_name="boardless")
