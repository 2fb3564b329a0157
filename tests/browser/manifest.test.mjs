/** custom-elements.json, the types and the React wrapper against the element's sources: what is documented is what is there. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DIST } from './harness.mjs';

const read = (path) => readFile(join(DIST, 'faceid', path), 'utf8');
const manifest = JSON.parse(await read('custom-elements.json')).modules[0].declarations[0];
const [element, view, styles, types, react] = await Promise.all(['element/element.js', 'element/view.js', 'element/styles.js', 'types/element.d.ts', 'react/index.js'].map(read));
const index = await read('types/index.d.ts');
const names = (list) => list.map(({ name }) => name).sort();
const all = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
const block = (text, head) => text.slice(text.indexOf(head), text.indexOf('\n}', text.indexOf(head)));

test('attributes', () => {
  const used = all(element + styles, /(?:[gh]etAttribute|hasAttribute)\('([a-z-]+)'\)|\[theme/g).map((name) => name ?? 'theme');
  assert.deepEqual(names(manifest.attributes), used.sort());
  assert.deepEqual(all(block(types, 'interface ElementAttributes'), /^ {2}'?([a-z-]+)'?\?:/gm), names(manifest.attributes));
});

test('parts, slots and custom properties', () => {
  assert.deepEqual(names(manifest.cssParts), all(view, /part: '([a-z]+)'/g));
  assert.deepEqual(names(manifest.cssProperties), all(styles, /var\((--fl-[a-z-]+)/g));
  const phases = all(element, /phase: '([a-z]+)'/g).concat(all(block(element, 'const PHASES'), /: '([a-z]+)'/g), all(element, /phase: passed \? '([a-z]+)'/g), all(element, /: '(failed)'/g));
  assert.deepEqual(names(manifest.slots), [...new Set(phases)].sort());
});

test('methods and properties', () => {
  const members = names(manifest.members);
  const typed = all(block(types, 'export class FaceIdLivenessElement'), /^ {2}(?:readonly |set )?([a-zA-Z]+)[(:]/gm).filter((name) => name !== 'addEventListener');
  assert.deepEqual(members, typed);
  for (const name of members) assert.match(element, new RegExp(`^ {2}(?:async |get |set )?${name}(?:\\(| =)`, 'm'), name);
});

test('events', () => {
  const own = all(block(types, 'interface ElementEvents'), /^ {2}'?([a-z-]+)'?: /gm);
  const attempt = all(block(index, 'interface LivenessEvents'), /^ {2}'?([a-z-]+)'?: /gm);
  assert.deepEqual(names(manifest.events), [...new Set([...own, ...attempt])].sort());
  for (const name of all(react, /: '([a-z-]+)'/g)) assert.ok(names(manifest.events).includes(name), `React: ${name}`);
});

test('what docs/troubleshooting.md says that we say, we say', async () => {
  const guide = await readFile(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');
  const rows = guide.slice(guide.indexOf('## Said by the package'), guide.indexOf('## Said by browsers'));
  const texts = all(rows, /^\| `([^`]+)` \|/gm);
  assert.ok(texts.length >= 10, texts.join());
  const folders = await Promise.all(['element', 'lib'].map(async (folder) => (await readdir(join(DIST, 'faceid', folder))).filter((name) => name.endsWith('.js')).map((name) => `${folder}/${name}`)));
  const sources = (await Promise.all(folders.flat().map(read))).join('\n');
  for (const text of texts) assert.ok(sources.includes(text), text);
});
