/** Notifications of the ends of runs. Imported when somebody asks for them. */
import { text } from "./language.js";

/**
 * Notify of a run that has ended, while the page is not in sight.
 *
 * @param {import("./runs.js").Run} run
 * @param {string} icon address of it
 */
export function notify({ state, entry }, icon) {
  if (!document.hidden) return;
  const title = text(`tab-${state}`, { title: entry.Title });
  try {
    const notification = new Notification(title, { icon, lang: document.documentElement.lang });
    notification.onclick = () => window.focus();
  } catch {
    // Android takes them from a service worker alone. The tab's title tells.
  }
}
