"""The site in a real browser: phone and desktop, light and dark. Needs Chromium; fails, not skips, without it."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from snippets.block import DIAGRAM, Kind, parse_page
from tests.sitebuild import ROOT, build, site

PAGES = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))
SCREENS: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1280, "height": 800},
}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the built site and return its address."""
    handler = functools.partial(QuietHandler, directory=str(site().directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, (*CHROMIUM, CHROMIUM_MACOS))), None)
    if found is None:
        pytest.fail(
            f"no browser: none of {', '.join(CHROMIUM)} is on PATH. "
            "Install one (Debian, Ubuntu: `sudo apt-get install chromium`) and run the tests again."
        )
    with sync_playwright() as playwright:
        # Chromium's own sandbox cannot be set up by root, which the tests of the lab need to be.
        instance = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield instance
        instance.close()


@pytest.fixture(scope="module", params=SCREENS)
def context(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        base_url=address,
        viewport=SCREENS[request.param],
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    yield opened
    opened.close()


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    yield opened
    opened.close()


def visit(tab: Page, page: str) -> None:
    """Load a page of docs/, wait until the theme has started, and unfold all that is folded."""
    tab.goto("/" + site().pages[page].removesuffix("index.html"))
    tab.wait_for_function(
        """() => document.querySelector("[data-md-component=sidebar] a") && [
            ...document.querySelectorAll("article .highlight:not(.no-copy) pre > code")
        ].every(code => code.parentElement.querySelector("button[data-md-type=copy]"))"""
    )
    tab.evaluate("document.querySelectorAll('article details').forEach(details => details.open = true)")


def look(tab: Page, scheme: str, name: str, rules: list[str] | None = None) -> None:
    """Fail when the page does not follow the system's scheme, is too wide, or is not accessible."""
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    tab.wait_for_function("name => document.body.dataset.mdColorScheme === name", arg=name, timeout=5000)
    overflow = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{scheme}: the page is {overflow} px wider than the screen"
    scrolling = tab.evaluate(
        "[...document.querySelectorAll('.diagram > div')].filter(d => d.scrollWidth > d.clientWidth).length"
    )
    assert not scrolling, (
        f"{scrolling} diagrams do not fit the screen in readable size; draw them top to bottom, at most three across"
    )
    report = Axe().run(tab, options={"runOnly": rules} if rules else None)
    assert report.violations_count == 0, f"{scheme}:\n{report.generate_report()}"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_no_other_host_fits_the_screen_and_is_accessible(
    page: str, tab: Page, address: str
) -> None:
    complaints: list[str] = []
    tab.on("request", lambda request: complaints.append(f"asked for {request.url}"))
    tab.on("console", lambda message: complaints.append(f"{message.type} on the console: {message.text}"))
    tab.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    visit(tab, page)
    look(tab, "light", "default")
    # The dark scheme is the same document in other colours.
    look(tab, "dark", "slate", ["color-contrast", "link-in-text-block"])
    own = (f"asked for {address}/", "asked for data:")
    assert not [complaint for complaint in complaints if not complaint.startswith(own)]


@pytest.mark.parametrize("context", ["desktop"], indirect=True)
@pytest.mark.parametrize("page", PAGES)
def test_the_copy_button_takes_the_commands_and_nothing_else(page: str, tab: Page) -> None:
    text = (site().docs / page).read_text(encoding="utf-8")
    blocks = [b for b in parse_page(text, page) if b.kind is not Kind.EXEC and b.language != DIAGRAM]
    typed = ["\n".join(c.text for c in b.commands if c.is_typed) if b.commands else b.source for b in blocks]
    wanted = [content.rstrip() for content in typed if content]
    visit(tab, page)
    # Clicked by script: a block in a tab that is not chosen has no place for a mouse.
    copied = tab.evaluate(
        """async () => {
            const copied = []
            for (const code of document.querySelectorAll("article .highlight:not(.no-copy) pre > code")) {
                if (code.closest("[data-executed]")) continue
                await navigator.clipboard.writeText("nothing was copied")
                code.parentElement.querySelector("button[data-md-type=copy]").click()
                await new Promise(done => setTimeout(done, 20))
                copied.push(await navigator.clipboard.readText())
            }
            return copied
        }"""
    )
    assert copied == wanted


def test_a_selection_leaves_the_prompts_out(tab: Page) -> None:
    visit(tab, "index.md")
    selected = tab.evaluate(
        """() => {
            getSelection().selectAllChildren(document.querySelector(".terminal code"))
            return getSelection().toString()
        }"""
    )
    text = (site().docs / "index.md").read_text(encoding="utf-8")
    block = next(block for block in parse_page(text, "index.md") if block.commands)
    lines = [line for command in block.commands for line in (*command.lines, *command.output)]
    assert [line for line in selected.splitlines() if line] == [line for line in lines if line]


def test_the_offline_build_is_searched_without_a_server(browser: Browser, tmp_path: Path) -> None:
    build(tmp_path, config_file="mkdocs-offline.yml")
    tab = browser.new_page()
    complaints: list[str] = []
    tab.on("request", lambda request: complaints.append(f"asked for {request.url}"))
    tab.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    try:
        tab.goto(f"file://{tmp_path}/learn/parts.html")
        tab.click(".md-search__input")
        tab.keyboard.type("writable layer")  # Keys, since the theme listens to them.
        first = tab.locator(".md-search-result__link").first
        first.wait_for(state="attached", timeout=10_000)
        found = str(first.get_attribute("href"))
    finally:
        tab.close()
    assert found.startswith(f"file://{tmp_path}/"), found
    assert not [said for said in complaints if not said.startswith(("asked for file:", "asked for data:"))]
