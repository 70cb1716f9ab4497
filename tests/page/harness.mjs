// A Chromium that may reach nothing but the run's own live page, and what the tests say about it.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

export const binaries = process.env.TIDEGATE_BIN ?? "build/release/bin";
export const scratch = process.env.TIDEGATE_SCRATCH ?? "build/release/page-tests";
const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

let browser;
const tests = [];

/** Registers a test; it gets `open`, which gives a page and fails the test for anything on its console. */
export function test(name, body) {
  tests.push({ name, body });
}

export function fileUrl(file) {
  return "file://" + path.resolve(file);
}

export async function open(url, { width = 1280, height = 900, scheme = "light", offline = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, offline });
  context.setDefaultTimeout(120_000); // a machine that is busy with something else
  const page = await context.newPage();
  page.problems = [];
  page.requests = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.problems.push(`exception: ${error.message}`));
  page.on("dialog", (dialog) => {
    page.problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => page.requests.push(request.url()));
  await page.goto(url);
  await page.locator("#report > *").first().waitFor();
  return page;
}

/** When nothing is left to draw, and it is on the screen. */
export async function drawn(page) {
  await page.locator("#report:not([aria-busy])").waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Pixels of a canvas that are not empty, as a share. */
export function ink(canvas) {
  return canvas.evaluate((element) => {
    const { data } = element.getContext("2d").getImageData(0, 0, element.width, element.height);
    let inked = 0;
    for (let i = 3; i < data.length; i += 4) inked += data[i] > 0 ? 1 : 0;
    return inked / (data.length / 4);
  });
}

export async function main() {
  assert.ok(executablePath, "no Chromium found; set CHROMIUM");
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
  let failed = 0;
  const only = process.argv[2] === undefined ? undefined : new RegExp(process.argv[2]);
  for (const { name, body } of tests) {
    if (only !== undefined && !only.test(name)) continue;
    const started = Date.now();
    try {
      await body();
      console.log(`ok      ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      ++failed;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
    for (const context of browser.contexts()) await context.close();
  }
  await browser.close();
  if (failed > 0) process.exit(1);
}
