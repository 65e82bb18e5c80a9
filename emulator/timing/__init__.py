"""Core timing: pipeline models and the memory system."""
