"""The board file: its model, reading, checks and supply."""
