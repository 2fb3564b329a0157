"""Trains the action network and writes action.onnx and reference.json beside this file.

    python train.py [--traces RENDERED.jsonl …] [--seed 1] [--sequences 2400] [--epochs 14]
"""

import argparse
import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnxruntime

import dataset
import network
from features import FRAMES, SPACING, window
from motion import ACTIONS
from simulate import sequence

HERE = Path(__file__).parent
BATCH = 256
RATE = 2.5e-3
DECAY = 2e-5


def loss(params, x, y, w):
    z = network.logits(params, x)
    each = jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))
    size = sum(jnp.sum(weight**2) for weight, _ in params)
    return jnp.sum(each * w) / jnp.maximum(1, jnp.sum(w)) + DECAY * size


@jax.jit
def step(params, moments, x, y, w, rate, count):
    """Adam."""
    value, grads = jax.value_and_grad(loss)(params, x.astype(jnp.float32), y, w)
    m, v = moments
    m = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g, m, grads)
    v = jax.tree.map(lambda a, g: 0.999 * a + 0.001 * g * g, v, grads)
    move = lambda p, a, b: p - rate * (a / (1 - 0.9**count)) / (jnp.sqrt(b / (1 - 0.999**count)) + 1e-8)
    return jax.tree.map(move, params, m, v), (m, v), value


def train(data, options):
    inputs, answers, weights = data
    params = network.initial(options.seed)
    moments = (jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params))
    rng, count = np.random.default_rng(options.seed), 0
    total = options.epochs * (len(inputs) // BATCH)
    for epoch in range(options.epochs):
        order, values = rng.permutation(len(inputs)), []
        for start in range(0, len(order) - BATCH + 1, BATCH):
            pick, count = np.sort(order[start : start + BATCH]), count + 1
            rate = RATE * min(1, count / 200) * 0.5 * (1 + np.cos(np.pi * count / total))
            params, moments, value = step(params, moments, inputs[pick], answers[pick], weights[pick], rate, count)
            values.append(float(value))
        print(f"epoch {epoch + 1}: loss {np.mean(values):.4f}", flush=True)
    return params


def report(params, data):
    """Per action: share of true moments scored at or above the score that 1 % of the others reach."""
    inputs, answers, weights = data
    run = jax.jit(lambda x: jax.nn.sigmoid(network.logits(params, x.astype(jnp.float32))))
    scores = np.concatenate([np.asarray(run(inputs[i : i + 2048])) for i in range(0, len(inputs), 2048)])
    for a, action in enumerate(ACTIONS):
        used = weights[:, a] > 0
        yes, no = scores[used & (answers[:, a] > 0.5), a], scores[used & (answers[:, a] < 0.5), a]
        limit = np.quantile(no, 0.99)
        print(f"{action:6} moments {len(yes):6} of {len(yes) + len(no):6}  found at 1 % false {np.mean(yes >= limit):.3f} (score {limit:.3f})"
              f"  at 0.5: found {np.mean(yes >= 0.5):.3f} false {np.mean(no >= 0.5):.4f}")


def write_reference(path):
    """Raw frames with the scores that any implementation of features and network must give."""
    session, cases = onnxruntime.InferenceSession(str(HERE / "action.onnx")), []
    for seed in range(40):
        if len(cases) == 4:
            break
        motion, rows = sequence(np.random.default_rng([99, seed]))
        wanted = ACTIONS[len(cases)]
        arc = next((a for a in motion.arcs if a.action == wanted), None)
        if arc is None or len(rows) > 400:
            continue
        newest = int(np.searchsorted(rows[:, 0], arc.back + 100))
        rows = np.round(rows[max(0, newest - 160) : newest + 1], 3)
        x = window(rows, len(rows) - 1)
        if x is None:
            continue
        scores = session.run(None, {"window": x[None]})[0][0]
        frames = [[None if np.isnan(v) else float(v) for v in row] for row in rows]
        cases.append({"action": wanted, "frames": frames, "channel_sums": [round(float(v), 4) for v in x.sum(axis=1, dtype=np.float64)],
                      "scores": [round(float(v), 5) for v in scores]})
    path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--traces", nargs="*", default=[], help="rendered sequences to learn from as well")
    arguments.add_argument("--repeats", type=int, default=4, help="draws from each rendered sequence")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--sequences", type=int, default=2400)
    arguments.add_argument("--epochs", type=int, default=14)
    arguments.add_argument("--keep", type=Path, help="folder in which simulated windows are kept between runs")
    options = arguments.parse_args()
    began = time.time()
    traces = dataset.read_traces(options.traces)
    keep = lambda seed, count: options.keep and options.keep / f"windows-{seed}-{count}.npz"
    data = dataset.build(options.seed, options.sequences, traces, options.repeats, keep=keep(options.seed, options.sequences))
    print(f"{len(data[0])} windows of {options.sequences} simulated and {len(traces)} rendered sequences, {time.time() - began:.0f} s", flush=True)
    params = train(data, options)
    network.export(params, HERE / "action.onnx", f"frames {FRAMES}, spacing {SPACING:.0f} ms, seed {options.seed}")
    write_reference(HERE / "reference.json")
    print(f"weights {sum(w.size + b.size for w, b in params)}, file {(HERE / 'action.onnx').stat().st_size} bytes, {time.time() - began:.0f} s in all")
    print("on simulated sequences of another seed:")
    report(params, dataset.build(options.seed + 1000, 300, keep=keep(options.seed + 1000, 300)))


if __name__ == "__main__":
    main()
