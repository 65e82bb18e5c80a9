"""The gate of a CI: measurements by a specification, a baseline in text, a verdict, and its forms."""
