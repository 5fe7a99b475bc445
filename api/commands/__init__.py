"""The commands, one module a subject; nothing heavy is imported before a command runs."""
