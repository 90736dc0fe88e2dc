// Builds every file of src/ into hashed files, and manifest.json that names them.
//   node build.mjs [FOLDER]
import { createHash } from "node:crypto";
import {
  mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync,
} from "node:fs";
import { basename } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const KEPT_MS = 3_600_000;
const out = process.argv[2] ?? "../dakiya_web/static/dist";
const entryPoints = readdirSync("src", { withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(js|css|svg)$/.test(entry.name))
  .map((entry) => `src/${entry.name}`);

mkdirSync(out, { recursive: true });
const { metafile } = await build({
  entryPoints, outdir: out, bundle: true, splitting: true, format: "esm", minify: true,
  target: "es2022", entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]", loader: { ".svg": "copy", ".woff2": "file" },
  legalComments: "linked", metafile: true, logLevel: "warning",
});
const files = {};
for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
  if (entryPoint) files[basename(entryPoint)] = basename(path);
}

const icons = readFileSync("src/icons.txt", "utf8").split("\n").filter(Boolean).map((name) => {
  const drawn = readFileSync(`node_modules/@tabler/icons/icons/outline/${name}.svg`, "utf8");
  const paths = drawn.match(/<path(?! stroke="none")[^>]*>/g).join("");
  return `<symbol id="${name}" viewBox="0 0 24 24">${paths}</symbol>`;
});
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${icons.join("")}</svg>`;
const hash = createHash("sha256").update(sprite).digest("hex").slice(0, 8);
files["icons.svg"] = `icons-${hash}.svg`;
writeFileSync(`${out}/${files["icons.svg"]}`, sprite);

const made = new Set([...Object.keys(metafile.outputs).map((path) => basename(path)), files["icons.svg"]]);
for (const name of [...made].filter((name) => /\.(js|css|svg)$/.test(name))) {
  const content = readFileSync(`${out}/${name}`);
  writeFileSync(`${out}/${name}.br`, brotliCompressSync(content));
  writeFileSync(`${out}/${name}.gz`, gzipSync(content, { level: 9 }));
  made.add(`${name}.br`).add(`${name}.gz`);
}
// A web that runs meanwhile reads either manifest whole, and may still serve the build before.
writeFileSync(`${out}/manifest.new`, JSON.stringify(files, null, 1));
renameSync(`${out}/manifest.new`, `${out}/manifest.json`);
made.add("manifest.json");
for (const name of readdirSync(out).filter((name) => !made.has(name))) {
  if (Date.now() - statSync(`${out}/${name}`).mtimeMs > KEPT_MS) rmSync(`${out}/${name}`);
}
