"""The site in a real browser: phone and desktop, light and dark. Needs Chromium; fails, not skips, without it."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from snippets.block import DIAGRAM, Block, Kind, parse_page
from snippets.lab.engines import ENGINES
from snippets.record import Provenance, write_recording
from snippets.settings import PageSettings
from snippets.site import marks, render
from tests.sitebuild import ROOT, Site, build, site

PAGES = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
A4: ViewportSize = {"width": 703, "height": 1047}
"""What the margins leave of a sheet of A4, at the 96 px to the inch of CSS."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """Serve a built site; give its address."""
    handler = functools.partial(QuietHandler, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
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


@contextmanager
def context(browser: Browser, address: str, *, scripts: bool = True) -> Iterator[BrowserContext]:
    """A browser that has never been on the site before."""
    opened = browser.new_context(
        base_url=address,
        viewport=DESKTOP,
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
        java_script_enabled=scripts,
    )
    yield opened
    opened.close()


def visit(tab: Page, path: str) -> None:
    """Load a page and wait until the theme has started."""
    answer = tab.goto(path)
    assert answer is None or answer.ok, f"{path}: {answer.status}"
    tab.wait_for_function(
        """() => document.querySelector("[data-md-component=sidebar] a") && [
            ...document.querySelectorAll("article .highlight:not(.no-copy) pre > code")
        ].every(code => code.parentElement.querySelector("button[data-md-type=copy]"))"""
    )


def unfold(tab: Page) -> None:
    """Unfold all that is folded."""
    tab.evaluate("document.querySelectorAll('article details').forEach(details => details.open = true)")


def colours(tab: Page, scheme: str, name: str) -> None:
    """Let the system's scheme be light or dark; fail when the page does not follow."""
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    tab.wait_for_function("name => document.body.dataset.mdColorScheme === name", arg=name, timeout=5000)


# Mark one element of each look: the same colours and type on the same backgrounds have the same contrast.
MARK_LOOKS = """() => {
    const stacks = new Map()
    const stack = element => {
        if (!element) return ""
        if (!stacks.has(element)) {
            const { backgroundColor, opacity } = getComputedStyle(element)
            stacks.set(element, `${stack(element.parentElement)} ${backgroundColor} ${opacity}`
                .replaceAll(" rgba(0, 0, 0, 0) 1", ""))
        }
        return stacks.get(element)
    }
    const seen = new Set()
    for (const element of document.querySelectorAll("body *")) {
        delete element.dataset.look
        const hasText = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())
        if (!hasText || !element.checkVisibility()) continue
        const { color, fontSize, fontWeight } = getComputedStyle(element)
        const look = [color, fontSize, fontWeight, stack(element)].join()
        if (!seen.has(look)) element.dataset.look = ""
        seen.add(look)
    }
}"""


# The rules that can find something else on a phone, where other parts of the page are shown.
LAYOUT_RULES = [
    *("aria-hidden-focus", "button-name", "label", "landmark-unique", "link-name", "region"),
    *("scrollable-region-focusable", "target-size"),
]


def check_access(tab: Page, where: str, rules: list[str] | None = None) -> None:
    """Fail when axe finds a violation in what does not depend on colours."""
    options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}
    options |= {"runOnly": rules} if rules else {"rules": {"color-contrast": {"enabled": False}}}
    report = Axe().run(tab, options=options)
    assert report.violations_count == 0, f"{where}:\n{report.generate_report()}"


def check_contrast(tab: Page, where: str) -> None:
    """Fail when axe finds text that is too faint. Text of the same look is looked at once: it is slow."""
    tab.evaluate(MARK_LOOKS)
    options = {"resultTypes": ["violations"], "preload": False, "runOnly": ["color-contrast"]}
    report = Axe().run(tab, context={"include": [["[data-look]"]]}, options=options)
    assert report.violations_count == 0, f"{where}:\n{report.generate_report()}"


def check_width(tab: Page, where: str) -> None:
    """Fail when the page is wider than the screen, or a diagram or a row of tabs must be scrolled."""
    overflow = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{where}: the page is {overflow} px wider than the screen"
    wide = tab.evaluate(
        """[...document.querySelectorAll(".diagram > div, .figure, .tabbed-labels")]
            .filter(one => one.scrollWidth > one.clientWidth).length"""
    )
    assert not wide, (
        f"{where}: {wide} diagrams or rows of tabs do not fit the screen in readable size; "
        "draw them top to bottom, at most three across"
    )


def check(tab: Page) -> None:
    """Fail when a page does not fit, cannot be read, or is not accessible, on a phone or a desktop."""
    unfold(tab)
    colours(tab, "light", "default")
    check_width(tab, "desktop")
    check_access(tab, "desktop")
    check_contrast(tab, "desktop, light")
    # The dark scheme is the same document in other colours.
    colours(tab, "dark", "slate")
    check_contrast(tab, "desktop, dark")
    tab.set_viewport_size(PHONE)
    check_width(tab, "phone")
    check_access(tab, "phone", LAYOUT_RULES)
    tab.set_viewport_size(DESKTOP)


def pages_of(pdf: bytes) -> int:
    """How many pages of paper a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The project's own site, served."""
    with served(site().directory) as found:
        yield found


@pytest.fixture(scope="module")
def own(browser: Browser, address: str) -> Iterator[Page]:
    """A tab for all pages of the project's own site."""
    with context(browser, address) as opened:
        yield opened.new_page()


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest, own: Page) -> Iterator[tuple[str, Page, list[str]]]:
    """A page of docs/, loaded once for all that is checked of it, and what the browser said of it."""
    said: list[str] = []
    listeners = {
        "request": lambda request: said.append(f"asked for {request.url}"),
        "console": lambda message: said.append(f"{message.type} on the console: {message.text}"),
        "pageerror": lambda error: said.append(f"error: {error}"),
    }
    for event, listener in listeners.items():
        own.on(event, listener)  # type: ignore[call-overload]
    visit(own, "/" + site().pages[request.param].removesuffix("index.html"))
    yield request.param, own, said
    for event, listener in listeners.items():
        own.remove_listener(event, listener)


def test_a_page_fits_every_screen_and_is_accessible(page: tuple[str, Page, list[str]]) -> None:
    check(page[1])


def test_a_sheet_of_the_lesson_is_printed_on_one_page(page: tuple[str, Page, list[str]]) -> None:
    tab = page[1]
    if tab.locator(".sheet").count():
        tab.emulate_media(media="print")
        tab.set_viewport_size(A4)
        cut = tab.evaluate(
            """[...document.querySelectorAll(".sheet table")]
                .filter(table => table.offsetWidth > document.querySelector(".sheet h2").offsetWidth + 1)
                .map(table => table.innerText)"""
        )
        pages = pages_of(tab.pdf(prefer_css_page_size=True))
        tab.emulate_media(media="null")
        tab.set_viewport_size(DESKTOP)
        assert not cut, "a table is wider than its column"
        assert pages == 1


def copied_of(block: Block) -> list[str]:
    """What the buttons of a block copy, in their order."""
    typed = [command.text for command in block.commands if command.is_typed]
    if render.by_line(block):
        return typed
    return (
        [("\n".join(typed) if block.commands else block.source).rstrip()]
        if typed or not block.commands
        else []
    )


def test_the_copy_button_takes_the_commands_and_nothing_else(page: tuple[str, Page, list[str]]) -> None:
    name, tab, _ = page
    text = (site().docs / name).read_text(encoding="utf-8")
    blocks = [b for b in parse_page(text, name) if b.kind is not Kind.EXEC and b.language != DIAGRAM]
    wanted = [text for block in blocks for text in copied_of(block)]
    # Clicked by script: a block in a tab that is not chosen has no place for a mouse.
    copied = tab.evaluate(
        """async () => {
            const copied = []
            // What is folded has no text that the theme could copy, and no button that a reader could press.
            for (const details of document.querySelectorAll("article details")) details.open = true
            for (const button of document.querySelectorAll("article .highlight button[data-md-type=copy]")) {
                if (button.closest("[data-executed]")) continue
                const nothing = `nothing was copied ${copied.length}`
                await navigator.clipboard.writeText(nothing)
                button.click()
                let text = nothing
                for (let tries = 0; text === nothing && tries < 100; tries++) {
                    await new Promise(done => setTimeout(done, 1))
                    text = await navigator.clipboard.readText()
                }
                copied.push(text)
            }
            return copied
        }"""
    )
    assert copied == wanted


def test_a_page_asks_no_other_host_and_has_no_errors(page: tuple[str, Page, list[str]], address: str) -> None:
    fine = (f"asked for {address}/", "asked for data:")
    assert not [said for said in page[2] if not said.startswith(fine)]


def test_a_selection_leaves_the_prompts_out(own: Page) -> None:
    visit(own, "/")
    selected = own.evaluate(
        """() => {
            getSelection().selectAllChildren(document.querySelector(".terminal code"))
            return getSelection().toString()
        }"""
    )
    text = (site().docs / "index.md").read_text(encoding="utf-8")
    block = next(block for block in parse_page(text, "index.md") if block.commands)
    lines = [line for command in block.commands for line in (*command.lines, *command.output)]
    assert [line for line in selected.splitlines() if line] == [line for line in lines if line]


# ---- What pages can hold, on a small site of its own. ----

TABS = """# Tabs

=== "Docker 20.10 to 28.5"

    ```{ .console engine="20.10 26.1 28.5" exit="1" }
    $ docker inspect 3f2a9c1b7d54
    {"Id": "3f2a9c1b7d54", "Created": "2026-11-24T04:08:40Z"}
    ```

=== "Docker 28.5 with the containerd store"

    ```{ .console engine="28.5-containerd" }
    $ echo 28.5-containerd
    words
    3f2a9c1b7d54
    ```

=== "Docker 29"

    ```{ .console engine="29.7" }
    $ echo 29.7
    29.7
    ```

Again:

=== "Docker 28.5"

    ```{ .console engine="28.5 28.5-containerd" }
    $ echo 28.5
    ```

=== "Docker 26.1"

    ```{ .console engine="26.1" }
    $ echo 26.1
    ```

=== "Docker 20.10"

    ```{ .console engine="20.10" }
    $ echo 20.10
    ```

```python exec="on"
from snippets.site.engine_tabs import tab

print(tab(["28.5-containerd"], "generated"))
print(tab(["26.1"], "generated"))
```

```console
$ docker run -it ubuntu bash
root@3f2a9c1b7d54:/# exit
```
"""

QUIZ = """# Questions

!!! question "Who asks for the pull?"

    ??? wrong "The daemon"

        It only answers.

    ??? right "The client"

        It gets a 404.

        ```console
        $ docker run hello-world
        Unable to find image 'hello-world:latest' locally
        ```

!!! question "Where is the writable layer?"

    ??? right "On the daemon's host"

        As all layers are.

    ??? wrong "In the client"

        It keeps nothing.
"""

PICTURES = """# Pictures

```python exec="on" html="on"
from snippets.site.figures import Layer, Process, Step, layer_sizes, process_tree, sequence

print(layer_sizes("Layers", [Layer("RUN apt-get update && apt-get install --yes curl", 78_100_000), Layer("CMD", 0)]))
print(process_tree("Tree", [Process(1, 0, "containerd-shim-runc-v2 -namespace moby -id 3f2a9c1b7d54"), Process(2, 1, "b")]))
print(sequence("Steps", [
    {"t": 0.1, "from": "client", "to": "daemon", "what": "POST /v1.51/images/create?fromImage=docker.io/library/hello-world&tag=latest", "status": 200},
    {"t": 0.2, "from": "daemon", "to": "registry", "what": "GET /v2/library/hello-world/blobs/sha256:" + "ab" * 32},
    {"t": 0.3, "from": "registry", "to": "registry", "what": "a line in its log"},
]))
print(sequence("Parts", [
    Step("client", "daemon", "the first part", part=1),
    Step("daemon", "registry", "the third part", part=3),
], ["It begins.", "Nothing is seen of this.", "It ends."]))
```
"""

SHEET = (
    '# Sheet\n\n<p class="no-print">Print it.</p>\n\n<div class="sheet" markdown>\n\n'
    + "".join(
        f"## Part {part}\n\n| command | what |\n|---|---|\n"
        + "".join(f"| `docker command{row} --flag NAME` | shows what is there |\n" for row in range(8))
        + "\n"
        for part in range(8)
    )
    + "</div>\n"
)


COPY = """# Copy

```{ .console hl_lines="2" }
$ docker run --interactive --tty ubuntu
root@3f2a9c1b7d54:/# echo "one" && cat /etc/a/file/with/a/long/name /etc/another/file/with/a/long/name
root@3f2a9c1b7d54:/# exit
exit
$ docker ps --all
```

```console
$ cat > made <<'EOF'
> FROM busybox
>
>     RUN echo "$HOME" 'and' `more`
> EOF
$ echo $((1 + 1)) >> made
```
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small site that is recorded on all engines, served."""
    docs, recordings = tmp_path_factory.mktemp("docs"), tmp_path_factory.mktemp("recordings")
    shutil.copytree(ROOT / "docs" / "assets", docs / "assets")
    pages = {"index": TABS, "again": TABS, "copy": COPY, "quiz": QUIZ, "pictures": PICTURES, "sheet": SHEET}
    for name, text in pages.items():
        (docs / f"{name}.md").write_text(text, encoding="utf-8")
        blocks = parse_page(text, f"docs/{name}.md")
        for engine in ENGINES:
            page, ran_with = f"docs/{name}.md", Provenance("1", {}, "cgroup1")
            write_recording(page, blocks, PageSettings(), engine, ran_with, {}, recordings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marks, "RECORDINGS", recordings)
        built: Site = build(tmp_path_factory.mktemp("site"), docs, nav=[f"{name}.md" for name in pages])
    with served(built.directory) as found:
        yield found


@pytest.fixture
def tab(browser: Browser, small: str) -> Iterator[Page]:
    """A tab of a browser that has never been on the small site before."""
    with context(browser, small) as opened:
        yield opened.new_page()


def chosen(tab: Page) -> list[str]:
    """The labels of the chosen tabs."""
    found: list[str] = tab.evaluate(
        """[...document.querySelectorAll(".tabbed-set > input:checked")].map(
            input => document.querySelector(`label[for="${input.id}"]`).textContent.trim())"""
    )
    return found


def clipboard(tab: Page) -> str:
    """What the reader would paste; waits until something was copied."""
    tab.wait_for_function("async () => await navigator.clipboard.readText() !== ''")
    text: str = tab.evaluate("() => navigator.clipboard.readText()")
    tab.evaluate("() => navigator.clipboard.writeText('')")
    return text


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_session_in_a_program_is_copied_line_by_line(tab: Page, screen: ViewportSize) -> None:
    tab.set_viewport_size(screen)
    visit(tab, "/copy/")
    session = tab.locator(".by-line")
    assert session.locator("button").count() == 4
    assert session.locator(".md-code__nav").count() == 0
    tab.evaluate("() => navigator.clipboard.writeText('')")
    session.get_by_role("button", name="Copy: exit").click()
    assert clipboard(tab) == "exit"
    # By keyboard: the next tab stop is the next line's button.
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert clipboard(tab) == "docker ps --all"
    for button in session.locator("button").all():
        box = button.bounding_box()
        assert box and box["width"] >= 24 and box["height"] >= 24
        assert box["x"] >= 0


def test_buttons_of_lines_move_nothing(browser: Browser, small: str, tab: Page) -> None:
    """The block has its size before scripts run, and keeps it; without scripts no button is shown that does nothing."""
    tab.set_viewport_size(PHONE)
    visit(tab, "/copy/")
    tab.locator(".by-line button").nth(1).click()
    with context(browser, small, scripts=False) as opened:
        plain = opened.new_page()
        plain.set_viewport_size(PHONE)
        plain.goto("/copy/")
        assert not plain.locator(".by-line button").first.is_visible()
        sizes = [
            (box := page.locator(".by-line").bounding_box()) and (box["width"], box["height"])
            for page in (plain, tab)
        ]
        assert sizes[0] == sizes[1]


def test_a_heredoc_that_is_copied_pastes_right(tab: Page, tmp_path: Path) -> None:
    visit(tab, "/copy/")
    tab.evaluate("() => navigator.clipboard.writeText('')")
    tab.locator(".terminal:not(.by-line) button[data-md-type=copy]").click()
    pasted = clipboard(tab)
    subprocess.run(["bash"], input=f"{pasted}\n", cwd=tmp_path, text=True, check=True)
    made = "FROM busybox\n\n    RUN echo \"$HOME\" 'and' `more`\n2\n"
    assert (tmp_path / "made").read_text(encoding="utf-8") == made


@pytest.mark.parametrize("name", ["", "copy/", "quiz/", "pictures/", "sheet/"])
def test_what_pages_can_hold_fits_every_screen_and_is_accessible(name: str, tab: Page) -> None:
    visit(tab, f"/{name}")
    check(tab)


@pytest.mark.parametrize("faint", [".go", ".v", ".where .ran", ".aside", ".md-nav__link", ".tabbed-labels a"])
def test_text_that_is_too_faint_is_found(faint: str, tab: Page) -> None:
    visit(tab, "/")
    tab.add_style_tag(content=f"{faint}:nth-child(n) {{ color: rgb(128 128 128 / 60%) !important }}")
    with pytest.raises(AssertionError, match="color-contrast"):
        check_contrast(tab, "desktop")


# Of the third set, the generated one, the tab of 28.5 with the containerd store is the newest.
NEWEST = ["Docker 29", "Docker 28.5", "Docker 28.5 with the containerd store"]


def test_without_a_choice_the_tabs_of_the_newest_engine_are_shown(tab: Page) -> None:
    visit(tab, "/")
    assert chosen(tab) == NEWEST


def test_a_choice_of_an_engine_that_is_gone_is_none(tab: Page) -> None:
    visit(tab, "/")
    tab.evaluate("localStorage.setItem('docker-architecture.engine', '19.03')")
    tab.reload()
    assert chosen(tab) == NEWEST


def test_an_engine_that_is_chosen_once_is_shown_everywhere_and_remembered(tab: Page) -> None:
    visit(tab, "/")
    tab.click("label >> text=Docker 26.1 >> nth=0")
    assert chosen(tab) == ["Docker 20.10 to 28.5", "Docker 26.1", "Docker 26.1"]
    tab.reload()
    assert chosen(tab) == ["Docker 20.10 to 28.5", "Docker 26.1", "Docker 26.1"]
    visit(tab, "/again/")
    assert chosen(tab) == ["Docker 20.10 to 28.5", "Docker 26.1", "Docker 26.1"]
    # Where no tab is for the chosen engine, its nearest kin is shown: first those with the same store.
    tab.click("label >> text=Docker 29")
    assert chosen(tab) == NEWEST
    tab.click("label >> text=Docker 20.10 >> nth=1")
    assert chosen(tab) == ["Docker 20.10 to 28.5", "Docker 20.10", "Docker 26.1"]
    tab.click("label >> text=Docker 28.5 with the containerd store >> nth=0")
    assert chosen(tab) == [
        "Docker 28.5 with the containerd store",
        "Docker 28.5",
        "Docker 28.5 with the containerd store",
    ]


def test_tabs_are_chosen_with_the_keyboard(tab: Page) -> None:
    visit(tab, "/")
    tab.focus(".tabbed-set > input:checked")
    tab.keyboard.press("ArrowLeft")
    assert chosen(tab) == ["Docker 28.5 with the containerd store", *NEWEST[1:]]


def choose(tab: Page, text: str) -> None:
    """Unfold a choice with the keyboard."""
    tab.get_by_text(text, exact=True).focus()
    tab.keyboard.press("Enter")


def told(tab: Page) -> list[str]:
    """What screen readers are told."""
    return [text for text in tab.locator("article [role=status]").all_text_contents() if text]


def test_a_choice_is_judged_counted_and_kept(tab: Page) -> None:
    visit(tab, "/quiz/")
    assert tab.locator(".quiz-score").is_hidden()
    choose(tab, "The daemon")
    assert told(tab) == ["Not right. Read why, then choose again.", "1 of 2 answered, 0 right at once."]
    assert tab.locator("text=It only answers.").is_visible()
    choose(tab, "The client")
    choose(tab, "On the daemon's host")
    assert told(tab) == ["Right.", "Right.", "2 of 2 answered, 1 right at once."]
    tab.reload()
    assert told(tab) == ["2 of 2 answered, 1 right at once."]
    assert tab.locator("details[open] > summary").all_text_contents() == [
        "The daemon",
        "On the daemon's host",
    ]
    tab.click("text=Start again")
    assert not tab.locator("details[open]").count()
    tab.reload()
    assert not told(tab)[1:] and not tab.locator("details[open]").count()


def test_printing_and_searching_choose_nothing(tab: Page) -> None:
    visit(tab, "/quiz/")
    unfold(tab)
    assert not told(tab)[1:]
    assert tab.evaluate("localStorage.getItem('docker-architecture.choices')") is None


def test_without_scripts_the_choices_are_folded_and_say_whether_they_are_right(
    browser: Browser, small: str
) -> None:
    with context(browser, small, scripts=False) as opened:
        tab = opened.new_page()
        tab.goto("/quiz/")
        assert tab.locator("text=It gets a 404.").is_hidden()
        tab.click("summary >> text=The client")
        tab.locator("text=It gets a 404.").wait_for(state="visible")
        # The style puts the word before the reason.
        before = "getComputedStyle(document.querySelector('details.right > p'), '::before').content"
        assert tab.evaluate(before) == '"Right. "'


def test_a_sequence_is_a_diagram_where_it_fits_and_a_list_where_not(tab: Page) -> None:
    visit(tab, "/pictures/")
    width = "document.querySelector('.steps').getBoundingClientRect().width"
    assert tab.locator(".sequence > svg").first.is_visible()
    assert tab.evaluate(width) < 2
    tab.set_viewport_size(PHONE)
    assert tab.locator(".sequence > svg").first.is_hidden()
    assert tab.evaluate(width) > 200


def test_a_picture_with_parts_is_gone_through_step_by_step(tab: Page) -> None:
    visit(tab, "/pictures/")
    figure = tab.locator(".figure[data-parts]")
    said, forward, back = (
        figure.get_by_role("status"),
        figure.get_by_label("Next step"),
        figure.get_by_label("Previous step"),
    )
    off = "document.querySelectorAll('.figure[data-parts] svg g.off').length"
    assert tab.evaluate(off) == 0
    assert back.is_hidden()
    forward.click()
    assert said.text_content() == "Step 1: It begins."
    assert tab.evaluate(off) == 1
    # A part of which nothing was recorded is left out.
    forward.click()
    assert said.text_content() == "Step 3: It ends."
    back.click()
    assert said.text_content() == "Step 1: It begins."
    forward.click()
    figure.get_by_label("Show the whole picture").click()
    assert tab.evaluate(off) == 0


def test_the_names_of_a_picture_stay_in_sight(own: Page) -> None:
    visit(own, "/" + site().pages["under-the-hood/docker-run-traced.md"].removesuffix("index.html"))
    own.evaluate(
        "document.querySelector('.sequence rect.band:last-of-type').scrollIntoView({block: 'center'})"
    )
    top = own.evaluate("document.querySelector('.sequence .heads').getBoundingClientRect().top")
    header = own.evaluate("document.querySelector('.md-header').getBoundingClientRect().bottom")
    assert header <= top < header + 120


def test_without_scripts_the_whole_picture_is_there(browser: Browser, small: str) -> None:
    with context(browser, small, scripts=False) as opened:
        tab = opened.new_page()
        tab.goto("/pictures/")
        assert tab.locator(".figure[data-parts] svg g[data-part]").count() == 2
        assert tab.locator(".stepper").count() == 0


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_text_in_a_picture_stays_in_it(size: ViewportSize, tab: Page) -> None:
    tab.set_viewport_size(size)
    visit(tab, "/pictures/")
    outside = tab.evaluate(
        """[...document.querySelectorAll(".figure > svg text")].filter(text => {
            const [inner, outer] = [text, text.ownerSVGElement].map(one => one.getBoundingClientRect())
            return inner.width && (inner.left < outer.left - 30 || inner.right > outer.right + 30)
        }).map(text => text.textContent)"""
    )
    assert not outside


def test_a_sheet_of_64_lines_is_printed_on_one_page(tab: Page) -> None:
    visit(tab, "/sheet/")
    tab.emulate_media(color_scheme="dark")
    assert pages_of(tab.pdf(prefer_css_page_size=True)) == 1


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
