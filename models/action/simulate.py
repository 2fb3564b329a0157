"""Draws whole sequences: a person who now and then does an action or a distraction, seen by a camera.

    python simulate.py --seed 7 --count 300 --fraction-actions 0.5 OUT.jsonl

writes them in the trace format of `faceid-lab` (README.md), for testing without rendering.
"""

import argparse
import json

import numpy as np

from camera import COLUMNS, measure
from distract import DISTRACTORS, sway
from motion import ACTION_MAKERS, ACTIONS, STEP, Motion, ms, spontaneous_blink


def sequence(rng, fraction_actions=0.5, seconds=(18, 30)):
    """One person, one camera: (motion, rows)."""
    m = Motion(int(rng.uniform(*seconds) * 1000 / STEP))
    m.wink_side = "left" if rng.random() < 0.5 else "right"
    sway(m, 0, m.length, rng, rng.uniform(0.5, 4))
    at = int(rng.uniform(0.8, 2.5) * 1000 / STEP)
    busy = []
    while at < m.length - int(4500 / STEP):
        begin = at
        if rng.random() < fraction_actions:
            maker = ACTION_MAKERS[ACTIONS[int(rng.integers(0, 4))]]
            at += maker(m, at, rng)
        else:
            maker = DISTRACTORS[int(rng.integers(0, len(DISTRACTORS)))]
            at += maker(m, at, rng)
            m.marks.append((maker.__name__, ms(begin), ms(at)))
        busy.append((begin, at, maker.__name__))
        pause = rng.uniform(0.35, 0.9) if rng.random() < 0.4 else rng.uniform(0.9, 2.5)
        at += int(pause * 1000 / STEP)
    blink_by_themselves(m, rng, [(a, b) for a, b, name in busy if name in ("blink", "long_closure")])
    return m, measure(m, rng)


def blink_by_themselves(m, rng, eyes_busy):
    """10 to 25 a minute, log-normal gaps; not while the eyes are in use."""
    mean = 60 / rng.uniform(10, 25)
    at = rng.uniform(0, mean)
    while at * 1000 / STEP < m.length - 100:
        index = int(at * 1000 / STEP)
        if all(index + 90 < a - 40 or index > b + 40 for a, b in eyes_busy):
            spontaneous_blink(m, index, rng)
        at += max(0.45, mean * rng.lognormal(-0.2, 0.65))


def spans(arcs):
    """Spans in ms as the trace format wants them, in s."""
    return [{"action": action, "start": start / 1000, "end": end / 1000} for action, start, end in arcs]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("output")
    arguments.add_argument("--seed", type=int, required=True)
    arguments.add_argument("--count", type=int, default=300)
    arguments.add_argument("--fraction-actions", type=float, default=0.5)
    arguments.add_argument("--kind", default="kinematic")
    options = arguments.parse_args()
    with open(options.output, "w") as out:
        for i in range(options.count):
            m, rows = sequence(np.random.default_rng([options.seed, i]), options.fraction_actions)
            line = {"clip": f"kinematic-{options.seed}-{i}", "kind": options.kind, "actions": spans((a.action, a.start, a.end) for a in m.arcs)}
            line["ambiguous"] = spans(m.ambiguous)
            line["t"] = [t / 1000 for t in rows[:, 0]]
            for name, column in zip(COLUMNS[1:], rows[:, 1:].T):
                line[name] = [None if np.isnan(v) else round(float(v), 4) for v in column]
            out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
