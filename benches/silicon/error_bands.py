"""Error bands: the error measured against silicon for a core and a memory system.

An image's error is the one that it has when the fitted constants are fitted without its family
(:mod:`benches.silicon.leave_one_out`): what no fit has made smaller.

A band is as wide as the error of its worst family of images (of one submitter and network), but for
the worst tenth where there are so many. Of which part of further images it speaks truly is
:attr:`ErrorBand.percentile`. It stands beside a figure only when the run was within what was measured
(:func:`benches.silicon.situation.beyond`); otherwise that is said instead of a number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from benches.silicon.error_figures import ErrorFigures, error_figures
from benches.silicon.measured_images import MeasuredImage, image_of
from benches.silicon.situation import Situation, beyond
from emulator import __version__
from emulator.errors import UsageError
from emulator.files import OutputFile, read_text

NOT_MEASURED = "not measured"
OUTSIDE = "outside what was measured"
FILE = "error_bands.json"
WANTED = 0.9
"""The part of further images that a band would speak of, had enough families been measured."""


@dataclass(frozen=True, slots=True)
class ErrorBand:
    """The measured error of one core with one memory system; fractions, 0.02 is 2 %.

    ``fraction``: half its width. ``percentile``: the part of further images whose error is no larger:
    of n families that are like draws from one urn the next one's error is at most the k-th smallest
    with probability k / (n + 1). No more than the part of the images that lie in the band
    that the other families alone would have given (``left_out_within`` of ``figures.count``; None
    where there are no others).
    """

    core: str
    memory: str
    figures: ErrorFigures
    families: int
    fraction: float
    percentile: float
    left_out_within: int | None
    images: tuple[str, ...]

    @property
    def words(self) -> str:
        """``"+-2.6 %"``."""
        return f"+-{100 * self.fraction:.1f} %"

    @property
    def evidence(self) -> str:
        """``"for 67 % of images, by 4 measured ones of 2 families"``."""
        count, families = self.figures.count, self.families
        ones = "one" if count == 1 else "ones"
        of = "1 family" if families == 1 else f"{families} families"
        return f"for {100 * self.percentile:.0f} % of images, by {count} measured {ones} of {of}"

    def as_json(self) -> dict[str, Any]:
        """The band as it stands in the file and in reports."""
        return {
            "core": self.core,
            "memory": self.memory,
            "fraction": self.fraction,
            "percentile": self.percentile,
            **asdict(self.figures),
            "families": self.families,
            "left_out_within": self.left_out_within,
            "images": list(self.images),
        }


@dataclass(frozen=True, slots=True)
class RunBand:
    """What is known of the error of one run: a band, and what of the run is outside of it."""

    band: ErrorBand
    outside: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """For tables: ``"+-2.6 %"`` or ``"outside"``."""
        return "outside" if self.outside else self.band.words

    @property
    def sentence(self) -> str:
        """The whole: the band with its evidence, or what is outside."""
        if self.outside:
            return f"{OUTSIDE}: {'; '.join(self.outside)}"
        return f"{self.band.words} {self.band.evidence}"

    def as_json(self) -> dict[str, Any]:
        """As it stands in reports. ``fraction`` is None where there is no number to give."""
        inside = not self.outside
        return {
            "words": self.band.words if inside else OUTSIDE,
            "fraction": self.band.fraction if inside else None,
            "percentile": self.band.percentile if inside else None,
            "outside": list(self.outside),
            "evidence": self.band.as_json(),
        }


def band_words(band: RunBand | None) -> str:
    """``"+-2.6 %"``, ``"outside"`` or ``"not measured"``."""
    return NOT_MEASURED if band is None else band.words


def band_json(band: RunBand | None) -> dict[str, Any] | str:
    """The band in a JSON report, or ``"not measured"``."""
    return NOT_MEASURED if band is None else band.as_json()


class BandTable:
    """All measured images, and the bands that they give."""

    def __init__(
        self,
        images: Sequence[MeasuredImage],
        left_out: Mapping[str, Any] | None = None,
        energies: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.images = tuple(images)
        self.energies = tuple(energies)
        """Of each row with a published energy its title, and both energies in microjoules."""
        self.left_out = left_out
        """How the left-out ratios came about, as a report has it; None when nothing was refitted."""
        groups: dict[tuple[str, str], list[MeasuredImage]] = {}
        for image in images:
            groups.setdefault((image.situation.core, image.situation.memory), []).append(image)
        self.bands = tuple(_band(group) for _key, group in sorted(groups.items()))

    def band_for(self, run: Situation) -> RunBand | None:
        """What is known of a run's error; None when no image of its core and memory was measured."""
        key = (run.core, run.memory)
        band = next((band for band in self.bands if (band.core, band.memory) == key), None)
        if band is None:
            return None
        of_core = [image.situation for image in self.images if image.situation.core == run.core]
        return RunBand(band, tuple(beyond(run, of_core)))

    def write(self, output: OutputFile) -> None:
        """Write the file. Raises :class:`UsageError`."""
        output.write_json(
            {
                "note": "written by `boardless validate --update-bands`; simulated and unofficial",
                "boardless": __version__,
                "leave_one_out": self.left_out,
                "energies": [dict(energy) for energy in self.energies],
                "bands": [band.as_json() for band in self.bands],
                "images": [image.as_json() for image in self.images],
            }
        )


def shipped_bands_file() -> Path:
    """The project's own bands, measured on its development images."""
    return Path(str(resources.files("benches.silicon").joinpath(FILE)))


def read_bands(path: Path | None = None) -> BandTable:
    """Read bands, the project's own by default. Raises :class:`UsageError` for a file that is none."""
    file = path or shipped_bands_file()
    try:
        content = json.loads(read_text(file))
        images = [image_of(item) for item in content["images"]]
        return BandTable(images, content.get("leave_one_out"), content.get("energies", ()))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UsageError(
            f"not a file of error bands: {error}",
            where=str(file),
            next_step="Write one with `boardless validate --update-bands FILE`.",
        ) from error


# -- from images to a band ---------------------------------------------------------------------
def _band(group: Sequence[MeasuredImage]) -> ErrorBand:
    worst = _worst_of_families(group)
    rank = min(len(worst), math.ceil(WANTED * (len(worst) + 1)))
    percentile = min(WANTED, rank / (len(worst) + 1))
    within = None
    if len(worst) > 1:
        within = sum(image.error <= _width(_others(image, group)) for image in group)
        percentile = min(percentile, within / len(group))
    situation = group[0].situation
    return ErrorBand(
        situation.core,
        situation.memory,
        error_figures([image.judged_ratio for image in group]),
        len(worst),
        _width(group),
        percentile,
        within,
        tuple(image.name for image in group),
    )


def _width(images: Iterable[MeasuredImage]) -> float:
    worst = _worst_of_families(images)
    return worst[min(len(worst), math.ceil(WANTED * (len(worst) + 1))) - 1]


def _worst_of_families(images: Iterable[MeasuredImage]) -> list[float]:
    """The largest error of each family, in ascending order."""
    worst: dict[tuple[str, str], float] = {}
    for image in images:
        worst[image.family] = max(image.error, worst.get(image.family, 0.0))
    return sorted(worst.values())


def _others(image: MeasuredImage, group: Sequence[MeasuredImage]) -> list[MeasuredImage]:
    return [other for other in group if other.family != image.family]
