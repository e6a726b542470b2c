"""What a page must be for everyone: axe-core finds nothing serious, light and dark; usable by keyboard, at every width,
on paper and without a network. Each check gives a list of complaints; empty is well.

axe-core 4.14.1 lies in vendor/ as npm has it (Mozilla Public License 2.0) and is run inside the page; it asks for
nothing.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.book.checks import CHROMIUM_FLAGS, PATIENCE_MS, pages

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
SERIOUS = ("serious", "critical")
WIDTHS_PX = (375, 1280, 2560)
THEMES = ("light", "dark")
_RUN = """async () => (await axe.run(WITHIN, {resultTypes: ['violations'], elementRef: false}))
    .violations.filter(v => SERIOUS.includes(v.impact))
    .map(v => `${v.id} (${v.impact}), ${v.nodes.length} times, first ${v.nodes[0].target.join(' ')}: `
              + v.nodes[0].failureSummary.split('\\n').slice(1).join(' ').trim())"""


@contextmanager
def opened(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


def axe(
    site: Path, chromium: Browser, only: Sequence[str] | None = None, themes: Sequence[str] = THEMES
) -> list[str]:
    """Serious and critical violations of every page (or `only` those named), in each theme, and whether a page scrolls
    sideways at any width. In one theme alone: of what is the page's own, without the frame that all pages share.
    """
    names = only or [page.relative_to(site).as_posix() for page in pages(site)]
    found = []
    for theme in themes:
        page = _page(chromium, theme)
        for name in names:
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto((site / name).resolve().as_uri(), wait_until="load")
            within = "document" if len(themes) > 1 else "'main'"
            found += [f"{name}, {theme}: {complaint}" for complaint in violations(page, within)]
            if theme == THEMES[0] and len(themes) > 1:
                found += [f"{name}: {complaint}" for complaint in too_wide(page)]
        page.context.close()
    return found


def violations(page: Page, within: str = "document") -> list[str]:
    """What axe says of the page as it is now. within: the document, or a selector in quotes."""
    page.add_script_tag(path=AXE)
    complaints: list[str] = page.evaluate(_RUN.replace("SERIOUS", str(list(SERIOUS))).replace("WITHIN", within))
    return complaints


def too_wide(page: Page) -> list[str]:
    """Widths at which the page scrolls sideways."""
    complaints = []
    for width in WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": 900})
        drawn = page.evaluate("document.scrollingElement.scrollWidth")
        if drawn > width:
            complaints.append(f"is {drawn} px wide on a screen of {width} px")
    return complaints


def not_by_keyboard(page: Page) -> list[str]:
    """Boxes that scroll and cannot be reached by keyboard: neither they nor anything in them takes the focus."""
    complaints: list[str] = page.evaluate("""() => [...document.querySelectorAll('main *')].filter(e =>
        e.scrollWidth > e.clientWidth + 1 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
        && e.clientWidth > 0 && e.tabIndex < 0
        && ![...e.querySelectorAll('a[href], button, input, select, summary')].some(i => i.tabIndex >= 0))
        .map(e => `<${e.tagName.toLowerCase()} class="${e.className}"> scrolls, but not by keyboard`)""")
    return complaints


def cut_on_paper(page: Page) -> list[str]:
    """What a print would lose: boxes that still scroll or cut, as they are laid out for paper."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 with Chromium's margins, px
    complaints: list[str] = page.evaluate("""() => [...document.querySelectorAll('article *')].filter(e => {
        const style = getComputedStyle(e);
        const cuts = ['auto', 'scroll', 'hidden', 'clip'];
        return e.checkVisibility() && e.clientWidth > 40 && !e.closest('mjx-container, .df-bar, svg')
            && style.position !== 'absolute'
            && ((cuts.includes(style.overflowX) && e.scrollWidth > e.clientWidth + 2)
                || (cuts.includes(style.overflowY) && e.scrollHeight > e.clientHeight + 2));
    }).map(e => `<${e.tagName.toLowerCase()} class="${e.className}"> is cut: `
              + `${e.scrollWidth} of ${e.clientWidth} px wide, ${e.scrollHeight} of ${e.clientHeight} px high`)""")
    page.emulate_media(media="screen")
    return complaints


def _page(chromium: Browser, theme: str) -> Page:
    context = chromium.new_context(color_scheme="dark" if theme == "dark" else "light")
    context.add_init_script(
        f"try {{ localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}') }} catch (e) {{}}"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page
