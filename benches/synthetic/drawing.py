"""What the synthetic pictures share: textures, soft shapes, lighting and the last step to bytes.

A picture is a float array height x width x 3 with values from 0 to 1. A shape is a
coverage mask height x width from 0 to 1, from a signed distance, so edges are smooth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Point = tuple[float, float]


def grid(side: int) -> tuple[Array, Array]:
    """Return the x and y coordinates of the pixels of a square picture, each side x side."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float64)
    return x, y


def random_colour(random: np.random.Generator) -> Array:
    """Return a colour (3 values) of moderate saturation."""
    grey = random.uniform(0.1, 0.9)
    return np.asarray(np.clip(grey + random.uniform(-0.35, 0.35, 3), 0.0, 1.0))


def smooth_noise(random: np.random.Generator, side: int, cells: int) -> Array:
    """Return noise side x side from 0 to 1, interpolated between ``cells`` + 1 random knots a side."""
    knots = random.uniform(0.0, 1.0, (cells + 1, cells + 1))
    position = np.linspace(0.0, cells, side, endpoint=False)
    index = position.astype(np.intp)
    weight = position - index
    weight = weight * weight * (3.0 - 2.0 * weight)
    rows = knots[index] + (knots[index + 1] - knots[index]) * weight[:, None]
    return np.asarray(rows[:, index] + (rows[:, index + 1] - rows[:, index]) * weight[None, :])


def stripes(random: np.random.Generator, side: int) -> Array:
    """Return soft parallel stripes side x side from 0 to 1, of random direction and width."""
    x, y = grid(side)
    angle, period = random.uniform(0.0, np.pi), random.uniform(0.06, 0.35) * side
    phase = 2.0 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period
    return np.asarray(0.5 + 0.5 * np.sin(phase + random.uniform(0.0, 6.0)))


def background(random: np.random.Generator, side: int) -> Array:
    """Return a textured picture: two colours mixed by clouds, stripes or a horizon."""
    first, second = random_colour(random), random_colour(random)
    choice = int(random.integers(3))
    if choice == 0:
        mix = smooth_noise(random, side, int(random.integers(2, 9)))
    elif choice == 1:
        mix = stripes(random, side)
    else:
        _x, y = grid(side)
        mix = np.clip((y - random.uniform(0.3, 0.8) * side) / 2.0, 0.0, 1.0)
    mix = 0.75 * mix + 0.25 * smooth_noise(random, side, side // 4)
    return np.asarray(first + (second - first) * mix[:, :, None])


def capsule(x: Array, y: Array, start: Point, end: Point, radius: float) -> Array:
    """Return the mask of a thick line with round ends; a disc when both ends are the same."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / max(dx * dx + dy * dy, 1e-9)
    along = np.clip(along, 0.0, 1.0)
    distance = np.hypot(x - start[0] - along * dx, y - start[1] - along * dy)
    return np.asarray(np.clip(radius - distance + 0.5, 0.0, 1.0))


def ellipse(x: Array, y: Array, centre: Point, radii: Point) -> Array:
    """Return the mask of an upright ellipse."""
    distance = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    return np.asarray(np.clip((1.0 - distance) * min(radii) + 0.5, 0.0, 1.0))


def polygon(x: Array, y: Array, corners: list[Point]) -> Array:
    """Return the mask of a convex polygon whose corners go round in the direction from x to y."""
    inside = np.full(x.shape, 1.0)
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-9)
        distance = ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length
        inside = np.minimum(inside, np.clip(distance + 0.5, 0.0, 1.0))
    return inside


def paint(picture: Array, mask: Array, colour: Array) -> None:
    """Lay ``colour`` (3 values, or a picture) over ``picture`` where ``mask`` covers it, in place."""
    picture += mask[:, :, None] * (colour - picture)


def finish(random: np.random.Generator, picture: Array, noise: float) -> bytes:
    """Add uneven light and sensor noise to a square picture and return it as uint8 RGB bytes, row by row."""
    side = picture.shape[0]
    light = random.uniform(0.65, 1.15) + 0.3 * (smooth_noise(random, side, 2) - 0.5)
    lit = picture * light[:, :, None] + random.uniform(-0.08, 0.08)
    lit += random.normal(0.0, noise, picture.shape)
    return bytes(np.clip(np.rint(lit * 255.0), 0, 255).astype(np.uint8).tobytes())
