/** `node sizes.mjs TARBALL`: raw, gzip and brotli bytes per file and per group, against the budget of budget.json. Exit 1 when something outgrew it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [tarball] = process.argv.slice(2);
if (!tarball) {
  console.error('usage: node sizes.mjs TARBALL');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'faceid-sizes-'));
execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((e) => e.isFile())
  .map((e) => relative(folder, join(e.parentPath ?? e.path, e.name)))
  .sort()
  .map((name) => {
    const bytes = readFileSync(join(folder, name));
    // What a server that compresses beforehand sends.
    const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: bytes.length > 4e6 ? 9 : 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
    return { name, raw: bytes.length, gz: gzipSync(bytes, { level: 9 }).length, br };
  });
rmSync(folder, { recursive: true });

const of = (test) => files.filter(({ name }) => test(name)).reduce((sum, { raw, gz, br }) => ({ raw: sum.raw + raw, gz: sum.gz + gz, br: sum.br + br }), { raw: 0, gz: 0, br: 0 });
const isInline = (name) => name.startsWith('inline/');
const groups = {
  support: of((n) => n === 'lib/support.js'),
  element: of((n) => /^(lib|element)\/[^/]+\.js$/.test(n) && n !== 'lib/worker.js' && n !== 'lib/support.js'),
  'one language': of((n) => n === 'text/en.js'),
  worker: of((n) => n === 'lib/worker.js'),
  shell: of((n) => n.startsWith('lib/shell/')),
  engine: of((n) => n.startsWith('lib/') && n.endsWith('.wasm') && !n.startsWith('lib/shell/')),
  models: of((n) => n.startsWith('models/') && !n.endsWith('NOTICE')),
  inline: of(isInline),
};
const line = ({ name, raw, gz, br }) => console.log(`| ${name} | ${raw} | ${gz} | ${br} |`);
console.log('| file | raw | gz | br |\n|---|---:|---:|---:|');
files.forEach(line);
console.log('\n| group | raw | gz | br |\n|---|---:|---:|---:|');
for (const [name, sum] of Object.entries(groups)) line({ name, ...sum });
console.log(`tarball: ${statSync(tarball).size} bytes`);

const budget = JSON.parse(readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'budget.json'), 'utf8'));
const over = Object.entries(budget).flatMap(([group, limits]) => Object.entries(limits).filter(([kind, limit]) => groups[group][kind] > limit).map(([kind, limit]) => `${group}: ${groups[group][kind]} bytes ${kind}, budget ${limit}`));
for (const text of over) console.error(`over budget: ${text}`);
process.exitCode = over.length ? 1 : 0;
