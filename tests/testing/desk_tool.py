"""The flash tool of the board on the desk: ``desk_tool.py CONTROL load IMAGE``, or ``reset``."""

from __future__ import annotations

import socket
import sys

with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    connection.sendall(" ".join(sys.argv[2:]).encode())
    answer = connection.recv(4096).decode()
print(answer)
sys.exit(answer != "done")
