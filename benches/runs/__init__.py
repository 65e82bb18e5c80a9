"""The rows and tables of `boardless bench`."""
