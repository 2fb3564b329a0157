/** `node matrix.mjs TARBALL --sim DIR --portrait FILE --work DIR [--only NAME]`: every sample, one after the other; prints the table. */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CSP, launch } from '../browser/harness.mjs';
import { fault, play, prepare } from './sample.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sim: { type: 'string' }, portrait: { type: 'string' }, work: { type: 'string' }, only: { type: 'string' } },
});
const [tarball] = positionals;
if (!tarball || !values.sim || !values.portrait || !values.work) {
  console.error('usage: node matrix.mjs TARBALL --sim DIR --portrait FILE --work DIR [--only NAME]');
  process.exit(2);
}
const samples = join(dirname(fileURLToPath(import.meta.url)), 'samples');
// An exact name goes before a part of one.
const all = (await readdir(samples)).sort();
const names = all.includes(values.only) ? [values.only] : all.filter((name) => name.includes(values.only ?? ''));
if (names.length === 0) {
  console.error(`no sample is called ${values.only}`);
  process.exit(2);
}

/** The strict policy, with what the tool itself cannot do without. */
async function policyOf(kind, root) {
  // An inline package makes blobs of its files.
  if (kind === 'blob') return `${CSP} blob:; worker-src 'self' blob:`;
  if (kind !== 'hashes') return CSP;
  const page = await readFile(join(root, 'index.html'), 'utf8');
  const scripts = [...page.matchAll(/<script(?![^>]* src=)[^>]*>([^]*?)<\/script>/g)].map(([, text]) => text);
  const hashes = scripts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return CSP.replace("'wasm-unsafe-eval'", (source) => [source, ...hashes].join(' '));
}

const rows = [];
const browser = await launch();
for (const name of names) {
  const begun = Date.now();
  let [tool, result] = [name, ''];
  try {
    const { root, settings, version } = await prepare(join(samples, name), values.work, tarball);
    tool = `${settings.tool} ${version}`;
    const policy = await policyOf(settings.policy, root);
    result = fault(await play(browser, { root, prefix: settings.prefix, policy }, values)) || 'passed';
    if (result === 'passed' && settings.policy === 'hashes') result = 'passed (its own inline scripts allowed by hash)';
  } catch (error) {
    result = error.message;
  }
  rows.push({ name, tool, result, seconds: Math.round((Date.now() - begun) / 1000) });
  console.error(`${name}: ${result}`);
}
await browser.close();

console.log('| sample | tool | result | s |\n|---|---|---|---|');
for (const { name, tool, result, seconds } of rows) console.log(`| ${name} | ${tool} | ${result.split('\n')[0].slice(0, 160)} | ${seconds} |`);
const failed = rows.filter(({ result }) => !result.startsWith('passed'));
console.log(`${rows.length - failed.length} of ${rows.length} passed`);
process.exitCode = failed.length ? 1 : 0;
