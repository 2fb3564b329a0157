/** Each network alone in Node: ours with and without SIMD, stock tract, onnxruntime-web; and the arithmetic roof. Prints one line of JSON. */
import { SIDES, alternate, binary, model, multiplyAdds, onnxruntime, picture } from './load.mjs';

const quick = process.argv.includes('--quick');
const simd = await binary('bench-simd');
const plain = await binary('bench-plain');
const stock = quick ? null : await binary('bench-stock');
const ort = quick ? null : await onnxruntime();
/** 48 multiply-adds a round. */
const ROUNDS = 400_000;

const result = { node: process.version, networks: {} };
for (const role of /** @type {const} */ (['detector', 'landmark'])) {
  const [compact, onnx, input, side] = [model(`face_${role}.net`), model(`face_${role}.onnx`), picture(role), SIDES[role]];
  const ours = new simd.module.Compact(compact);
  const scalar = new plain.module.Compact(compact);
  ours.set(input);
  scalar.set(input);
  /** @type {Record<string, () => unknown>} */
  const contenders = { ours: () => ours.run(), plain: () => scalar.run() };
  let difference = null;
  if (stock && ort) {
    const tract = new stock.module.Stock(onnx, side);
    tract.set(input);
    const session = await ort.InferenceSession.create(onnx, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
    const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', input, [1, 3, side, side]) };
    contenders.stock = () => tract.run();
    contenders.onnxruntime = () => session.run(feeds);
    const answers = await session.run(feeds);
    difference = largestDifference(ours.outputs(), session.outputNames.flatMap((/** @type {string} */ name) => [...answers[name].data]));
  }
  contenders.roof = () => simd.module.roof(ROUNDS, 0.999);
  const times = await alternate(contenders, quick ? { warmUp: 40, rounds: 100 } : {});
  const madds = multiplyAdds(compact);
  const rate = (/** @type {string} */ which) => ({ networks: madds / times.ours[which], roof: (ROUNDS * 48) / times.roof[which] });
  const share = Object.fromEntries(['min', 'median'].map((which) => [which, rate(which).networks / rate(which).roof]));
  const [a, b] = [ours.outputs(), scalar.outputs()];
  const sameBits = a.every((/** @type {number} */ v, /** @type {number} */ i) => Object.is(v, b[i]));
  result.networks[role] = { madds, times, roofShare: share, roofGmaddPerS: (ROUNDS * 48) / times.roof.min / 1e6, difference, sameBits };
}

function largestDifference(a, b) {
  if (a.length !== b.length) throw new Error(`outputs of ${a.length} and ${b.length} numbers`);
  return b.reduce((most, v, i) => Math.max(most, Math.abs(v - a[i])), 0);
}

result.memory = { simd: simd.memory.buffer.byteLength, plain: plain.memory.buffer.byteLength };
console.log(JSON.stringify(result));
