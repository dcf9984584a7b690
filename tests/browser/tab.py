"""A tab that somebody leaves for another. Headless browsers never hide one."""

from typing import Final

from playwright.sync_api import Page

_HIDE: Final = """() => {
  globalThis.isHidden = true;
  globalThis.waiting = [];
  globalThis.animate ??= globalThis.requestAnimationFrame.bind(globalThis);
  // Nothing is drawn where nobody looks.
  globalThis.requestAnimationFrame = (draw) =>
    isHidden ? waiting.push(draw) : animate(draw);
  Object.defineProperty(document, "hidden",
    { configurable: true, get: () => isHidden });
  Object.defineProperty(document, "visibilityState",
    { configurable: true, get: () => isHidden ? "hidden" : "visible" });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
_REVEAL: Final = """() => {
  globalThis.isHidden = false;
  for (const draw of globalThis.waiting ?? []) animate(draw);
  globalThis.waiting = [];
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def hide(page: Page) -> None:
    page.evaluate(_HIDE)


def reveal(page: Page) -> None:
    page.evaluate(_REVEAL)
