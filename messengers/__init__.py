"""One folder a messenger. Each knows the vocabulary of `domain` and its own wire, and nothing else."""
