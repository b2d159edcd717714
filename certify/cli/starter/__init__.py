"""Make the repository of a new connector: names, templates, and a folder that comes whole or not at all."""
