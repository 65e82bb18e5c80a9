"""Files on the host's disk: read whole up to a limit, written whole or not at all.

Every file that a command reads goes through :func:`read_bytes` or :func:`read_text`, every file
that it writes through :class:`OutputFile`.
"""

from emulator.files.cache_folder import cache_folder
from emulator.files.input_file import begins_with, check_input_file, check_input_folder, read_bytes, read_text
from emulator.files.output_file import OutputFile, make_folder
from emulator.files.rows import finite_number, parse_rows

__all__ = [
    "OutputFile",
    "begins_with",
    "cache_folder",
    "check_input_file",
    "check_input_folder",
    "finite_number",
    "make_folder",
    "parse_rows",
    "read_bytes",
    "read_text",
]
