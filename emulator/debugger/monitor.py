"""``monitor`` commands: what a GDB has no words for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emulator.debugger.control import Control
from emulator.debugger.profile import FlatProfile
from emulator.debugger.timeline import Bookmark, Timeline
from emulator.errors import UsageError
from emulator.machine.machine import Machine
from emulator.system.stack_frame import XPSR_NUMBER

DEFAULT_NAME = "default"
UNOFFICIAL = "All figures are simulated and unofficial."


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its arguments as help shows them, what it does."""

    arguments: str
    does: str
    run: Callable[[Sequence[str]], str]


class Monitor:
    """Answers ``monitor`` commands of one machine. ``moved()``: the machine stands elsewhere now."""

    def __init__(
        self, machine: Machine, timeline: Timeline, control: Control, moved: Callable[[], None]
    ) -> None:
        self._machine, self._timeline, self._control, self._moved = machine, timeline, control, moved
        self._stepping = machine.stepping()
        self._profile = FlatProfile(machine)
        self._bookmarks: dict[str, Bookmark] = {}
        self._lap = self._stepping.counts()
        self.commands = {
            "cycles": Command("", "cycles and instructions so far, and since last asked", self._cycles),
            "reset": Command("[halt]", "reset by the reset pin and stand; memory and time stay", self._reset),
            "halt": Command("", "for IDEs that ask for it: the core stands already", self._where),
            "profile": Command("[restart]", "where cycles went since GDB came, or restart", self._profiled),
            "snapshot": Command("[NAME]", "remember this moment", self._snapshot),
            "restore": Command("[NAME]", "go to a moment that was remembered", self._restore),
            "where": Command("", "where the core stands, and what it waits for", self._where),
            "maskints": Command("[on|off]", "steps run through interrupts (on) or into them", self._maskints),
            "help": Command("", "these lines", self._help),
        }

    def forget_past(self) -> None:
        """The machine went back in time: counts are no sums of one way any more."""
        self._profile.restart()

    def run(self, line: str) -> str:
        """What a command prints."""
        name, *arguments = line.split() or ["help"]
        found = [each for each in self.commands if each.startswith(name)]
        name = name if name in self.commands else found[0] if len(found) == 1 else name
        command = self.commands.get(name)
        if command is None:
            return f"there is no `monitor {name}`\n{self._help(())}"
        try:
            return command.run(arguments)
        except UsageError as error:
            return f"{error}\n"

    def _help(self, _arguments: Sequence[str]) -> str:
        rows = [(f"monitor {name} {c.arguments}".rstrip(), c.does) for name, c in self.commands.items()]
        width = max(len(left) for left, _ in rows) + 2
        return "".join(f"{left:<{width}}{right}\n" for left, right in rows)

    def _cycles(self, _arguments: Sequence[str]) -> str:
        now, before = self._stepping.counts(), self._lap
        self._lap = now
        passed = now - before if now.cycles >= before.cycles else now
        milliseconds = 1000 * now.cycles / self._machine.clock.core_hz
        since = f"since last asked {passed.cycles:,} cycles, {passed.instructions:,} instructions"
        clock = f"{self._machine.clock.core_hz / 1e6:g} MHz"
        return (
            f"{now.cycles:,} cycles, {now.instructions:,} instructions ({milliseconds:.3f} ms at {clock});"
            f" {since}. {UNOFFICIAL}\n"
        )

    def _reset(self, _arguments: Sequence[str]) -> str:
        self._stepping.leave_block()
        self._machine.reset()
        self._timeline.begin()
        self._moved()
        return f"reset: the core stands at {self._machine.where()}\n"

    def _profiled(self, arguments: Sequence[str]) -> str:
        if list(arguments) == ["restart"]:
            self._profile.restart()
            return "counting from here\n"
        return f"{self._profile.table()}{UNOFFICIAL}\n"

    def _snapshot(self, arguments: Sequence[str]) -> str:
        name = arguments[0] if arguments else DEFAULT_NAME
        self._bookmarks[name] = self._timeline.bookmark()
        return f"snapshot {name}: cycle {self._stepping.counts().cycles:,} at {self._machine.where()}\n"

    def _restore(self, arguments: Sequence[str]) -> str:
        name = arguments[0] if arguments else DEFAULT_NAME
        bookmark = self._bookmarks.get(name)
        if bookmark is None:
            known = ", ".join(self._bookmarks) or "none yet"
            raise UsageError(f"there is no snapshot {name} (there are: {known})",
                             next_step="`monitor snapshot NAME` makes one")  # fmt: skip
        self._timeline.go_back_to(bookmark)
        self.forget_past()
        self._moved()
        return f"restored {name}: cycle {self._stepping.counts().cycles:,} at {self._machine.where()}\n"

    def _where(self, _arguments: Sequence[str]) -> str:
        machine = self._machine
        lines = [f"{'asleep ' * machine.asleep}at {machine.where()}"]
        handler = machine.core.get("ipsr") & XPSR_NUMBER
        if handler:
            lines.append(f"in the handler of exception {handler}")
        lines += [f"it waits {register.words(machine.image)}" for register in machine.awaited_registers()]
        return "\n".join(lines) + "\n"

    def _maskints(self, arguments: Sequence[str]) -> str:
        if arguments:
            if arguments[0] not in ("on", "off"):
                raise UsageError(f"monitor maskints is on or off, not {arguments[0]}")
            self._control.masks_interrupts = arguments[0] == "on"
        return f"steps run {'through' if self._control.masks_interrupts else 'into'} interrupt handlers\n"
