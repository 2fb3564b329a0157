"""Training windows: the network answers for the newest frame whether an arc has just come back to neutral."""

import json
from multiprocessing import get_context

import numpy as np

from camera import COLUMNS
from features import CHANNELS, FRAMES, window
from motion import ACTIONS, Arc
from simulate import sequence

AFTER = 500.0  # ms: how long after an arc its evidence stands
FORGET = 800.0  # ms: from then on it must be gone


def targets(t, arcs, ambiguous):
    """(answer, weight) of each action at time `t`; weight 0 where no answer is right."""
    answer, weight = np.zeros(4, np.float32), np.ones(4, np.float32)
    for arc in arcs:
        a = ACTIONS.index(arc.action)
        if arc.back <= t <= arc.end + AFTER:
            answer[a], weight[a] = 1, 1
        elif (arc.start + arc.back) / 2 <= t < arc.back or arc.end + AFTER < t < arc.end + FORGET:
            weight[a] = 0
    for action, start, end in ambiguous:
        a = ACTIONS.index(action)
        if start <= t <= end + FORGET and answer[a] == 0:
            weight[a] = 0
    return answer, weight


def moments(rows, arcs, marks, rng, count):
    """Frames worth learning from: around the ends of arcs and distractions, and anywhere."""
    t = rows[:, 0]
    wanted = []
    for arc in arcs:
        wanted += list(rng.uniform(arc.back, arc.end + AFTER, 4)) + [arc.back + rng.uniform(0, 80)]
        wanted += list(rng.uniform(arc.start - 200, (arc.start + arc.back) / 2, 2)) + [arc.end + rng.uniform(FORGET, 2500)]
    for _, start, end in marks:
        wanted += list(rng.uniform(start, end + 1200, 5)) + [end + rng.uniform(-50, 150)]
    wanted += list(rng.uniform(0, t[-1], max(10, count - len(wanted))))
    return np.unique(np.clip(np.searchsorted(t, wanted), 0, len(t) - 1))


def thinned(rows, newest, arcs, rng):
    """The frames a server gets: from shortly before the arc that is ending, at about 10 fps."""
    t = rows[newest, 0]
    start = max([a.start for a in arcs if a.start < t and t - a.end < AFTER], default=t - rng.uniform(1200, 2500))
    start = min(start - rng.uniform(150, 500), t - 1100)
    keep, last = [], -1e9
    for i in range(newest + 1):
        if rows[i, 0] >= start and (rows[i, 0] - last >= rng.uniform(60, 100) or i == newest):
            keep.append(i)
            last = rows[i, 0]
    return rows[keep]


def windows(rows, arcs, ambiguous, marks, rng, count):
    """Inputs, answers and weights of one sequence."""
    inputs, answers, weights = [], [], []
    for newest in moments(rows, arcs, marks, rng, count):
        part, at = rows, newest
        if rng.random() < 0.2:
            part = thinned(rows, newest, arcs, rng)
            at = len(part) - 1
        elif rng.random() < 0.1:  # a session that has just begun
            part = rows[max(0, newest - int(rng.integers(15, 90))) : newest + 1]
            at = len(part) - 1
        x = window(part, at) if len(part) else None
        if x is not None:
            answer, weight = targets(rows[newest, 0], arcs, ambiguous)
            inputs.append(x.astype(np.float16))
            answers.append(answer)
            weights.append(weight)
    return inputs, answers, weights


def kinematic(job):
    seed, index = job
    rng = np.random.default_rng([seed, index])
    motion, rows = sequence(rng)
    return windows(rows, motion.arcs, motion.ambiguous, motion.marks, rng, 50)


def from_trace(job):
    """Windows of one rendered sequence (`faceid-lab simulate --traces`)."""
    line, seed, index = job
    rng = np.random.default_rng([seed, index])
    rows = np.array([line[name] for name in COLUMNS], float).T  # null becomes NaN
    rows[:, 0] *= 1000
    arcs = []
    for a in line["actions"]:
        # a nod or shake repeated is an arc after its first time
        once = (a["end"] - a["start"]) / (a.get("times", 1) if a["action"] in ("nod", "shake") else 1)
        arcs.append(Arc(a["action"], 1000 * a["start"], 1000 * (a["start"] + 0.87 * once), 1000 * a["end"]))
    marks = [(o["doing"], 1000 * o["start"], 1000 * o["end"]) for o in line.get("others", [])]
    return windows(rows, arcs, [], marks, rng, 80)


def build(seed, count, traces=(), repeats=1, processes=2, keep=None):
    """All windows: `count` simulated sequences (kept in the file `keep` if given), and `repeats` draws from each trace."""
    with get_context("spawn").Pool(processes) as pool:
        if keep and keep.exists():
            simulated = tuple(np.load(keep)[name] for name in ("inputs", "answers", "weights"))
        else:
            simulated = join(pool.map(kinematic, [(seed, i) for i in range(count)], chunksize=16))
            if keep:
                keep.parent.mkdir(parents=True, exist_ok=True)
                np.savez(keep, inputs=simulated[0], answers=simulated[1], weights=simulated[2])
        if not traces:
            return simulated
        rendered = join(pool.map(from_trace, [(line, seed + r, i) for r in range(repeats) for i, line in enumerate(traces)], chunksize=4))
    return tuple(np.concatenate(pair) for pair in zip(simulated, rendered))


def join(parts):
    inputs = np.array([x for part in parts for x in part[0]], np.float16).reshape(-1, CHANNELS, FRAMES)
    answers = np.array([x for part in parts for x in part[1]], np.float32).reshape(-1, 4)
    return inputs, answers, np.array([x for part in parts for x in part[2]], np.float32).reshape(-1, 4)


def read_traces(paths):
    lines = []
    for path in paths:
        with open(path) as file:
            lines += [json.loads(line) for line in file if line.strip()]
    return lines
