"""``python -m boardless`` is the command ``boardless``."""

from emulator.cli.main import main

if __name__ == "__main__":
    main(prog_name="boardless")
