/*
 * Runs before the modules, and in browsers that know none: shows that the page cannot start,
 * for a part of it has not arrived, or the browser is too old. `app.js` says that it has.
 */
(function () {
  "use strict";
  var root = document.documentElement;

  /** @param {"part" | "old"} why */
  function fail(why) {
    if (root.hasAttribute("data-failed")) return;
    root.setAttribute("data-failed", why);
    if (document.body) show();
    else document.addEventListener("DOMContentLoaded", show);
  }

  function show() {
    var isOld = root.getAttribute("data-failed") === "old";
    element("unstarted").hidden = false;
    element("missing-part").hidden = isOld;
    element("old-browser").hidden = !isOld;
  }

  /** @param {string} id */
  function element(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
  }

  // A file that does not arrive fires an event at its element alone, which does not bubble.
  window.addEventListener(
    "error",
    function (event) {
      var node = /** @type {any} */ (event.target);
      // What fails once the page has started is the page's to tell of, but for its styles.
      var isStarted = root.hasAttribute("data-started");
      var isScript = node === window || node.tagName === "SCRIPT";
      if (node.rel === "stylesheet" || (isScript && !isStarted)) {
        fail(event.error instanceof SyntaxError ? "old" : "part");
      }
    },
    true,
  );
  if (!("noModule" in document.createElement("script"))) fail("old");

  try {
    root.setAttribute("data-theme", localStorage.getItem("aikagi-theme") || "system");
  } catch (error) {
    // Switched off: the theme is the system's.
  }
})();
