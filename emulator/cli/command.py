"""What every command of ours has in common, in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from emulator.cli.console import guarded
from emulator.errors import EXIT_USAGE, BoardlessError, GuestFault

EXIT_INTERRUPTED = 130


class _OnceParser:
    """click's parser; an option that takes one value and is given twice is an error.

    click itself takes the last one in silence, and a check would be made of something else than asked.
    """

    def __init__(self, parser: Any, ctx: click.Context) -> None:
        self._parser = parser
        self._ctx = ctx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def parse_args(self, args: list[str]) -> tuple[dict[str, Any], list[str], list[click.Parameter]]:
        """Parse as click does. Raises click's UsageError."""
        values, rest, order = self._parser.parse_args(args=args)
        options = [item for item in order if isinstance(item, click.Option) and _takes_one_value(item)]
        for option in options:
            if options.count(option) > 1 and not self._ctx.resilient_parsing:
                name = max(option.opts, key=len)
                raise click.UsageError(f"{name} is given twice; it takes one value", self._ctx)
        return values, rest, order


def _takes_one_value(option: click.Option) -> bool:
    return not (option.multiple or option.is_flag or option.count)


class Command(click.Command):
    """A command of ours: one value for one option."""

    def make_parser(self, ctx: click.Context) -> Any:
        """Build click's parser in ours."""
        return _OnceParser(super().make_parser(ctx), ctx)


class Program(click.Command):
    """What a program starts with: guards the console, makes an error of ours one message and a code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run as a program."""
        return guarded(lambda: _told(super(Program, self).main, *args, **kwargs))

    def invoke(self, ctx: click.Context) -> Any:
        """Run; Ctrl-C is a message and a code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("boardless: interrupted", err=True)
            ctx.exit(EXIT_INTERRUPTED)


class ProgramCommand(Program, Command):
    """A program of one command."""


def _told(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return work(*args, **kwargs)
    except BoardlessError as error:
        if isinstance(error, GuestFault) and error.report:
            click.echo(error.report, err=True)
        click.echo(f"boardless: {error}", err=True)
        raise SystemExit(error.exit_code) from None
    except OSError as error:
        click.echo(f"boardless: {_words(error)}", err=True)
        raise SystemExit(EXIT_USAGE) from None
    except MemoryError:
        click.echo("boardless: this needs more memory than there is", err=True)
        raise SystemExit(EXIT_USAGE) from None


def _words(error: OSError) -> str:
    """An error of the operating system that came where nobody expected it: a full disk, for one."""
    what = error.strerror or str(error)
    return f"{error.filename}: {what}" if error.filename is not None else what
