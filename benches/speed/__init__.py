"""How fast the emulation is, beside plain Unicorn and qemu-system-arm, in one run."""
