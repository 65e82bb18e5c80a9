"""Who imports whom, and which C file includes which, read from the sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Graph = Mapping[str, frozenset[str]]

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
PATH_TEXT = re.compile(r"[a-z_]\w*(\.\w+)+(:\w+)?")


def modules(root: Path, packages: Sequence[str]) -> dict[str, Path]:
    """Every module below ``root/package`` by its dotted name; a package is its ``__init__``."""
    found = {}
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(files: Mapping[str, Path]) -> Graph:
    """What each module imports of ``files``: in functions and for type checkers, too.

    A package that is passed through (``emulator.bus`` in ``import emulator.bus.signals``) does not count.
    """
    return {
        name: frozenset(_imported(ast.parse(path.read_text(encoding="utf-8")), files)) - {name}
        for name, path in files.items()
    }


def _imported(tree: ast.Module, files: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module is not None, "imports are absolute"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in files:
                    yield full
                elif node.module in files:
                    yield node.module


def named_in_text(files: Mapping[str, Path]) -> Graph:
    """Which modules each module names in a string, ``"package.module:attribute"``, to import them later."""
    found = {}
    for name, path in files.items():
        texts = (
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        named = (text.partition(":")[0] for text in texts if PATH_TEXT.fullmatch(text))
        found[name] = frozenset(text for text in named if text in files) - {name}
    return found


def includes(root: Path) -> Graph:
    """What each C file below ``root`` includes, by path from ``root``; a name that is no file is an error."""
    found = {}
    for path in sorted([*root.rglob("*.c"), *root.rglob("*.h")]):
        targets = [
            (path.parent / name).resolve() for name in INCLUDE.findall(path.read_text(encoding="utf-8"))
        ]
        missing = [str(target) for target in targets if not target.is_file()]
        assert not missing, f"{path} includes what does not exist: {missing}"
        found[str(path.relative_to(root))] = frozenset(str(t.relative_to(root.resolve())) for t in targets)
    return found


def circles(graph: Graph) -> list[list[str]]:
    """The strongly connected parts of more than one node (Tarjan), each sorted."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_nodes: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        open_nodes.append(node)
        for target in sorted(graph.get(node, ())):
            if target not in order:
                visit(target)
                lowest[node] = min(lowest[node], lowest[target])
            elif target in open_nodes:
                lowest[node] = min(lowest[node], order[target])
        if lowest[node] == order[node]:
            at = open_nodes.index(node)
            part, open_nodes[at:] = open_nodes[at:], []
            if len(part) > 1:
                found.append(sorted(part))

    for node in graph:
        if node not in order:
            visit(node)
    return found
