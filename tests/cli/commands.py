"""All commands of the project and their parameters, for tests that walk them."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

import click

import benches
import emulator.cli
from emulator.cli.main import main

SKIPPED = ("benches.firmware",)  # C sources


@dataclass(frozen=True)
class Walked:
    """One parameter of one command; ``program`` and ``words`` start the command in process."""

    program: click.Command
    words: tuple[str, ...]
    command: click.Command
    parameter: click.Parameter

    @property
    def title(self) -> str:
        name = max(self.parameter.opts, key=len)
        return f"{' '.join(self.words) or self.program.callback.__module__}: {name}"

    @property
    def option(self) -> str:
        return max(self.parameter.opts, key=len)

    def line(self, *values: str) -> list[str]:
        """The command line that gives the parameter these values."""
        if isinstance(self.parameter, click.Argument):
            return [*self.words, "--", *values]
        return [*self.words, *(word for value in values for word in (self.option, value))]


def programs() -> list[tuple[click.Command, tuple[str, ...], click.Command]]:
    """(what is started, its first words, the command) of every command that there is."""
    group = click.Context(main)
    found = [(main, (name,), main.get_command(group, name)) for name in main.list_commands(group)]
    known = {id(command) for _program, _words, command in found} | {id(main)}
    for package in (benches, emulator.cli):
        for module_info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module_info.name.startswith(SKIPPED) or module_info.name.endswith("port_list_hook"):
                continue
            for value in vars(importlib.import_module(module_info.name)).values():
                if isinstance(value, click.Command) and id(value) not in known:
                    known.add(id(value))
                    found.append((value, (), value))
    return found


def parameters() -> list[Walked]:
    """Every parameter of every command."""
    return [
        Walked(program, words, command, parameter)
        for program, words, command in programs()
        for parameter in command.params
    ]
