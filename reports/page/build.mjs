// Bundles the page's script and style and puts both into page.html: one file that needs nothing else.
// Run by CMake in the build tree, or by hand: npm ci && npm run build.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

async function bundled(entry, loader) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    charset: "ascii",
    format: "iife",
    target: ["es2020"],
    tsconfig: "tsconfig.json",
    legalComments: "none", // the page's footer names uPlot, its author and its licence
    loader,
    logLevel: "warning",
  });
  return result.outputFiles[0].text;
}

const style = await bundled("src/style.css", { ".css": "css" });
const script = await bundled("src/main.ts", { ".ts": "ts" });
if (/<\/(script|style)/i.test(script + style)) throw new Error("the bundle would end its own element");

const template = await readFile("page.html", "utf8");
const page = template.replace("@@STYLE@@", () => style).replace("@@SCRIPT@@", () => script);
await mkdir("dist", { recursive: true });
await writeFile("dist/page.html", page);
