"""Options that several commands share."""

from __future__ import annotations

import click

DEFAULT_BOARD = "nucleo-l4r5zi"


class Address(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic since click 8.5
    """An address such as ``0x08000000``, in any base that Python writes."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse; a usage error for what is no address."""
        if isinstance(value, int):
            return value
        try:
            address = int(str(value), 0)
        except ValueError:
            address = -1
        if not 0 <= address < 1 << 32:
            self.fail(f"{value!r} is no 32-bit address, such as 0x08000000", param, ctx)
        return address


board_option = click.option(
    "--board", default=DEFAULT_BOARD, show_default=True, metavar="NAME|FILE.toml", help="Board to emulate."
)
base_option = click.option("--base", type=Address(), help="Load address of a raw .bin image.")
timing_option = click.option(
    "--timing",
    type=click.Choice(["memory", "core", "count"]),
    default="memory",
    show_default=True,
    help="Model core and memories, the core alone, or count instructions.",
)
hook_option = click.option(
    "--hook",
    type=click.Choice(["auto", "native", "python"]),
    default="auto",
    show_default=True,
    help="Which block hook prices the code; both give the same figures.",
)
strict_option = click.option("--strict", is_flag=True, help="An access that no model covers is an error.")
files_option = click.option(
    "--files-dir",
    type=click.Path(exists=True, file_okay=False),
    help="Folder in which semihosting may open files; nowhere without it.",
)
