"""Synthetic pictures for visual wake words, with or without a person.

Both classes get a textured background and clutter made of the same strokes that a
person is made of (posts, balls, boxes, bushes, and a torso-like block with a ball that
does not sit where a head would). A person has head, hair, torso, two arms and two legs
in a random pose, size, place and dress, and may be partly outside or behind clutter.
"""

from __future__ import annotations

import numpy as np

from benches.synthetic import drawing
from benches.synthetic.drawing import Array, Point

SIDE = 96
CLASS_NAMES = ("no_person", "person")
PERSON = CLASS_NAMES.index("person")
NOISE = 0.035


def make_image(random: np.random.Generator, label: int) -> bytes:
    """Return a picture of class ``label``, 96 x 96 uint8 RGB, row by row."""
    picture = drawing.background(random, SIDE)
    for _thing in range(int(random.integers(1, 5))):
        _clutter(random, picture)
    if label == PERSON:
        _person(random, picture)
        if random.uniform() < 0.2:
            _post(random, picture)
    else:
        for _thing in range(int(random.integers(1, 3))):
            _decoy(random, picture)
    return drawing.finish(random, picture, NOISE)


def _place(random: np.random.Generator) -> Point:
    return float(random.uniform(0.1, 0.9) * SIDE), float(random.uniform(0.1, 0.9) * SIDE)


def _clutter(random: np.random.Generator, picture: Array) -> None:
    """Paint a post, a ball, a box or a bush."""
    x, y = drawing.grid(SIDE)
    choice = int(random.integers(4))
    if choice == 0:
        _post(random, picture)
        return
    centre, size = _place(random), float(random.uniform(4.0, 16.0))
    if choice == 1:
        mask = drawing.capsule(x, y, centre, centre, size)
    elif choice == 2:
        mask = _box(x, y, centre, (size, float(size * random.uniform(0.4, 2.0))))
    else:
        mask = np.zeros_like(x)
        for _leaf in range(6):
            spot = (centre[0] + random.normal(0, size / 2), centre[1] + random.normal(0, size / 2))
            mask = np.maximum(mask, drawing.capsule(x, y, spot, spot, size / 2))
    drawing.paint(picture, mask, drawing.random_colour(random))


def _post(random: np.random.Generator, picture: Array) -> None:
    """Paint a long thin stroke."""
    x, y = drawing.grid(SIDE)
    start, end = _place(random), _place(random)
    mask = drawing.capsule(x, y, start, end, float(random.uniform(1.0, 3.5)))
    drawing.paint(picture, mask, drawing.random_colour(random))


def _box(x: Array, y: Array, centre: Point, half: Point) -> Array:
    left, right = centre[0] - half[0], centre[0] + half[0]
    top, bottom = centre[1] - half[1], centre[1] + half[1]
    return drawing.polygon(x, y, [(left, top), (right, top), (right, bottom), (left, bottom)])


def _decoy(random: np.random.Generator, picture: Array) -> None:
    """Paint a block with a ball that is not above its middle, or a block with loose strokes: no person."""
    x, y = drawing.grid(SIDE)
    centre, size = _place(random), float(random.uniform(5.0, 14.0))
    colour = drawing.random_colour(random)
    drawing.paint(picture, _box(x, y, centre, (size * 0.7, size * 1.3)), colour)
    angle = random.uniform(0.2, np.pi - 0.2)
    spot = (centre[0] + 2.2 * size * np.cos(angle), centre[1] + 2.2 * size * np.sin(angle))
    drawing.paint(picture, drawing.capsule(x, y, spot, spot, size * 0.6), _skin(random))
    for _stroke in range(2):
        start, end = _place(random), _place(random)
        drawing.paint(picture, drawing.capsule(x, y, start, end, size * 0.25), colour)


def _skin(random: np.random.Generator) -> Array:
    tone = random.uniform(0.25, 1.0)
    return np.asarray(np.array([0.95, 0.76, 0.62]) * tone + random.uniform(-0.04, 0.04, 3))


def _person(random: np.random.Generator, picture: Array) -> None:
    """Paint a standing or walking figure, 40 to 88 pixels tall."""
    x, y = drawing.grid(SIDE)
    height = float(random.uniform(40.0, 88.0))
    unit = height / 8.0
    lean = random.uniform(-0.12, 0.12)
    hip = (float(random.uniform(0.2, 0.8) * SIDE), float(SIDE * random.uniform(0.45, 0.6) + unit))
    neck = (hip[0] + 3.0 * unit * lean, hip[1] - 2.9 * unit)
    head = (neck[0] + 0.9 * unit * lean, neck[1] - 0.75 * unit)
    skin, shirt = _skin(random), drawing.random_colour(random)
    trousers, hair = drawing.random_colour(random), drawing.random_colour(random) * 0.5
    width = float(unit * random.uniform(0.75, 1.1))
    limb = 0.38 * unit
    for side in (-1, 1):
        hip_joint = (hip[0] + side * 0.4 * width, hip[1])
        leg = _limb(random, hip_joint, side, (1.9 * unit, limb * 1.2), 0.45)
        drawing.paint(picture, leg, trousers)
    for side in (-1, 1):
        shoulder = (neck[0] + side * width, neck[1] + 0.45 * unit)
        colour = shirt if random.uniform() < 0.7 else skin
        arm = _limb(random, shoulder, side, (1.4 * unit, limb), 1.3)
        drawing.paint(picture, arm, colour)
    torso = [(neck[0] - width, neck[1]), (neck[0] + width, neck[1])]
    torso += [(hip[0] + 0.8 * width, hip[1]), (hip[0] - 0.8 * width, hip[1])]
    drawing.paint(picture, drawing.polygon(x, y, torso), shirt)
    crown = (head[0], head[1] - 0.2 * unit)
    drawing.paint(picture, drawing.ellipse(x, y, crown, (0.68 * unit, 0.8 * unit)), hair)
    drawing.paint(picture, drawing.ellipse(x, y, head, (0.55 * unit, 0.72 * unit)), skin)


def _limb(random: np.random.Generator, joint: Point, side: int, size: Point, spread: float) -> Array:
    """Return the mask of two strokes from ``joint`` downwards, bent outwards by up to ``spread`` radians.

    ``size`` is the length and the radius of a stroke, in pixels.
    """
    x, y = drawing.grid(SIDE)
    length, radius = size
    mask = np.zeros_like(x)
    for _part in range(2):
        angle = side * random.uniform(-0.1, spread)
        end = (joint[0] + length * float(np.sin(angle)), joint[1] + length * float(np.cos(angle)))
        mask = np.maximum(mask, drawing.capsule(x, y, joint, end, radius))
        joint = end
    return mask
