/** The bar's two choices: language and theme. */
import { element } from "./elements.js";
import {
  otherLanguage,
  prefer,
  preference,
  translateAll,
  turnToOtherLanguage,
  write,
} from "./language.js";

const THEMES = ["system", "light", "dark"];
let theme = Math.max(0, THEMES.indexOf(preference("theme") ?? ""));

element("language").addEventListener("click", async () => {
  await turnToOtherLanguage();
  showChoices();
});

element("theme").addEventListener("click", () => {
  theme = (theme + 1) % THEMES.length;
  prefer("theme", THEMES[theme]);
  showChoices();
});

function showChoices() {
  element("language").lang = otherLanguage();
  write(element("language"), "other-language");
  document.documentElement.dataset.theme = THEMES[theme];
  element("theme").dataset.label = `theme-${THEMES[theme]}`;
  translateAll();
}

showChoices();
