"""One folder a messenger. Each knows the vocabulary of `domain` and its own wire, and nothing else."""

NAMES = ("web", "telegram", "wecom", "dingtalk", "feishu")
"""The line that a new messenger adds; its folder and its config section have the same name."""
