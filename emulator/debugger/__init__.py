"""A GDB server: it stops, steps and reads a machine, and goes back in its time.

From the wire to the machine: ``connection`` has the socket, ``packets`` what is on it, ``server`` answers
packets by ``registers``, ``memory``, ``flash``, ``threads`` and ``monitor``; ``control`` executes what GDB
resumes, ``timeline`` goes back; ``debugger`` is the whole as a run sees it.
"""
