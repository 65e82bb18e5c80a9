"""Write the shipped inputs anew: ``python -m benches.synthetic DIRECTORY`` (``benches/inputs``)."""

from __future__ import annotations

from pathlib import Path

import click

from benches import synthetic
from emulator.cli.command import ProgramCommand
from emulator.cli.parameter_types import Count, OutputPlace

MOST_SAMPLES = 1_000_000


@click.command(cls=ProgramCommand)
@click.argument("directory", type=OutputPlace())
@click.option("--benchmark", type=click.Choice(synthetic.BENCHMARKS), help="Only this one.")
@click.option("--count", type=Count(most=MOST_SAMPLES), help="Samples instead of the shipped number.")
@click.option("--seed", type=Count(0), default=synthetic.TEST_SEED, show_default=True)
def main(*, directory: Path, benchmark: str | None, count: int | None, seed: int) -> None:
    """Write each benchmark's shipped inputs, or --count of one, under DIRECTORY."""
    for name in (benchmark,) if benchmark else synthetic.BENCHMARKS:
        samples = synthetic.make_dataset(name, count or synthetic.SHIPPED_COUNTS[name], seed)
        synthetic.write_dataset(directory / synthetic.directory_name(name), name, samples)


if __name__ == "__main__":
    main(prog_name="python -m benches.synthetic")
