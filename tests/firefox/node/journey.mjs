/*
 * One journey through the page in Firefox, over WebDriver BiDi:
 *   node journey.mjs FIREFOX BROKER DOWNLOADS
 * with the password of alice on standard input. Prints what was seen, as JSON.
 */
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const [firefox, broker, downloads] = process.argv.slice(2);
const password = readFileSync(0, "utf-8").trim();

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: firefox,
  headless: true,
  extraPrefsFirefox: {
    "browser.download.folderList": 2,
    "browser.download.dir": downloads,
    "browser.download.useDownloadDir": true,
    "browser.helperApps.neverAsk.saveToDisk": "text/plain",
  },
});
const faults = [];
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(broker);
  await page.locator("#sign-in:not([disabled])").wait();
  await page.type("#username", "alice");
  await page.type("#password", password);
  await page.click("#sign-in");

  await page.locator("#choices input[value=summarise]").wait();
  await page.$eval("#choices input[value=summarise]", (radio) => radio.click());
  await run(page, "A key opens a door. ".repeat(40));
  const finished = await ending(page);
  const text = await page.$eval("#streamed", (part) => part.textContent);
  await page.click("[data-save=streamed]");

  await run(page, "A key opens a door, and another one does not. ".repeat(13_000));
  // In the page: on the way from here the task could be over.
  await page.waitForFunction(() => {
    const cancel = document.querySelector("#cancel");
    if (cancel.hidden) return false;
    cancel.click();
    return true;
  });
  const cancelled = await ending(page);
  const note = await page.$eval("#problem", (part) => part.textContent);

  console.log(JSON.stringify({ version: await browser.version(), finished, text, cancelled, note, faults }));
} finally {
  await browser.close();
}

/** Send a text by the form, as somebody who pastes it. */
async function run(page, text) {
  await page.$eval("input[name=kind][value=text]", (radio) => radio.click());
  await page.$eval(
    "#text",
    (field, pasted) => {
      field.value = pasted;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    },
    text,
  );
  await page.click("#run");
}

/** Wait until a run has ended; give the kind of its end. */
async function ending(page) {
  const ends = "#state:is([data-kind=done], [data-kind=failed], [data-kind=cancelled])";
  await page.locator(ends).setTimeout(60_000).wait();
  return page.$eval("#state", (state) => state.dataset.kind);
}
