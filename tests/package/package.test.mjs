/** The tarball named by FACEID_TARBALL, as a project that installs it sees it. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const call = promisify(execFile);
const HERE = dirname(fileURLToPath(import.meta.url));
const tarball = process.env.FACEID_TARBALL;
let project;
let folder;
let manifest;
/** Every file of the package, with slashes. */
let files;

before(async () => {
  assert.ok(tarball, 'FACEID_TARBALL names the tarball');
  project = await mkdtemp(join(tmpdir(), 'faceid-package-'));
  await writeFile(join(project, 'package.json'), '{"private":true,"type":"module"}');
  await call('npm', ['install', '--no-audit', '--no-fund', '--offline', '--ignore-scripts', '--legacy-peer-deps', tarball], { cwd: project });
  folder = join(project, 'node_modules/faceid-liveness');
  manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  files = found.filter((e) => e.isFile()).map((e) => relative(folder, join(e.parentPath ?? e.path, e.name)).replaceAll('\\', '/')).sort();
});
after(() => project && rm(project, { recursive: true }));

/** Every `{subpath, condition, file}` of the exports, patterns filled in. */
function targets() {
  const out = [];
  for (const [subpath, entry] of Object.entries(manifest.exports)) {
    for (const [condition, target] of Object.entries(entry === null || typeof entry === 'string' ? { default: entry } : entry)) {
      if (target === null) continue;
      const [head, tail] = target.slice(2).split('*');
      const matching = tail === undefined ? [head] : files.filter((f) => f.startsWith(head) && f.endsWith(tail) && f.length >= head.length + tail.length);
      if (matching.length === 0) out.push({ subpath, condition, file: target });
      for (const file of matching) out.push({ subpath: tail === undefined ? subpath : subpath.replace('*', file.slice(head.length, file.length - tail.length)), condition, file });
    }
  }
  return out;
}

test('every export names a file, and types come first', () => {
  for (const { subpath, condition, file } of targets()) assert.ok(files.includes(file), `${subpath} ${condition}: ${file}`);
  for (const [subpath, entry] of Object.entries(manifest.exports)) {
    if (entry === null || typeof entry === 'string') continue;
    assert.deepEqual(Object.keys(entry), ['types', 'default'], subpath);
  }
});

test('the files are those meant: no test, no source map, no build leftovers', () => {
  const strange = files.filter((f) => /\.(map|tsx?|tgz|onnx\.data)$|\.test\.|node_modules/.test(f) && !/^types\/.*\.d\.ts$/.test(f));
  assert.deepEqual(strange, []);
  assert.ok(!files.some((f) => /^lib\/engine[^/]*\/.*\.js$/.test(f)), 'the worker holds the engine’s glue');
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE', 'models/NOTICE', 'README.md', 'integrity.json']) assert.ok(files.includes(name), name);
});

test('integrity.json holds the digest of every file', async () => {
  const listed = JSON.parse(await readFile(join(folder, 'integrity.json'), 'utf8'));
  for (const file of files.filter((f) => f !== 'integrity.json')) {
    const digest = `sha384-${createHash('sha384').update(await readFile(join(folder, file))).digest('base64')}`;
    assert.equal(listed[file], digest, file);
  }
});

test('what is beside the module is what a copied folder has', async () => {
  const { PATHS, located } = await import(pathToFileURL(join(folder, 'lib/assets.js')).href);
  const { beside } = await import(pathToFileURL(join(folder, 'lib/beside.js')).href);
  assert.deepEqual(beside(), located(PATHS, (path) => pathToFileURL(join(folder, path)).href));
  located(PATHS, (path) => {
    // Bundlers turn smaller files into data: addresses, which a strict policy refuses.
    assert.ok(statSync(join(folder, path)).size > 4096, `${path} is smaller than what bundlers inline`);
  });
});

test('the worker is one classic script', async () => {
  const source = await readFile(join(folder, 'lib/worker.js'), 'utf8');
  assert.doesNotThrow(() => new Function(source), 'parses as a script');
  assert.doesNotMatch(source, /import\s*\(|import\.meta|importScripts/);
});

test('no module asks for anything outside the package but its own files, React and, in the testkit, Node.js', async () => {
  for (const file of files.filter((f) => f.endsWith('.js') && f !== 'inline/files.js')) {
    // Comments name types of Playwright, and the generated glue cites a bug report.
    const code = (await readFile(join(folder, file), 'utf8')).split('\n').filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line)).join('\n');
    for (const [, name] of code.matchAll(/(?:^|[^.\w])(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      assert.ok(name.startsWith('.') || (file.startsWith('react/') && name === 'react') || (file.startsWith('testkit/') && name.startsWith('node:')), `${file} imports ${name}`);
    }
    assert.doesNotMatch(code, /https?:\/\/(?!www\.w3\.org\/)/, `${file} names a foreign address`);
  }
});

test('every entry can be imported on a server', async () => {
  const script = join(project, 'import.mjs');
  const modules = targets().filter(({ condition, file, subpath }) => condition === 'default' && file.endsWith('.js') && !['./worker', './react'].includes(subpath) && manifest.exports[subpath] !== null);
  const names = modules.map(({ subpath }) => `faceid-liveness${subpath.slice(1)}`);
  assert.ok(names.length >= 7, names.join());
  await writeFile(script, `${names.map((name) => `await import('${name}');`).join('\n')}\n`);
  await call(process.execPath, [script], { cwd: project });
});

test('the copy command makes a folder that works alone', async () => {
  await call(process.execPath, [join(folder, 'bin/faceid-liveness.mjs'), 'copy', 'public/faceid'], { cwd: project });
  const { PATHS, located } = await import(pathToFileURL(join(folder, 'lib/assets.js')).href);
  located(PATHS, (path) => assert.ok(existsSync(join(project, 'public/faceid', path)), path));
  await assert.rejects(call(process.execPath, [join(folder, 'bin/faceid-liveness.mjs'), 'copy'], { cwd: project }), /usage: faceid-liveness copy FOLDER/);
});

test('the hints name files of the folder, each once, from the element to the binary of its prompt', async () => {
  const bin = join(folder, 'bin/faceid-liveness.mjs');
  const { stdout } = await call(process.execPath, [bin, 'hints', '/some/faceid/']);
  const lines = stdout.trim().split('\n').map((line) => /^<link rel="(modulepreload|preload)" href="\/some\/faceid\/([^"]+)"(.*)>$/.exec(line));
  assert.ok(lines.every(Boolean), stdout);
  const names = lines.map(([, , file]) => file);
  assert.equal(new Set(names).size, names.length, stdout);
  for (const file of names) assert.ok(existsSync(join(folder, file)), file);
  assert.equal(names[0], 'element/index.js');
  assert.ok(names.includes('lib/shell/faceid_liveness.js') && !names.includes('lib/worker.js'), stdout);
  assert.deepEqual(lines.at(-1).slice(1), ['preload', 'lib/shell/faceid_liveness_bg.wasm', ' as="fetch" type="application/wasm" crossorigin']);
  await assert.rejects(call(process.execPath, [bin, 'hints']), /faceid-liveness hints URL/);
});

test('publint has nothing to say', async () => {
  const { messages } = await publint({ pkgDir: folder, strict: true });
  assert.deepEqual(messages.map((m) => formatMessage(m, manifest)), []);
});

test('attw: the types resolve everywhere that ES modules do', async () => {
  await call(join(HERE, 'node_modules/.bin/attw'), [tarball, '--profile', 'esm-only', '--no-color', '--exclude-entrypoints', './custom-elements.json'], { cwd: HERE, maxBuffer: 1 << 24 })
    .catch(({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`.slice(-3000)));
});

test('a strict TypeScript project compiles against the types', async () => {
  await mkdir(join(project, 'typed'), { recursive: true });
  await writeFile(join(project, 'typed/use.ts'), await readFile(join(HERE, 'use.ts'), 'utf8'));
  for (const [module, moduleResolution] of [['ESNext', 'bundler'], ['NodeNext', 'NodeNext']]) {
    const compilerOptions = { noEmit: true, strict: true, target: 'ES2022', lib: ['ES2022', 'DOM'], types: [], module, moduleResolution };
    await writeFile(join(project, 'typed/tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    await call(join(HERE, 'node_modules/.bin/tsc'), ['-p', 'typed'], { cwd: project }).catch(({ stdout }) => assert.fail(`${moduleResolution}: ${stdout}`));
  }
});
