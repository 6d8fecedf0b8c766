"""Terms of the glossary as links of every page."""

from __future__ import annotations

from snippets.site import glossary

TEXT = "# Glossary\n\n### Image\n\nx\n\n### Image index, manifest list\n\n### The `docker` *client* ###\n\n## No term\n"


def test_the_headings_of_the_third_level_are_the_terms() -> None:
    assert glossary.terms(TEXT) == {
        "image": "image",
        "image index": "image-index-manifest-list",
        "manifest list": "image-index-manifest-list",
        "the docker client": "the-docker-client",
    }


def test_a_link_leads_from_the_page_to_the_glossary() -> None:
    assert glossary.references(TEXT, "learn/parts.md")["image"] == "../reference/glossary.md#image"
    assert glossary.references(TEXT, "index.md")["image"] == "reference/glossary.md#image"
    assert glossary.references(TEXT, "reference/glossary.md")["image"] == "glossary.md#image"
