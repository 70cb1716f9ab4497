// The report page in a real Chromium. Runs come from the fixtures that `page_fixtures` writes; the live page follows a
// real `tidegate load`. Screenshots are left in the scratch folder, to be looked at.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import hdr from "hdr-histogram-js";
import YAML from "yaml";
import { binaries, drawn, fileUrl, ink, main, open, scratch, test } from "./harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const source = process.env.TIDEGATE_SOURCE ?? path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");
const runs = `${scratch}/runs`;
const shots = `${scratch}/screenshots`;
const report = (name) => fileUrl(`${runs}/${name}/report.html`);
const tidegate = `${binaries}/tidegate`;

function tool(...args) {
  try {
    return { code: 0, out: execFileSync(tidegate, args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 }) };
  } catch (error) {
    return { code: error.status, out: error.stdout, err: error.stderr };
  }
}

rmSync(scratch, { recursive: true, force: true });
mkdirSync(shots, { recursive: true });
execFileSync(`${binaries}/tests/page_fixtures`, [runs], { stdio: "inherit", timeout: 120_000 });

function checkQuiet(page) {
  assert.deepEqual(page.problems, []);
  assert.deepEqual(page.requests.filter((url) => !url.startsWith("file://") && !url.startsWith("data:")), []);
}

for (const name of ["pass", "fail", "killed", "empty", "hour", "hostile"]) {
  test(`${name}: opens from disk without a network, quietly, and its charts have ink`, async () => {
    const page = await open(report(name));
    await drawn(page);
    checkQuiet(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "scrolls sideways");
    const canvases = await page.locator("canvas").all();
    if (name !== "empty") assert.ok(canvases.length >= 7, `${canvases.length} charts`);
    for (const canvas of canvases) assert.ok((await ink(canvas)) > 0.005, "a chart without ink");
    const size = statSync(`${runs}/${name}/report.html`).size;
    assert.ok(size <= (name === "hour" ? 2_000_000 : 400_000), `${size} bytes`);
  });
}

test("the verdict and why are seen first", async () => {
  const page = await open(report("fail"));
  const header = await page.locator("header.verdict").innerText();
  assert.match(header, /FAIL/);
  assert.match(header, /612 ms \[598, 631\] is over 500 ms/);
  assert.match(header, /×0\.12/);
  const order = await page.locator("#report > section").evaluateAll((all) => all.map((one) => one.id));
  assert.deepEqual(order, ["gates", "timeline", "faults", "review", "lag", "distribution", "capacity", "requests", "audit", "environment"]);
  assert.match(await page.title(), /^FAIL · /);
});

/** Moves the mouse there until the chart has noticed: uPlot looks where it stands only a moment after a scroll. */
async function pointAt(page, x, y) {
  const readings = page.locator("#timeline .reading");
  for (let moves = 0; moves < 200; ++moves) {
    await page.mouse.move(x + (moves % 2), y);
    if ((await readings.allTextContents()).some((text) => text !== "")) return;
  }
  assert.fail("no chart noticed the mouse");
}

test("zoom is joined, by drag, keyboard and button", async () => {
  const page = await open(report("fail"));
  await drawn(page);
  const plots = page.locator("#timeline .plot");
  const axes = () => page.locator("#timeline .bar.phase:not([hidden])").count();
  assert.equal(await axes(), 4);
  await plots.first().evaluate((plot) => plot.scrollIntoView({ block: "center", behavior: "instant" }));
  const box = await plots.first().locator(".u-over").boundingBox();
  await pointAt(page, box.x + box.width * 0.4, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.55, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await drawn(page);
  assert.equal(await axes(), 1, "the strip shows the zoomed phase alone");
  const all = page.getByRole("button", { name: "Show all" });
  assert.equal(await all.isEnabled(), true);
  await all.click();
  assert.equal(await axes(), 4);
  await plots.nth(2).focus();
  for (const key of ["ArrowRight", "ArrowRight", "+", "+"]) await page.keyboard.press(key);
  assert.ok((await axes()) < 4, "plus zooms");
  assert.notEqual(await page.locator("#timeline [aria-live]").textContent(), "");
  await page.keyboard.press("Escape");
  assert.equal(await axes(), 4);
  await page.getByRole("button", { name: "Show bank_slow on the timeline" }).click();
  assert.ok((await axes()) < 4, "a fault's window is shown");
  checkQuiet(page);
});

test("the cursor is joined: one chart's values are every chart's", async () => {
  const page = await open(report("fail"));
  await drawn(page);
  const plot = page.locator("#timeline .plot .u-over").first();
  await plot.evaluate((element) => element.scrollIntoView({ block: "center", behavior: "instant" }));
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
  const readings = await page.locator("#timeline .reading").allTextContents();
  assert.ok(readings.filter((text) => text !== "").length > 10, readings.join());
});

test("the heatmap changes the picture, and a table stands behind every chart", async () => {
  const page = await open(report("fail"));
  await drawn(page);
  const canvas = page.locator("[id='chart-latency:create_payment'] canvas");
  const before = await ink(canvas);
  await page.getByRole("checkbox", { name: "Heatmap" }).check();
  await drawn(page);
  assert.ok((await ink(canvas)) > before);
  for (const chart of await page.locator("article.chart").all()) {
    if ((await chart.locator("canvas").count()) === 0) continue;
    for (const table of await chart.locator("details").all()) {
      await table.evaluate((element) => (element.open = true));
      await table.locator("tbody tr").first().waitFor({ state: "attached" });
      assert.ok((await table.locator("tbody tr").count()) > 1);
    }
  }
  checkQuiet(page);
});

test("a counterexample opens one payment's life, and the keyboard gets out again", async () => {
  const page = await open(report("fail"));
  const opener = page.getByRole("button", { name: /Open the life of/ }).first();
  await opener.click();
  const dialog = page.getByRole("dialog");
  assert.match(await dialog.innerText(), /In the export payments/);
  assert.ok((await dialog.locator("tbody tr").count()) >= 3);
  await page.keyboard.press("Escape");
  assert.equal(await dialog.count(), 0);
  assert.equal(await opener.evaluate((element) => element === document.activeElement), true);
});

test("hostile names are text", async () => {
  const page = await open(report("hostile"));
  await drawn(page);
  checkQuiet(page);
  assert.equal(await page.locator("#report script, #report img, #report svg, #report iframe").count(), 0);
  const text = await page.locator("#report").innerText();
  assert.match(text, /<\/script><script>alert\(1\)/);
  assert.equal(/[\u202e\u001b]/.test(text), false, "controls and overrides are replaced");
});

const ready = async (page) => page.evaluate(() => performance.getEntriesByName("tidegate-interactive")[0]?.startTime);
test("the largest report is interactive within a second", async () => {
  const page = await open(report("hour"));
  await drawn(page);
  const milliseconds = await ready(page);
  console.log(`        one hour, 200 series: interactive after ${Math.round(milliseconds)} ms`);
  assert.ok(milliseconds > 0);
});

for (const name of ["pass", "fail", "killed", "hostile"]) {
  for (const scheme of ["light", "dark"]) {
    if (scheme === "dark" && name !== "fail") continue;
    test(`axe finds nothing: ${name}, ${scheme}`, async () => {
      const page = await open(report(name), { scheme });
      await drawn(page);
      await accessible(page);
    });
  }
}

async function accessible(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ["violations"] });
    return result.violations.map((one) => `${one.id}: ${one.help} (${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | ")})`);
  });
  assert.deepEqual(found, []);
}

test("everything is reached by keyboard, and the focus is seen", async () => {
  const page = await open(report("fail"));
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  const seen = new Set();
  for (let i = 0; i < 60; ++i) {
    await page.keyboard.press("Tab");
    seen.add(await page.evaluate(() => document.activeElement.closest("section, nav, header")?.id || document.activeElement.tagName));
  }
  for (const id of ["gates", "timeline"]) assert.ok(seen.has(id), [...seen].join());
});

test("prints to A4", async () => {
  const page = await open(report("fail"));
  await drawn(page);
  const pdf = await page.pdf({ format: "A4", printBackground: true, path: `${shots}/fail.pdf` });
  const pages = (pdf.toString("latin1").match(/\/Type\s*\/Page\b/g) ?? []).length;
  assert.ok(pages >= 2 && pages <= 12, `${pages} pages`);
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 794, height: 1123 });
  assert.equal(await page.getByRole("button", { name: "Show all" }).isVisible(), false);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "wider than the paper");
});

for (const width of [390, 820, 1440]) {
  test(`screenshots, ${width} wide`, async () => {
    for (const scheme of ["light", "dark"]) {
      const page = await open(report("fail"), { width, scheme });
      await drawn(page);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "scrolls sideways");
      await page.screenshot({ path: `${shots}/fail-${width}-${scheme}.png`, fullPage: true });
    }
  });
}

test("history and comparison", async () => {
  assert.equal(tool("report", "--history", `${runs}/nights`, "--output", `${scratch}/history.html`).code, 0);
  assert.equal(tool("report", "--compare", `${runs}/fail`, `${runs}/pass`, "--output", `${scratch}/compare.html`).code, 0);
  for (const [name, words] of [["history", /changed at/], ["compare", /Difference of pass/]]) {
    const page = await open(fileUrl(`${scratch}/${name}.html`));
    await drawn(page);
    checkQuiet(page);
    assert.match(await page.locator("#report").innerText(), words);
    for (const canvas of await page.locator("canvas").all()) assert.ok((await ink(canvas)) > 0.005);
    await accessible(page);
    await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  }
});

test("verdict.json is what its published schema says", async () => {
  const schema = JSON.parse(readFileSync(`${source}/docs/schemas/verdict.schema.json`, "utf8"));
  const validate = new Ajv2020({ allErrors: true, strict: true }).compile(schema);
  for (const name of readdirSync(runs).filter((one) => !["nights", "newer", "hour", "empty"].includes(one))) {
    const { code, out } = tool("report", `${runs}/${name}`, "--format", "json");
    assert.ok([0, 97, 98, 99].includes(code), `${name}: exit code ${code}`);
    assert.ok(validate(JSON.parse(out)), `${name}: ${JSON.stringify(validate.errors)}`);
  }
  assert.equal(validate({ ...JSON.parse(tool("report", `${runs}/fail`, "--format", "json").out), verdict: "GREEN" }), false);
});

test("an HdrHistogram log is read by a standard library, with every sample", async () => {
  const { out } = tool("report", `${runs}/fail`, "--format", "hdr");
  const reader = new hdr.HistogramLogReader(out);
  let count = 0;
  let greatest = 0;
  for (let one = reader.nextIntervalHistogram(); one; one = reader.nextIntervalHistogram()) {
    if (one.tag !== "create_payment") continue;
    count += one.totalCount;
    greatest = Math.max(greatest, one.maxValue);
  }
  const rows = tool("report", `${runs}/fail`, "--format", "csv").out.split("\r\n").filter((row) => row.includes("response_time"));
  assert.equal(count, rows.reduce((sum, row) => sum + Number(row.split(",")[5]), 0));
  const worst = Math.max(...rows.map((row) => Number(row.split(",").at(-1))));
  assert.ok(Math.abs(greatest / 1e6 / worst - 1) < 0.002, `${greatest} us, ${worst} s`);
});

test("bad input is one clear message", async () => {
  writeFileSync(`${scratch}/a-file`, "");
  for (const [args, words] of [
    [["report", `${runs}/fail`, "--format", "junti"], /did you mean junit/],
    [["report", `${scratch}/not-there`], /not-there/],
    [["report", "--history", scratch + "/screenshots"], /neither a run directory/],
    [["report", "--compare", `${runs}/fail`], /2 to 8 runs/],
    [["report", "--history", "--compare", `${runs}/fail`], /exclude each other/],
    [["report", `${runs}/newer`], /newer tidegate/],
  ]) {
    const { code, err } = tool(...args);
    assert.ok(code === 104 || code === 97, `${args.join(" ")}: exit code ${code}`);
    assert.match(err, words);
    assert.equal(err.trim().split("\n").length, 1, err);
  }
});

test("the example pipelines parse, and every command in them is one that there is", async () => {
  const folder = `${source}/docs/pipelines`;
  let commands = 0;
  for (const name of readdirSync(folder)) {
    const text = readFileSync(`${folder}/${name}`, "utf8");
    if (name.endsWith(".yaml")) {
      const parsed = YAML.parse(text, { strict: true, uniqueKeys: true });
      assert.equal(typeof parsed, "object", name);
    }
    for (const [, command] of text.matchAll(/(?:^|[\s'`])tidegate ((?:run|load|report) [^\n`]*)/g)) {
      ++commands;
      const help = tool(command.split(" ")[0], "--help").out;
      for (const [, option] of command.matchAll(/ (--[a-z-]+)/g)) assert.match(help, new RegExp(`${option}\\b`), `${name}: ${command}`);
      const format = /--format (\w+)/.exec(command)?.[1];
      if (format !== undefined && format !== "NAME") assert.match(help, new RegExp(`\\b${format}\\b`), `${name}: ${command}`);
      const scenario = /scenarios\/\S+/.exec(command)?.[0];
      if (scenario !== undefined) assert.equal(tool("validate", `${source}/${scenario}`, "--variant", "smoke").code, 0, scenario);
    }
  }
  assert.ok(commands >= 8, `${commands} commands`);
});

test("the live page follows a run to its verdict", async () => {
  const server = http.createServer((request, response) => response.end("hello"));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const out = `${scratch}/live`;
  const run = spawn(tidegate, ["load", `http://127.0.0.1:${server.address().port}/`, "--rate", "100/s", "--for", "15s", "--expect", "p99 < 5s", "--live", "--out", out]);
  try {
    const url = await new Promise((found, failed) => {
      let said = "";
      run.stderr.on("data", (piece) => {
        said += piece;
        const match = /live page: (http:\S+)/.exec(said);
        if (match) found(match[1]);
      });
      run.on("exit", () => failed(new Error(`ended: ${said}`)));
    });
    const ended = new Promise((exit) => run.on("exit", exit));
    const page = await open(url, { offline: false });
    await page.locator("header .badge", { hasText: "RUNNING" }).waitFor({ timeout: 20_000 });
    await page.locator("[id^='chart-latency'] canvas").first().waitFor({ timeout: 20_000 });
    await page.screenshot({ path: `${shots}/live.png`, fullPage: true });
    await page.locator("header .badge", { hasText: "PASS" }).waitFor({ timeout: 30_000 });
    await page.locator("#distribution canvas").first().waitFor({ timeout: 20_000 });
    assert.deepEqual(page.problems, []);
    assert.ok(page.requests.every((one) => one.startsWith(url)), page.requests.join());
    assert.equal(await ended, 0);
  } finally {
    run.kill();
    server.close();
  }
});

await main();
