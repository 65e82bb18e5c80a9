"""Loops of a function, as they ran: natural loops over its instructions, by address.

Blocks as the engine executes them overlap: one that was entered in the middle holds a copy of
another's instructions. Instructions are joined by address here, so a loop's body counts once.
Dominators as in Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from emulator.recording.model import Instruction, Jump

JUMP, CALL = "jump", "call"
LEAVES = re.compile(r"(b|bx|tbb|tbh)(\.[nw])? |(pop|ldm|ldmdb)(\.w)? .*\bpc\b|(ldr|mov|add)(\.w)? pc,")
"""Text of an instruction that never goes on to the next one; under an IT condition its name has an end."""
Edges = dict[int, dict[int, int]]
"""Passes from an address to each of those that come next in the function."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A natural loop. ``header``: the address where it is entered; ``addresses``: of its instructions.

    ``turns``: passes back to the header; ``entries``: passes to it from outside. ``cycles`` and
    ``instructions``: of the loop's own instructions, inner loops among them, callees not.
    ``depth``: 1 for a loop that lies in no other.
    """

    header: int
    addresses: tuple[int, ...]
    turns: int
    entries: int
    cycles: int
    instructions: int
    depth: int


def loops_of(code: Sequence[Instruction], jumps: Iterable[Jump], function: int) -> list[Loop]:
    """The loops of one function, most cycles first; inner ones after the outer one that holds as much."""
    body = {item.address: item for item in sorted(code, key=lambda i: i.address) if item.function == function}
    edges = _edges(body, jumps)
    bodies: dict[int, set[int]] = {}
    for header, tail in _back_edges(edges, list(body)):
        bodies.setdefault(header, {header}).update(_natural_loop(edges, header, tail))
    found = [_loop(header, inside, body, edges, bodies) for header, inside in bodies.items()]
    return sorted(found, key=lambda loop: (-loop.cycles, loop.depth, loop.header))


def _edges(body: dict[int, Instruction], jumps: Iterable[Jump]) -> Edges:
    """Jumps inside of the function, and what falls through to the next instruction."""
    edges: Edges = {address: {} for address in body}
    left = dict.fromkeys(body, 0)
    for jump in jumps:
        if jump.source not in body or jump.kind == CALL:
            continue  # a call comes back behind itself
        left[jump.source] += jump.count
        if jump.kind == JUMP and jump.target in body:
            edges[jump.source][jump.target] = edges[jump.source].get(jump.target, 0) + jump.count
    for address, item in body.items():
        following = address + item.size_bytes
        falls = 0 if LEAVES.match(item.text) else item.count - left[address]
        if following in body and falls > 0:
            edges[address][following] = edges[address].get(following, 0) + falls
    return edges


def _back_edges(edges: Edges, entries: list[int]) -> list[tuple[int, int]]:
    """(header, tail) of each edge that leads to an address through which its source was reached."""
    order, parents = _reverse_postorder(edges, entries)
    number = {address: n for n, address in enumerate(order)}
    dominator = _dominators(order, number, parents)
    found = []
    for source, targets in edges.items():
        for target in targets:
            if source in number and _dominates(target, source, dominator, number):
                found.append((target, source))
    return found


def _reverse_postorder(edges: Edges, entries: list[int]) -> tuple[list[int], dict[int, list[int]]]:
    """Addresses from the function's beginning on; what no jump reaches is entered from outside."""
    parents: dict[int, list[int]] = {address: [] for address in edges}
    for source, targets in edges.items():
        for target in targets:
            parents[target].append(source)
    orphans = [address for address in entries if not parents[address]]
    visited: set[int] = set()
    postorder: list[int] = []
    for entry in [*entries[:1], *orphans, *entries]:
        stack: list[tuple[int, Iterator[int]]] = []
        if entry not in visited:
            stack.append((entry, iter(edges[entry])))
        visited.add(entry)
        while stack:
            address, left = stack[-1]
            following = next((target for target in left if target not in visited), None)
            if following is None:
                postorder.append(address)
                stack.pop()
            else:
                visited.add(following)
                stack.append((following, iter(edges[following])))
    return postorder[::-1], parents


ROOT = -1


def _dominators(order: list[int], number: dict[int, int], parents: dict[int, list[int]]) -> dict[int, int]:
    """The immediate dominator of each address; :data:`ROOT` stands before every entry."""
    dominator: dict[int, int] = {}
    entries = {address for address in order if not any(number[p] < number[address] for p in parents[address])}

    def common(a: int, b: int) -> int:
        while a != b:
            if ROOT in (a, b):
                return ROOT
            if number[a] > number[b]:
                a = dominator[a]
            else:
                b = dominator[b]
        return a

    changed = True
    while changed:
        changed = False
        for address in order:
            known = [p for p in parents[address] if p in dominator]
            new = ROOT if address in entries or not known else known[0]
            for parent in known[1:]:
                new = common(new, parent) if new != ROOT else ROOT
            if dominator.get(address) != new:
                dominator[address] = new
                changed = True
    return dominator


def _dominates(a: int, b: int, dominator: dict[int, int], number: dict[int, int]) -> bool:
    while b != ROOT and number[b] > number[a]:
        b = dominator[b]
    return a == b


def _natural_loop(edges: Edges, header: int, tail: int) -> set[int]:
    parents: dict[int, list[int]] = {}
    for source, targets in edges.items():
        for target in targets:
            parents.setdefault(target, []).append(source)
    inside, stack = {header}, [tail]
    while stack:
        address = stack.pop()
        if address not in inside:
            inside.add(address)
            stack += parents.get(address, [])
    return inside


def _loop(
    header: int,
    inside: set[int],
    body: dict[int, Instruction],
    edges: Edges,
    bodies: dict[int, set[int]],
) -> Loop:
    turns = sum(edges[source].get(header, 0) for source in inside)
    return Loop(
        header,
        (header, *sorted(inside - {header})),
        turns,
        max(0, body[header].count - turns),
        sum(body[a].cycles for a in inside),
        sum(body[a].count for a in inside),
        sum(header in other for other in bodies.values()),
    )
