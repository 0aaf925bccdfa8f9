"""What is done. A use case is a plain function over one open transaction; nobody here commits or awaits."""
