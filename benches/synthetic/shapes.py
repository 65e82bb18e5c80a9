"""Synthetic pictures for image classification: ten shapes and textures, 32 x 32.

Colour tells nothing about the class: every picture draws its own colours. Shapes vary
in size, place and turn, lie on a textured background beside a small distracting spot.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benches.synthetic import drawing
from benches.synthetic.drawing import Array

SIDE = 32
CLASS_NAMES = (
    "disc",
    "ring",
    "square",
    "triangle",
    "cross",
    "star",
    "crescent",
    "bars",
    "checker",
    "dots",
)
NOISE = 0.05


def make_image(random: np.random.Generator, label: int) -> bytes:
    """Return a picture of class ``label``, 32 x 32 uint8 RGB, row by row."""
    picture = drawing.background(random, SIDE)
    spot = (float(random.uniform(2, SIDE - 2)), float(random.uniform(2, SIDE - 2)))
    x, y = drawing.grid(SIDE)
    colour = drawing.random_colour(random)
    drawing.paint(picture, drawing.capsule(x, y, spot, spot, float(random.uniform(1.0, 3.0))), colour)
    mask = _mask(random, CLASS_NAMES[label])
    drawing.paint(picture, mask, _contrasting(random, picture, mask))
    return drawing.finish(random, picture, NOISE)


def _contrasting(random: np.random.Generator, picture: Array, mask: Array) -> Array:
    """Return a colour that differs from what lies under ``mask``, or as good as eight draws give."""
    under = (picture * mask[:, :, None]).sum(axis=(0, 1)) / max(float(mask.sum()), 1.0)
    best = drawing.random_colour(random)
    for _draw in range(8):
        if np.abs(best - under).max() > 0.3:
            break
        colour = drawing.random_colour(random)
        if np.abs(colour - under).max() > np.abs(best - under).max():
            best = colour
    return best


def _mask(random: np.random.Generator, name: str) -> Array:
    """Return the coverage of shape ``name`` with random size, place and turn."""
    size = float(random.uniform(6.5, 12.0))
    x, y = drawing.grid(SIDE)
    x = x - random.uniform(size * 0.8, SIDE - size * 0.8)
    y = y - random.uniform(size * 0.8, SIDE - size * 0.8)
    turn = random.uniform(0.0, 2.0 * np.pi)
    u = x * np.cos(turn) + y * np.sin(turn)
    v = y * np.cos(turn) - x * np.sin(turn)
    u, v = u * random.uniform(0.85, 1.15), v * random.uniform(0.85, 1.15)
    if name in _MASKS:
        return _MASKS[name](random, u, v, size)
    return _pattern(random, name, u, v, size)


def _disc(u: Array, v: Array, radius: float, centre_u: float = 0.0) -> Array:
    return drawing.capsule(u, v, (centre_u, 0.0), (centre_u, 0.0), radius)


def _ring(random: np.random.Generator, u: Array, v: Array, size: float) -> Array:
    hole = _disc(u, v, size * float(random.uniform(0.45, 0.7)))
    return np.asarray(_disc(u, v, size) * (1.0 - hole))


def _cross(random: np.random.Generator, u: Array, v: Array, size: float) -> Array:
    arm = size * float(random.uniform(0.22, 0.35))
    across = np.minimum(_soft(arm - np.abs(u)), _soft(size - np.abs(v)))
    along = np.minimum(_soft(arm - np.abs(v)), _soft(size - np.abs(u)))
    return np.maximum(across, along)


def _star(_random: np.random.Generator, u: Array, v: Array, size: float) -> Array:
    reach = size * (0.66 + 0.34 * np.cos(5.0 * np.arctan2(v, u)))
    return _soft(reach - np.hypot(u, v))


def _crescent(random: np.random.Generator, u: Array, v: Array, size: float) -> Array:
    bite = _disc(u, v, size * 0.85, size * float(random.uniform(0.45, 0.7)))
    return np.asarray(_disc(u, v, size) * (1.0 - bite))


def _pattern(random: np.random.Generator, name: str, u: Array, v: Array, size: float) -> Array:
    """Return a square patch of bars, checks or dots."""
    patch = _soft(size - np.maximum(np.abs(u), np.abs(v)))
    pitch = float(random.uniform(4.0, 6.5))
    wave_u, wave_v = np.sin(2 * np.pi * u / pitch), np.sin(2 * np.pi * v / pitch)
    if name == "bars":
        return np.asarray(patch * _soft(2.0 * wave_u))
    if name == "checker":
        return np.asarray(patch * _soft(4.0 * wave_u * wave_v))
    return np.asarray(patch * _soft(3.0 * (wave_u + wave_v - 0.75)))


def _soft(distance: Array) -> Array:
    """Return coverage 0 to 1 from a signed distance in pixels, positive inside."""
    return np.asarray(np.clip(distance + 0.5, 0.0, 1.0))


def _corners(count: int, radius: float) -> list[drawing.Point]:
    angles = 2.0 * np.pi * np.arange(count) / count
    return [(float(radius * np.cos(angle)), float(radius * np.sin(angle))) for angle in angles]


_MASKS: dict[str, Callable[[np.random.Generator, Array, Array, float], Array]] = {
    "disc": lambda _random, u, v, size: _disc(u, v, size),
    "ring": _ring,
    "square": lambda _random, u, v, size: _soft(0.85 * size - np.maximum(np.abs(u), np.abs(v))),
    "triangle": lambda _random, u, v, size: drawing.polygon(u, v, _corners(3, size)),
    "cross": _cross,
    "star": _star,
    "crescent": _crescent,
}
