"""Commands of ``boardless`` that belong to the benches."""
