"""What a page's front matter says to the verifier: token types of its own, and what it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from snippets.block import BlockError, front_matter_end
from snippets.match.tokens import TokenType, token_type


@dataclass(frozen=True)
class PageSettings:
    """What a page's front matter says to the verifier.

    Attributes:
        tokens: types of volatile tokens of the page's own, looked for before the known ones.
        leaves: what the page leaves in the lab on purpose, each as kind and name: `container web`.
    """

    tokens: tuple[TokenType, ...] = ()
    leaves: tuple[str, ...] = ()


def parse_settings(text: str, path: str) -> PageSettings:
    """Read what a page's front matter declares.

    `tokens:` maps a type's name to its pattern, or to `pattern:` and `names: true` where the same sample must
    always stand for the same real value. `leaves:` lists what the page leaves behind.

    Raises:
        BlockError: the front matter is no YAML, or a declaration cannot be read.
    """
    lines = text.split("\n")
    end = front_matter_end(lines)
    if not end:
        return PageSettings()
    source = "\n".join(lines[1 : end - 1])
    try:
        meta = yaml.safe_load(source) or {}
    except yaml.YAMLError as error:
        raise BlockError(path, 1, f"the front matter is no YAML: {error}") from error
    if not isinstance(meta, dict):
        raise BlockError(path, 1, "the front matter is no mapping; write 'key: value' lines")
    tokens, leaves = meta.get("tokens", {}), meta.get("leaves", [])
    if not isinstance(tokens, dict):
        raise BlockError(path, 1, "tokens: in the front matter maps a type's name to its pattern")
    if not isinstance(leaves, list) or not all(isinstance(entry, str) for entry in leaves):
        raise BlockError(path, 1, "leaves: in the front matter is a list such as [container web]")
    at = _lines_of_tokens(source)
    declared = (_declared(name, spec, path, at.get(str(name), 1)) for name, spec in tokens.items())
    return PageSettings(tuple(declared), tuple(leaves))


def _lines_of_tokens(source: str) -> dict[str, int]:
    """The page's 1-based line of each declared token type, by its name."""
    root = yaml.compose(source, Loader=yaml.SafeLoader)
    entries = root.value if isinstance(root, yaml.MappingNode) else []
    return {
        str(name.value): name.start_mark.line + 2
        for key, node in entries
        if key.value == "tokens" and isinstance(node, yaml.MappingNode)
        for name, _ in node.value
    }


def _declared(name: object, spec: object, path: str, line: int) -> TokenType:
    fields = spec if isinstance(spec, dict) else {"pattern": spec}
    pattern, names = fields.get("pattern"), fields.get("names", False)
    if not isinstance(pattern, str) or not isinstance(names, bool) or set(fields) - {"pattern", "names"}:
        raise BlockError(path, line, f"the token type {name!r} wants a pattern, and names: true or false")
    try:
        return token_type(str(name), pattern, names)
    except ValueError as error:
        raise BlockError(path, line, str(error)) from error
