"""What a validation learned of each image: its error, and the situation in which it was measured.

``benches/silicon/error_bands.json`` is written by ``boardless validate --update-bands`` from its own
result: bands for people to read, and below them the images, from which bands are made when it is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benches.silicon.situation import Makeup, Settings, Situation

if TYPE_CHECKING:
    from benches.silicon.validate import ValidatedRow

SHARE_DIGITS = 4
SMALLEST_SHARE = 0.0005
"""Shares below it are not kept: not even a hundred of them would be a tenth of a run."""


@dataclass(frozen=True, slots=True)
class MeasuredImage:
    """One published image.

    ``ratio``: modelled over published cycles; ``left_out_ratio``: the same with constants fitted without
    its family, None where none was refitted.
    ``submitter`` and ``network``: images that share both are of one family, and likely to err alike.
    """

    name: str
    submitter: str
    network: str
    ratio: float
    situation: Situation
    left_out_ratio: float | None = None

    @property
    def family(self) -> tuple[str, str]:
        """Who built it, and of what."""
        return self.submitter, self.network

    @property
    def judged_ratio(self) -> float:
        """What tells of images to come: left out where constants were refitted without it."""
        return self.ratio if self.left_out_ratio is None else self.left_out_ratio

    @property
    def error(self) -> float:
        """Absolute, a fraction, of the ratio by which it is judged."""
        return abs(self.judged_ratio - 1)

    def as_json(self) -> dict[str, Any]:
        """The image as it stands in the file."""
        situation = self.situation
        return {
            "name": self.name,
            "submitter": self.submitter,
            "network": self.network,
            "core": situation.core,
            "memory": situation.memory,
            "ratio": self.ratio,
            "left_out_ratio": self.left_out_ratio,
            "clock_hz": situation.clock_hz,
            "settings": {part: dict(values) for part, values in situation.settings.items()},
            "core_shares": _kept(situation.makeup.core),
            "memory_shares": _kept(situation.makeup.memory),
        }


def measured_images(
    rows: Sequence[ValidatedRow], left_out: Mapping[tuple[str, str], float]
) -> list[MeasuredImage]:
    """The images of a validation's rows in performance mode that tell their situation.

    ``left_out``: ratios with constants fitted without the row's family, by version and path.
    """
    return [
        MeasuredImage(
            f"{row.version} {row.submitter} {row.system} {row.benchmark}",
            row.submitter,
            row.benchmark,
            row.ratio,
            row.situation,
            left_out.get((row.version, row.path)),
        )
        for row in rows
        if row.mode == "performance" and row.ratio is not None and row.situation is not None
    ]


def measured_energies(rows: Sequence[ValidatedRow]) -> list[dict[str, Any]]:
    """Modelled and published energies of a validation's rows, microjoules an inference."""
    return [
        {
            "title": f"{row.version} {row.submitter} {row.system} {row.benchmark} ({row.mode})",
            "published_uj": row.published_energy_uj,
            "modelled_uj": row.modelled_energy_uj,
        }
        for row in rows
        if row.modelled_energy_uj is not None
    ]


def image_of(item: Mapping[str, Any]) -> MeasuredImage:
    """Read an image as it stands in the file. Raises KeyError, TypeError, ValueError or AttributeError."""
    makeup = Makeup(_shares(item["core_shares"]), _shares(item["memory_shares"]))
    situation = Situation(
        str(item["core"]), str(item["memory"]), int(item["clock_hz"]), _settings(item["settings"]), makeup
    )
    left_out = item.get("left_out_ratio")
    return MeasuredImage(
        str(item["name"]),
        str(item["submitter"]),
        str(item["network"]),
        _number(item["ratio"]),
        situation,
        None if left_out is None else _number(left_out),
    )


def _kept(shares: Mapping[str, float]) -> dict[str, float]:
    kept = {words: share for words, share in shares.items() if share >= SMALLEST_SHARE}
    return {words: round(kept[words], SHARE_DIGITS) for words in sorted(kept)}


def _shares(table: Mapping[str, Any]) -> dict[str, float]:
    return {str(words): _number(share) for words, share in table.items()}


def _settings(table: Mapping[str, Any]) -> Settings:
    return {str(part): {str(n): int(v) for n, v in values.items()} for part, values in table.items()}


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{value!r} is no share or ratio")
    return number
