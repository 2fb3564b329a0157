/** Bytes in memory to the first answer of both networks, in a fresh process: `cold.mjs ours|onnxruntime`. Prints milliseconds. */
import { binary, model, onnxruntime, picture } from './load.mjs';

const files = ['detector', 'landmark'].map((role) => ({ role, compact: model(`face_${role}.net`), onnx: model(`face_${role}.onnx`), input: picture(role) }));
const contender = process.argv[2];
let begun = performance.now();
if (contender === 'ours') {
  const { module } = await binary('bench-simd');
  for (const { compact, input } of files) {
    const net = new module.Compact(compact);
    net.set(input);
    net.outputs();
  }
} else if (contender === 'onnxruntime') {
  const ort = await onnxruntime();
  // its JavaScript is parsed by now; ours is a few hundred lines
  begun = performance.now();
  for (const { onnx, input } of files) {
    const session = await ort.InferenceSession.create(onnx, { executionProviders: ['wasm'] });
    const side = Math.sqrt(input.length / 3);
    await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', input, [1, 3, side, side]) });
  }
} else {
  throw new Error('ours or onnxruntime');
}
console.log(performance.now() - begun);
