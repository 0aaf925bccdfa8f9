"""The command line, one module a command. Heavy imports happen inside the commands: `--help` must be quick."""
