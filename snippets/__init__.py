"""Executable snippets: what the pages show is what runs against a real Docker daemon."""
