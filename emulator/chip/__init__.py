"""Chips as their makers' SVD files describe them, and board files drafted from that.

:mod:`emulator.chip.xml_tree` reads XML with line numbers, :mod:`emulator.chip.svd` makes a
:class:`emulator.chip.model.Chip` of it, :mod:`emulator.chip.memories` finds memories in an image, and
:mod:`emulator.chip.draft` writes the board file and its register map.
"""
