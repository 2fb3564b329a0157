/**
 * Sessions that the native judge has judged (`faceid-lab simulate --evidence`), judged again in WebAssembly. The first argument is the folder of
 * the sessions. Prints one line of JSON: how many, what differed in words, and the largest differences of what is a number.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { binary, model } from './load.mjs';

/** What is compared as a number, and its unit. */
const MEASURES = {
  arc: 'ms between the moments of an action',
  score: 'an action\'s score',
  cue: 'a cue\'s score',
  motion: 'steps of the motion print',
  angle: 'degrees between the embeddings',
};

if (isMainThread) {
  const folder = process.argv[2];
  const sessions = readdirSync(folder).sort();
  const threads = Math.min(availableParallelism(), sessions.length);
  const parts = await Promise.all(Array.from({ length: threads }, (_, part) => part).map((part) => inThread(folder, sessions.filter((_, i) => i % threads === part))));
  const compared = parts.flat();
  const largest = (/** @type {string} */ name) => compared.reduce((most, one) => Math.max(most, one.apart[name] ?? 0), 0);
  const count = (/** @type {string} */ name) => compared.filter((one) => one.apart[name] !== undefined).length;
  console.log(JSON.stringify({
    sessions: compared.length,
    live: compared.filter((one) => one.live).length,
    differ: compared.filter((one) => one.words.length > 0).map(({ session, words }) => ({ session, words })),
    apart: Object.fromEntries(Object.entries(MEASURES).map(([name, what]) => [name, { what, sessions: count(name), largest: largest(name) }])),
  }));
} else {
  const { folder, sessions } = workerData;
  const { module } = await binary('judge');
  const judge = new module.PageJudge(model('face_detector.net'), model('face_landmark.net'), model('canonical_face.json'), model('face_embedding.onnx'));
  parentPort.postMessage(sessions.map((/** @type {string} */ session) => compare(judge, join(folder, session), session)));
}

function inThread(folder, sessions) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { folder, sessions } });
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread ended with ${code} before it answered`)));
  });
}

function compare(judge, folder, session) {
  const { neutral, actions, best, said } = JSON.parse(readFileSync(join(folder, 'session.json'), 'utf8'));
  const picture = (/** @type {{t: number, file: string}} */ { t, file }) => /** @type {const} */ ([t, readFileSync(join(folder, file))]);
  for (const frame of neutral) judge.neutral(...picture(frame));
  for (const { action, frames } of actions) {
    judge.action(action);
    for (const frame of frames) judge.frame(...picture(frame));
  }
  const again = JSON.parse(judge.judge(...picture(best)));
  const words = [];
  const apart = {};
  const same = (/** @type {string} */ what, a, b) => {
    if (JSON.stringify(a) !== JSON.stringify(b)) words.push(`${what}: native ${JSON.stringify(a)}, wasm ${JSON.stringify(b)}`);
  };
  const differ = (/** @type {string} */ name, /** @type {number} */ by) => {
    apart[name] = Math.max(apart[name] ?? 0, by);
  };
  same('outcome', said.outcome, again.outcome);
  const inWords = ({ windows }) => windows.map(({ action, verdict }) => `${action} ${verdict}`);
  same('windows', inWords(said), inWords(again));
  said.windows.forEach(({ score, arc }, i) => {
    const here = again.windows[i];
    if (!arc || !here?.arc) return;
    differ('score', Math.abs(score - here.score));
    for (const [at, ms] of arc.entries()) differ('arc', Math.abs(ms - here.arc[at]));
  });
  same('cues', Object.keys(said.cues), Object.keys(again.cues));
  for (const [name, native] of Object.entries(said.cues)) {
    const here = again.cues[name];
    if (typeof native === 'number' && typeof here === 'number') differ('cue', Math.abs(native - here));
    else same(name, native, here);
  }
  same('length of the motion print', said.motion?.length, again.motion?.length);
  if (said.motion && again.motion) compareMotion(said.motion, again.motion, same, differ);
  same('length of the embedding', said.embedding?.length, again.embedding?.length);
  if (said.embedding && again.embedding) {
    // Between vectors of length 1; their product alone would round tiny angles away.
    const gap = Math.hypot(...said.embedding.map((v, i) => v - again.embedding[i]));
    differ('angle', (2 * Math.asin(Math.min(1, gap / 2)) * 180) / Math.PI);
  }
  return { session, live: said.outcome.startsWith('Live'), words, apart };
}

/** The kept form of crates/judge/src/motion.rs: a version, then per window a count and frames of nine 16-bit numbers, the first the time. */
function compareMotion(native, here, same, differ) {
  const [a, b] = [native, here].map((bytes) => new DataView(Uint8Array.from(bytes).buffer));
  let at = 1;
  while (at < a.byteLength) {
    same('frames in the motion print', a.getUint8(at), b.getUint8(at));
    const end = at + 1 + a.getUint8(at) * 18;
    for (at += 1; at < end; at += 18) {
      same('times in the motion print', a.getUint16(at, true), b.getUint16(at, true));
      for (let channel = 1; channel < 9; channel += 1) differ('motion', Math.abs(a.getInt16(at + 2 * channel, true) - b.getInt16(at + 2 * channel, true)));
    }
  }
}
