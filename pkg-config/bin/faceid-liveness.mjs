#!/usr/bin/env node
/**
 * `npx faceid-liveness copy FOLDER`: the package's files for a site without a bundler, or for a bundler that copies nothing.
 * `npx faceid-liveness hints URL`: the lines of a page's head that have the browser fetch at once what it needs before the first prompt.
 */
import { cp, mkdir, readFile, readdir } from 'node:fs/promises';
import { join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What a browser may ask for; inline is for bundlers. */
const FOLDERS = ['element', 'lib', 'models', 'text'];
const USAGE = `usage: faceid-liveness copy FOLDER
       faceid-liveness hints URL
copy: then <script type="module" src="FOLDER/element/index.js"></script>, or assetBase: "FOLDER".
hints: URL is where the page finds that folder, as in /faceid.`;
/** Static imports of our own modules. */
const IMPORT = /^\s*(?:import|export)\s[^;]*?from\s*['"](\.[^'"]+)['"]|^\s*import\s*['"](\.[^'"]+)['"]/gm;

const [command, where, ...rest] = process.argv.slice(2);
const run = { copy, hints }[command];
if (!run || !where || rest.length > 0) {
  console.error(USAGE);
  process.exit(2);
}
await run(where);

async function copy(folder) {
  const target = resolve(folder);
  await mkdir(target, { recursive: true });
  for (const name of FOLDERS) await cp(join(ROOT, name), join(target, name), { recursive: true });
  await cp(join(ROOT, 'integrity.json'), join(target, 'integrity.json'));
  console.log(`${(await readdir(target)).length} entries in ${target}`);
}

/** A browser finds a module's imports when it has the module: without hints, a round trip for each step of the way. */
async function hints(url) {
  const base = url.endsWith('/') ? url : `${url}/`;
  const modules = ['element/index.js'];
  for (const file of modules) {
    for (const [, from, bare] of (await readFile(join(ROOT, file), 'utf8')).matchAll(IMPORT)) {
      const next = posix.join(posix.dirname(file), from ?? bare);
      if (!modules.includes(next)) modules.push(next);
    }
  }
  for (const file of modules) console.log(`<link rel="modulepreload" href="${base}${file}">`);
  // As the module fetches it: another mode would have it fetched twice.
  console.log(`<link rel="preload" href="${base}lib/shell/faceid_liveness_bg.wasm" as="fetch" type="application/wasm" crossorigin>`);
}
