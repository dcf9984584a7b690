"""Seen by everybody: forced colours, and a ring around whatever has the focus."""

import base64
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.desk import Desk, Stack, wait_until_started
from tests.browser.teller import Teller

_FORCED: Final = {"forced_colors": "active", "reduced_motion": "reduce"}
_LEAST: Final = 3
"""Contrast of what is no text (WCAG 2.2, 1.4.11)."""

_COLOURS: Final = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt());
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const row = context.getImageData(0, image.height >> 1, image.width, 1).data;
  const places = Array.from({ length: image.width }, (_, x) => 4 * x);
  return places.map((at) => [...row.slice(at, at + 3)]);
}"""

# The ring is of the element, of its label, or of what stands beside it.
_RING: Final = """() => {
  const node = document.activeElement;
  const near = [node, node.nextElementSibling, node.previousElementSibling,
    node.closest("label")];
  const isRinged = (other) => other && getComputedStyle(other).outlineStyle === "solid";
  const ringed = near.find(isRinged);
  if (!ringed) return null;
  let ground = ringed.parentElement;
  const colour = (other) => getComputedStyle(other).backgroundColor;
  while (colour(ground) === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
  const { outlineColor, outlineWidth } = getComputedStyle(ringed);
  const id = node.id || node.value || node.textContent;
  return { id, ring: outlineColor, width: outlineWidth, ground: colour(ground) };
}"""
_NUMBERS: Final = """(colour) => {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  for (const layer of colour) {
    context.fillStyle = layer;
    context.fillRect(0, 0, 1, 1);
  }
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""

Colour = list[int]


@pytest.fixture
def desk(context: BrowserContext, stack: Stack) -> Desk:
    page = context.new_page()
    page.goto(f"{stack.broker}/")
    wait_until_started(page)
    desk = Desk(page, stack)
    desk.enter("bob")
    return desk


@pytest.fixture
def blank(context: BrowserContext) -> Page:
    """Open a page without a policy, on which pictures can be read."""
    return context.new_page()


@pytest.fixture
def teller() -> Iterator[Teller]:
    with Teller() as teller:
        yield teller


def middle_row(node: Locator, blank: Page) -> list[Colour]:
    """Return the colours across the middle of what is seen of an element."""
    picture = base64.b64encode(node.screenshot(animations="disabled")).decode()
    row: list[Colour] = blank.evaluate(_COLOURS, picture)
    return row


def contrast(one: Colour, other: Colour) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Colour) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    parts = [part / 255 for part in colour]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("context", [_FORCED], indirect=True)
def test_the_chosen_card_is_seen_with_forced_colours(desk: Desk, blank: Page):
    card = desk.page.locator("#choices label", has_text="summarise")
    others = middle_row(card, blank)

    desk.choose("summarise")
    desk.page.get_by_role("main").focus()  # so that no ring is taken for it

    assert middle_row(card, blank)[:4] != others[:4]


@pytest.mark.parametrize("context", [_FORCED], indirect=True)
def test_the_chosen_method_is_seen_with_forced_colours(desk: Desk, blank: Page):
    method = desk.page.locator("label", has=desk.page.locator('[value="GET"]'))
    others = middle_row(method, blank)

    method.click()
    desk.page.get_by_role("main").focus()

    assert contrast(middle_row(method, blank)[4], others[4]) >= _LEAST


@pytest.mark.parametrize("context", [_FORCED], indirect=True)
def test_the_bar_and_the_current_run_are_seen_with_forced_colours(
    desk: Desk, blank: Page, stack: Stack, teller: Teller
):
    teller.stand_in_for(desk.page, stack.functions["summarise"])
    desk.choose("summarise")
    desk.run()
    telling = teller.called(desk.page)
    bar = desk.page.locator("#bar")
    expect(bar).to_be_visible()
    ground = middle_row(bar, blank)
    assert max(contrast(ground[3], colour) for colour in ground[3:-3]) >= _LEAST
    telling.say({"type": "progress", "done": 1, "total": 4, "code": "reading"})
    expect(desk.page.locator("#percent")).to_have_text("25%")

    row = middle_row(bar, blank)

    assert contrast(row[len(row) // 8], row[len(row) // 2]) >= _LEAST
    telling.finish()
    desk.run()
    teller.called(desk.page).finish()
    expect(desk.state).to_contain_text("Finished in")
    desk.page.get_by_role("main").focus()
    current, other = (middle_row(desk.runs().nth(at), blank) for at in (0, 1))
    assert current[:4] != other[:4]


def ring(page: Page, blank: Page) -> tuple[str, float, float]:
    """Return what has the focus, the width of its ring, and its contrast."""
    found: dict[str, Any] | None = page.evaluate(_RING)
    assert found, page.evaluate("document.activeElement.outerHTML")
    on_ground = blank.evaluate(_NUMBERS, [found["ground"], found["ring"]])
    ground = blank.evaluate(_NUMBERS, [found["ground"]])
    return (
        found["id"],
        float(found["width"].removesuffix("px")),
        contrast(on_ground, ground),
    )


@pytest.mark.parametrize(
    "context",
    [
        pytest.param({"color_scheme": "light"}, id="light"),
        pytest.param({"color_scheme": "dark"}, id="dark"),
    ],
    indirect=True,
)
def test_whatever_has_the_focus_has_a_ring_that_is_seen(desk: Desk, blank: Page):
    desk.run()
    expect(desk.state).to_contain_text("Finished in")
    desk.page.get_by_role("main").focus()
    rings = {}

    desk.page.keyboard.press("Tab")
    while desk.page.evaluate("document.activeElement !== document.body"):
        name, width, seen = ring(desk.page, blank)
        rings[name] = (width >= 2, seen >= _LEAST)
        desk.page.keyboard.press("Tab")

    assert len(rings) > 8
    assert set(rings.values()) == {(True, True)}
