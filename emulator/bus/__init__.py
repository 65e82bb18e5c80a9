"""The bus: which device answers an access, which instruction makes it, wires, bit-band aliases."""
