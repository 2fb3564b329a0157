/**
 * The parts of the package that are made, not copied. `node assemble.mjs FOLDER`, the folder with everything else in its place:
 * text/ gets the languages of www/text/locales, lib/worker.js becomes one classic script, lib/support.js one small module, inline/files.js holds every file as base64, integrity.json the SHA-384 of all.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node assemble.mjs FOLDER');
  process.exit(2);
}
const at = (path) => join(folder, path);

await languages();
await bundleWorker();
await bundleSupport();
await inlineFiles();
await integrity();

/** The translations with the shape of the English file, which brings classes, blame and whether a retry helps. */
async function languages() {
  const { default: en } = await import(pathToFileURL(at('text/en.js')).href);
  const source = new URL('../../www/text/locales/', import.meta.url);
  for (const name of (await readdir(source)).filter((n) => n.endsWith('.json'))) {
    const locale = JSON.parse(await readFile(new URL(name, source), 'utf8'));
    const outcomes = Object.fromEntries(Object.entries(en.outcomes).map(([key, row]) => [key, { ...row, text: locale.outcomes[row.text] }]));
    const body = JSON.stringify({ ...locale, outcomes });
    await writeFile(at(`text/${name.slice(0, -5)}.js`), `/** @type {import('../types/codes').Texts} */\nconst texts = ${body};\nexport default texts;\n`);
  }
}

/** A worker with imports would need its whole folder beside it, and a browser with module workers. */
async function bundleWorker() {
  await build({
    entryPoints: [at('lib/worker.js')],
    outfile: at('lib/worker.js'),
    allowOverwrite: true,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2020',
    legalComments: 'none',
    banner: { js: '/* faceid-liveness, MIT OR Apache-2.0. Sources: lib/engine and www/lib/worker.js of the repository. */' },
    // A classic script has no import.meta; every address comes from the page.
    define: { 'import.meta.url': 'self.location.href', FACEID_DIGESTS: JSON.stringify(await digests()) },
    logLevel: 'warning',
  });
  // Nothing else takes it.
  await rm(at('lib/kept.js'));
}

/** SHA-256 of the files that the worker fetches: what it keeps stands under them, and other files are refused. */
async function digests() {
  const { PATHS } = await import(pathToFileURL(at('lib/assets.js')).href);
  const entries = Object.entries(PATHS.engine).map(async ([name, path]) => [name, createHash('sha256').update(await readFile(at(path))).digest('hex')]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Loaded before anything else, by pages that may never load more. */
async function bundleSupport() {
  await build({ entryPoints: [at('lib/support.js')], outfile: at('lib/support.js'), allowOverwrite: true, bundle: true, minify: true, format: 'esm', target: 'es2019', logLevel: 'warning' });
  await rm(at('lib/webviews.js'));
}

async function inlineFiles() {
  const { PATHS, located } = await import(pathToFileURL(at('lib/assets.js')).href);
  const paths = [];
  located(PATHS, (path) => paths.push(path));
  const bytes = new Map(await Promise.all(paths.map(async (path) => [path, await readFile(at(path))])));
  const files = located(PATHS, (path) => bytes.get(path).toString('base64'));
  await mkdir(at('inline'), { recursive: true });
  await writeFile(at('inline/files.js'), `/** Written by the build: the files of lib/assets.js in base64. */\nexport const FILES = ${JSON.stringify(files)};\n`);
}

/** `{"lib/index.js": "sha384-…", …}`, everything but itself. */
async function integrity() {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).split(sep).join('/'))
    .filter((name) => name !== 'integrity.json')
    .sort();
  const entries = await Promise.all(names.map(async (name) => [name, `sha384-${createHash('sha384').update(await readFile(at(name))).digest('base64')}`]));
  await writeFile(at('integrity.json'), `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`);
}
