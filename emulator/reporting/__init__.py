"""Answers from a recording: tables, comparisons, files for other tools, a page; plain data, no terminal."""
