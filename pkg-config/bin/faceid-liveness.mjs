#!/usr/bin/env node
/** `npx faceid-liveness copy FOLDER`: the package's files for a site without a bundler, or for a bundler that copies nothing. */
import { cp, mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What a browser may ask for; inline is for bundlers. */
const FOLDERS = ['element', 'lib', 'models', 'text'];

const [command, folder, ...rest] = process.argv.slice(2);
if (command !== 'copy' || !folder || rest.length > 0) {
  console.error('usage: faceid-liveness copy FOLDER\nThen: <script type="module" src="FOLDER/element/index.js"></script>, or assetBase: "FOLDER".');
  process.exit(2);
}
const target = resolve(folder);
await mkdir(target, { recursive: true });
for (const name of FOLDERS) await cp(join(ROOT, name), join(target, name), { recursive: true });
await cp(join(ROOT, 'integrity.json'), join(target, 'integrity.json'));
console.log(`${(await readdir(target)).length} entries in ${target}`);
