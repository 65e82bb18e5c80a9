"""Lets an option take several values in a row: ``--inputs A B C`` as well as repeated."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import click

from emulator.cli.command import Command


class ManyValuesCommand(Command):
    """A command whose options named in ``many_values`` swallow values up to the next option.

    A word of ``not_values`` (a benchmark's name) ends the list too, unless a file is called so.
    """

    def __init__(
        self,
        *args: Any,
        many_values: Collection[str] = (),
        not_values: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.many_values = many_values
        self.not_values = not_values

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option's name before each of its values, then parse as usual."""
        return super().parse_args(ctx, self.repeated(args))

    def repeated(self, args: Sequence[str]) -> list[str]:
        """``--inputs A B`` as ``--inputs A --inputs B``."""
        result: list[str] = []
        option = ""
        taken = 0
        for word in args:
            if word.startswith("-"):
                option, taken = (word if word in self.many_values else ""), 0
                result.append(word)
                continue
            if option and word in self.not_values and taken and not Path(word).exists():
                option = ""
            if option and taken:
                result.append(option)
            result.append(word)
            taken += 1
        return result
