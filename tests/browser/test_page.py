"""The page in a real browser: nothing is asked for, nothing runs, and it reads on a phone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from every_kind import KEY_RESULTS, Company
from project_builder import NOON
from report_builder import key_result, many_key_results, report_of
from sample_company import sample_report

from okr_pipeline.model.observation import Status
from okr_pipeline.publish.page import write_page

# Loads the page in a frame of the given width and writes what FACTS returns into the document.
PROBE = """<!doctype html><body><iframe width="WIDTH" height="900" src="index.html"></iframe><script>
const frame = document.querySelector("iframe"), blocked = [];
frame.onload = () => {
  const page = frame.contentDocument, view = frame.contentWindow;
  page.addEventListener("securitypolicyviolation", event => blocked.push(event.violatedDirective));
  const facts = (FACTS)(page, view);
  setTimeout(() => {
    const out = document.createElement("pre");
    out.id = "facts";
    out.textContent = JSON.stringify({...facts, blocked});
    document.body.append(out);
  }, 200);
};
</script>"""


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of Chromium; without one the browser tests say so, or fail where it is required."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        missing = "no Chromium on this machine: the page was NOT seen in a browser; apt-get install chromium"
        pytest.fail(missing) if os.environ.get("OKR_REQUIRE_BROWSER") else pytest.skip(missing)
    return found


class Site:
    """A folder served on the loopback, which remembers what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        asked = self.asked = []

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *args: object) -> None:
                super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

            def log_request(self, *_: object) -> None:
                asked.append(self.path)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    served = Site(tmp_path)
    thread = Thread(target=served.server.serve_forever)
    thread.start()
    yield served
    served.server.shutdown()
    served.server.server_close()
    thread.join()


def dumped(chromium: str, url: str, profile: Path, *options: str) -> str:
    """Return the document of *url* as the browser holds it after two seconds of its time."""
    command = [
        *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", f"--user-data-dir={profile}", *options),
        *("--virtual-time-budget=2000", "--dump-dom", url),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def facts(
    chromium: str, site: Site, profile: Path, javascript: str, *options: str, width: int = 1280
) -> dict[str, Any]:
    """Return what *javascript*, a function of document and window, says of the page at *width* pixels."""
    probe = PROBE.replace("WIDTH", str(width)).replace("FACTS", javascript)
    (site.folder / "probe.html").write_text(probe)
    document = dumped(chromium, f"{site.url}/probe.html", profile, *options)
    found = re.search(r'<pre id="facts">(.*?)</pre>', document, re.DOTALL)
    assert found is not None, document[-2000:]
    return json.loads(unescape(found.group(1)))


@pytest.fixture
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profile")


def test_the_page_asks_for_nothing(chromium: str, site: Site, profile: Path) -> None:
    """Opening the page makes one request, the one for the page: no icon, font, script or picture follows."""
    write_page(sample_report(), site.folder)
    dumped(chromium, f"{site.url}/index.html", profile)
    assert site.asked == ["/index.html"]


def test_hostile_titles_do_not_run(chromium: str, site: Site, profile: Path) -> None:
    """Script, event handlers and a frame in a title come out as text; the policy had nothing to block."""
    hostile = '<script>top.document.title="owned"</script><img src=x onerror="top.document.title=1">'
    line = key_result(title=hostile, note=hostile, status=Status.OFF_TRACK)
    write_page(report_of(line), site.folder)
    seen = facts(
        chromium,
        site,
        profile,
        "page => ({title: top.document.title, text: page.querySelector('summary').textContent})",
    )
    assert seen == {"title": "", "text": hostile, "blocked": []}
    assert "/x" not in site.asked


def test_the_style_applies_under_its_own_policy(chromium: str, site: Site, profile: Path) -> None:
    """The hash in the policy admits the style, and nothing on the page breaks the policy."""
    write_page(sample_report(), site.folder)
    look = "(page, view) => ({width: view.getComputedStyle(page.querySelector('main')).maxWidth})"
    assert facts(chromium, site, profile, look) == {"width": "1120px", "blocked": []}


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_scrolls_sideways(chromium: str, site: Site, profile: Path, width: int) -> None:
    """Phone, tablet or desktop: the page is as wide as its window, with every row open."""
    long = key_result(title="Donaudampfschifffahrtsgesellschaft" * 4, owner="x" * 60, reason="no_blank_" * 20)
    made = sample_report()
    write_page(report_of(long, *made.objectives[0].key_results, *made.objectives[2].key_results), site.folder)
    measure = """page => {
      page.querySelectorAll('details').forEach(one => one.open = true);
      return {wide: page.documentElement.scrollWidth};
    }"""
    assert facts(chromium, site, profile, measure, width=width)["wide"] <= width


@pytest.mark.parametrize("width", [390, 1280])
def test_every_kind_fits_a_phone_and_a_desk(
    chromium: str, site: Site, profile: Path, tmp_path_factory: pytest.TempPathFactory, width: int
) -> None:
    """With every row open nothing scrolls sideways, no drawing is empty, each kind has a word and a shape."""
    company = Company(tmp_path_factory.mktemp("company"))
    company.seen_at(NOON)
    shutil.copy(company.root / "public/index.html", site.folder / "index.html")
    look = """page => {
      page.querySelectorAll('details').forEach(one => one.open = true);
      const rows = [...page.querySelectorAll('tr.kr')];
      return {
        wide: page.documentElement.scrollWidth,
        rows: rows.length,
        words: rows.filter(row => row.querySelector('.status .stands').textContent.trim()).length,
        shapes: [...page.querySelectorAll('use')].filter(
          one => !page.querySelector(one.getAttribute('href'))).length,
        parts: page.querySelectorAll('.parts li').length,
      };
    }"""
    seen = facts(chromium, site, profile, look, width=width)
    assert seen.pop("wide") <= width
    assert {
        "rows": len(KEY_RESULTS),
        "words": len(KEY_RESULTS),
        "shapes": 0,
        "parts": 8,
        "blocked": [],
    } == seen


@pytest.mark.parametrize(("width", "shown"), [(390, "block"), (1280, "table-row")])
def test_a_row_opens_without_a_script_of_ours(
    chromium: str, site: Site, profile: Path, width: int, shown: str
) -> None:
    """A click on a title shows the row that explains it; the others stay closed."""
    write_page(sample_report(), site.folder)
    click = """(page, view) => {
      const rows = [...page.querySelectorAll('.more')], look = row => view.getComputedStyle(row).display;
      const before = rows.map(look);
      page.querySelector('summary').click();
      return {before: [...new Set(before)], after: rows.map(look).filter(one => one != 'none')};
    }"""
    seen = facts(chromium, site, profile, click, width=width)
    assert (seen["before"], seen["after"]) == (["none"], [shown])


def test_the_page_is_dark_where_the_reader_is(chromium: str, site: Site, profile: Path) -> None:
    """A dark system gets light ink on dark paper."""
    write_page(sample_report(), site.folder)
    look = "(page, view) => ({paper: view.getComputedStyle(page.body).backgroundColor})"
    dark = facts(chromium, site, profile, look, "--blink-settings=preferredColorScheme=0")
    assert dark["paper"] == "rgb(18, 20, 23)"


def test_every_picture_has_a_name(chromium: str, site: Site, profile: Path) -> None:
    """A screen reader meets each drawing as one named image; shapes beside words stay silent."""
    write_page(sample_report(), site.folder)
    names = """page => ({
      images: page.querySelectorAll('svg[role=img]').length,
      named: [...page.querySelectorAll('svg[role=img] > title')].filter(one => one.textContent).length,
      loose: [...page.querySelectorAll('main svg:not([role])')]
        .filter(one => !one.closest('[role], [aria-hidden=true]')).length,
    })"""
    seen = facts(chromium, site, profile, names)
    assert (seen["images"] > 20, seen["named"], seen["loose"]) == (True, seen["images"], 0)


def test_words_in_drawings_do_not_stretch(chromium: str, site: Site, profile: Path) -> None:
    """A label on the strip is as wide on a phone as on a desk."""
    write_page(sample_report(), site.folder)
    measure = "page => ({size: page.querySelector('.strip .name').getBoundingClientRect().width})"
    sizes = [facts(chromium, site, profile, measure, width=width)["size"] for width in (390, 1280)]
    assert sizes[0] == pytest.approx(sizes[1], abs=0.5)


def test_no_label_is_cut_off_on_a_phone(chromium: str, site: Site, profile: Path) -> None:
    """Every word of the strip and the big charts lies inside a window of 390 pixels."""
    write_page(sample_report(), site.folder)
    measure = """page => ({cut: [...page.querySelectorAll('.strip text, .chart text')].filter(one => {
      const box = one.getBoundingClientRect();
      return box.left < 0 || box.right > 390;
    }).map(one => one.textContent)})"""
    assert facts(chromium, site, profile, measure, width=390)["cut"] == []


def test_a_thousand_key_results_open(chromium: str, site: Site, profile: Path) -> None:
    """The page of a large company opens with all its rows."""
    write_page(many_key_results(1000), site.folder)
    count = "page => ({rows: page.querySelectorAll('tr.kr').length})"
    assert facts(chromium, site, profile, count)["rows"] == 1000


def test_the_page_prints(chromium: str, site: Site, profile: Path) -> None:
    """Printing to PDF gives a few pages, with nothing asked for on the way."""
    write_page(sample_report(), site.folder)
    paper = profile / "page.pdf"
    dumped(chromium, f"{site.url}/index.html", profile, f"--print-to-pdf={paper}")
    pages = len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))
    assert 2 <= pages <= 4
