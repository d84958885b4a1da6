"""The report in a real browser. Skipped where playwright or Debian's chromium is not installed; nothing is downloaded."""

from __future__ import annotations

import shutil

import pytest

from effaudit.outputs.html import Html

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright (without its browsers)")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def browser():
    flags = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(record, verdict, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(Html().render(record, verdict), "utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser, address):
    """The report on a wide screen, with all that the browser complains about or asks for collected on it."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    page.complaints, page.asked = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(address)
    yield page
    context.close()


def _names(page) -> list[str]:
    return page.locator(".rules tbody tr:visible th a").all_inner_texts()


def test_the_browser_complains_of_nothing_and_asks_for_nothing(page, address):
    assert page.complaints == []
    assert [url for url in page.asked if not url.startswith("data:")] == [address]


def test_style_and_script_are_let_through_by_the_policy(page):
    assert page.locator(".filter").count() == 1
    assert page.evaluate("getComputedStyle(document.querySelector('section')).borderTopLeftRadius") == "14px"


def test_a_click_on_a_rule_sorts_by_its_figure_both_ways(page):
    before = _names(page)
    button = page.get_by_role("button", name="latency.p95")
    button.click()
    fastest = _names(page)
    assert fastest[0] == "mlp-to_onnx-static_int8"
    assert fastest.index("forest") > fastest.index("gbm") > fastest.index("mlp-onnx")
    assert fastest[-1] == "scripted"
    button.press("Enter")
    assert _names(page)[0] == "forest"
    assert sorted(_names(page)) == sorted(before)
    assert page.locator("th[aria-sort=descending]").count() == 1


def test_the_filters_narrow_the_table_and_say_so(page):
    page.get_by_role("searchbox").fill("LADDER")
    assert {name.split("-")[0] for name in _names(page)} == {"ladder"}
    page.get_by_label("Verdict", exact=True).select_option("pass")
    assert _names(page) == ["ladder-lightgbm"]
    assert "1 of 19 shown" in page.locator(".filter").inner_text()


def test_a_link_to_a_candidate_unfolds_its_details(page):
    page.locator(".rules tbody a", has_text="gbm-fewer_trees").click()
    assert page.locator("details[open] summary strong").all_inner_texts() == ["gbm-fewer_trees"]


def test_a_point_of_the_chart_tells_its_figures(page):
    page.locator(".marks a.recommended").first.hover()
    assert "0.6911 [0.6880, 0.6942] at 78.2 kB" in page.locator(".tip").inner_text()
    page.mouse.move(0, 0)
    assert page.locator(".tip").is_hidden()


def test_labels_do_not_lie_on_each_other_in_real_type(page):
    boxes = page.evaluate(
        """() => {
          const box = (label) => {
            const { x, y, width, height } = label.getBBox();
            return [x, y + 3, x + width, y + height - 3, label.textContent];
          };
          return [...document.querySelectorAll("svg.chart")].map((chart) => [...chart.querySelectorAll(".names text")].map(box));
        }"""
    )
    for labels in boxes:
        assert len(labels) >= 15
        for place, a in enumerate(labels):
            for b in labels[place + 1 :]:
                assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]), (a[4], b[4])


@pytest.mark.parametrize("width", [390, 820, 1360])
def test_the_page_never_scrolls_sideways(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_every_value_is_there_and_nothing_hints_at_more(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator(".filter, .tool, th button").count() == 0
    assert "0.6911" in page.locator(".rules").inner_text()
    context.close()


def test_details_are_open_in_print(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    closed = page.locator("#candidates dt", has_text="average precision").first
    assert not closed.is_visible()
    page.emulate_media(media="print")
    assert closed.bounding_box()["height"] > 0
    context.close()


def test_both_colour_schemes_are_readable(page):
    """Contrast of each colour of words with what lies below it (WCAG 2.2, 1.4.3: at least 4.5)."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        worst = page.evaluate(
            """() => {
              const style = getComputedStyle(document.documentElement);
              const parts = (name) => {
                const probe = document.body.appendChild(document.createElement("i"));
                probe.style.color = style.getPropertyValue(name);
                const found = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number);
                probe.remove();
                return found;
              };
              const light = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
                .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
              const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
              const card = parts("--card"), fail = parts("--fail");
              const shaded = card.map((c, i) => c + (fail[i] - c) * (1 - 0.93 ** 3));
              const words = ["--ink", "--soft", "--accent", "--pass", "--fail", "--unsure"].map(parts);
              const below = ["--card", "--page", "--sunk", "--wash"].map(parts);
              const shown = words.flatMap((word) => below.map((ground) => ratio(word, ground)));
              return Math.min(...shown, ratio(fail, shaded), ratio(parts("--ink"), shaded));
            }"""
        )
        assert worst >= 4.5, scheme
