"""What is installed: which packages this Python can have and has, the documents, how to install again."""
