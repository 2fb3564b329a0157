// An independent client: completes one session against a real server with prepared pictures, and says what the backend learns of it.
//
//   node client.mjs --cloud URL --origin ORIGIN --key-file FILE --name NAME --number NUMBER --takes FOLDER [--forget-frame] [--excluded nod,shake]
//
// FOLDER holds takes.json (`faceid-lab film`): a person's neutral, two takes of each action, the picture for comparing. Prints one JSON line:
// {biz_token, actions, told: {code, message}, result: get_result with verbose=1}. Exit 1 when a reply is not as docs/protocol.md says.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Backend } from './backend.mjs';
import { Refused, Session } from './session.mjs';

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    cloud: text,
    origin: text,
    'key-file': text,
    name: text,
    number: text,
    takes: text,
    excluded: text,
    'forget-frame': { type: 'boolean', default: false },
  },
});

/** A person's reaction to a prompt, ms. */
const REACTION = 350;
/** Rest between two steps, ms. */
const REST = 150;

/** The page's clock: whole milliseconds, never back. */
const clock = () => Math.round(performance.now());
const until = async t => {
  const wait = t - clock();
  if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait));
};

const takes = JSON.parse(readFileSync(join(options.takes, 'takes.json'), 'utf8'));
const picture = name => new Uint8Array(readFileSync(join(options.takes, name)));

/** Plays a take as a camera would deliver it: every frame has the time at which it could have been seen, and none lies in the future. */
async function play(names, begin) {
  const frames = names.map((name, index) => ({ t: begin + index * takes.interval_ms, jpeg: picture(name) }));
  await until(frames.at(-1).t);
  return frames;
}

async function run() {
  const backend = new Backend(options.cloud, JSON.parse(readFileSync(options['key-file'], 'utf8')));
  const bizToken = await backend.bizToken(options.name, options.number);
  const before = await backend.result(bizToken);
  if (before.result_code !== 9000 || before.result_message !== 'LIVING_NOT_START') throw new Error(`before init: ${JSON.stringify(before)}`);

  const excluded = options.excluded ? options.excluded.split(',') : [];
  const session = await Session.open({ cloud: options.cloud, origin: options.origin, bizToken, excluded });
  const during = await backend.result(bizToken);
  if (during.result_message !== 'LIVING_IN_PROGRESS') throw new Error(`after init: ${JSON.stringify(during)}`);

  const actions = [];
  const waiting = [];
  let frames = await play(takes.neutral, clock() + REST);
  let challenge = await session.commit(0, frames);
  waiting.push(...frames);
  while (challenge) {
    const { step, action, min_ms: soonest } = challenge;
    const issued = clock();
    const take = takes.actions[action][actions.filter(done => done === action).length];
    actions.push(action);
    frames = await play(take, issued + REACTION);
    await until(issued + soonest);
    const committed = [...frames];
    if (step === session.config.action_count) committed.push({ t: clock(), jpeg: picture(takes.best) });
    challenge = await session.commit(step, committed);
    waiting.push(...committed);
  }
  if (options['forget-frame']) waiting.pop();
  const sent = new Set();
  for (const { jpeg } of waiting) {
    const content = Buffer.from(jpeg).toString('latin1');
    if (!sent.has(content)) await session.upload(jpeg);
    sent.add(content);
  }
  const told = await session.finalise(picture(takes.best), { frames_seen: waiting.length, frames_judged: waiting.length }).catch(error => {
    // A verdict may be a refusal: a session that the server ends answers with its row, sealed.
    if (error instanceof Refused && error.sealed) return error.row;
    throw error;
  });
  return { biz_token: bizToken, actions, told, result: await backend.result(bizToken, 1) };
}

run().then(
  outcome => {
    // The picture is for the backend's eyes; here its size says that it came.
    if (outcome.result.images) outcome.result.images = { image_best: outcome.result.images.image_best.length };
    console.log(JSON.stringify(outcome));
  },
  error => {
    console.error(error.stack ?? String(error));
    process.exitCode = 1;
  },
);
