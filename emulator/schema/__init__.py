"""Declared tables: what a table of a board file may hold, said once; checked; written out as reference.

A declaration is a :class:`emulator.schema.table.Table`: a msgspec struct whose fields carry
their meaning, unit and range. :mod:`.checks` finds every problem of a TOML table against one.
"""
