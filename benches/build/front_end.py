"""Tables of streaming wake word's front end as C: window, transform, mel bands, logarithm, quantization.

The front end is the reference firmware's (mlcommons/tiny, 2026-05): a window of 1024 samples, 40 mel bands
from 0 to 8 kHz as TensorFlow's linear_to_mel_weight_matrix has them, decibels plus 52 over 64, int8. Each
table is written twice: in float, and in fixed point for cores without a float unit
(firmware/streaming/arithmetic.h).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, cos, log1p, log2, log10, pi, sin

WINDOW_SAMPLES, BANDS, RATE_HZ = 1024, 40, 16_000
HIGHEST_HZ, MEL_BREAK_HZ = 8000.0, 700.0
DECIBEL_OFFSET, DECIBEL_RANGE = 52.0, 64.0
LOGARITHM_STEPS = 64
FRACTION = 65_536
WEIGHT_ONE, TURN_ONE = 1 << 15, 1 << 31
VALUES_A_LINE = 8


@dataclass(frozen=True, slots=True)
class Band:
    """A triangle: the first of its bins, and each one's weight."""

    first_bin: int
    weights: tuple[float, ...]


def mel_bands() -> Iterator[Band]:
    """The triangles; each begins and ends at its neighbours' peaks, and bin 0 counts for none."""

    def mel(hertz: float) -> float:
        return log1p(hertz / MEL_BREAK_HZ)

    edges = [mel(HIGHEST_HZ) * n / (BANDS + 1) for n in range(BANDS + 2)]
    bins = [mel(n * RATE_HZ / WINDOW_SAMPLES) for n in range(WINDOW_SAMPLES // 2 + 1)]
    for low, centre, high in zip(edges, edges[1:], edges[2:], strict=False):
        heights = [min((x - low) / (centre - low), (high - x) / (high - centre)) for x in bins]
        inside = [n for n, height in enumerate(heights) if n and height > 0]
        yield Band(inside[0], tuple(heights[n] for n in inside))


def front_end_source(scale: float, zero_point: int) -> str:
    """The C of all tables, for a network whose input has this quantization."""
    half = WINDOW_SAMPLES // 2
    window = [0.54 - 0.46 * cos(2 * pi * n / (WINDOW_SAMPLES - 1)) for n in range(half)]
    angles = [2 * pi * n / WINDOW_SAMPLES for n in range(half)]
    turns = [part for angle in angles for part in (cos(angle), -sin(angle))]
    bands = list(mel_bands())
    weights = [weight for band in bands for weight in band.weights]
    logarithms = [round(log2(1 + n / LOGARITHM_STEPS) * FRACTION) for n in range(LOGARITHM_STEPS)]
    slope = 10 * log10(2) / DECIBEL_RANGE / scale
    constants = {
        "slope": round(slope * FRACTION),
        "offset": round((DECIBEL_OFFSET / DECIBEL_RANGE / scale + zero_point) * FRACTION),
        "least": zero_point * FRACTION,
        "most": ceil((1 / scale + zero_point) * FRACTION),
    }
    floats: dict[str, Sequence[str]] = {
        "const weight front_end_window[]": _floats(window),
        "const struct turn front_end_turns[]": _pairs(_floats(turns)),
        "const weight front_end_weights[]": _floats(weights),
    }
    fixed: dict[str, Sequence[str]] = {
        "const weight front_end_window[]": _fixed(window, WEIGHT_ONE, WEIGHT_ONE),
        "const struct turn front_end_turns[]": _pairs(_fixed(turns, TURN_ONE, TURN_ONE - 1)),
        "const weight front_end_weights[]": _fixed(weights, WEIGHT_ONE, WEIGHT_ONE),
    }
    both: dict[str, Sequence[str]] = {
        "const struct band front_end_bands[]": [f"{{{b.first_bin}, {len(b.weights)}}}" for b in bands],
        "const uint16_t front_end_logarithms[]": [*map(str, logarithms), str(FRACTION - 1)],
    }
    lines = ['#include "streaming/front_end.h"', "#if defined(__ARM_FP)", *_arrays(floats), "#else"]
    lines += [*_arrays(fixed), "#endif", *_arrays(both)]
    lines += [f"const int32_t front_end_{name} = {value};" for name, value in constants.items()]
    return "\n".join(lines) + "\n"


def _floats(values: Sequence[float]) -> list[str]:
    return [f"{value:.9e}f" for value in values]


def _fixed(values: Sequence[float], one: int, most: int) -> list[str]:
    clipped: Callable[[float], int] = lambda value: max(-most, min(most, round(value * one)))  # noqa: E731
    return [str(clipped(value)) for value in values]


def _pairs(values: Sequence[str]) -> list[str]:
    return [f"{{{re}, {im}}}" for re, im in zip(values[0::2], values[1::2], strict=True)]


def _arrays(arrays: dict[str, Sequence[str]]) -> Iterator[str]:
    for declaration, values in arrays.items():
        yield f"{declaration} = {{"
        for n in range(0, len(values), VALUES_A_LINE):
            yield f"    {', '.join(values[n : n + VALUES_A_LINE])},"
        yield "};"
