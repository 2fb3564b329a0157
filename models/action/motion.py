"""True movements of a head over time: the four actions, and what must not be taken for them.

Angles in degrees (yaw positive to the person's left, pitch positive chin up), lid apertures 1 open to 0 shut,
mouth gap in outer eye distances, place in face heights. Everything on a grid of STEP milliseconds.

Sources of the ranges: spontaneous blinks last 100 to 400 ms and close faster than they open (Caffier, Erdmann and
Ullsperger, Eur J Appl Physiol 2003; VanderWerf et al., J Neurophysiol 2003); people blink 10 to 25 times a minute at
rest (Bentivoglio et al., Mov Disord 1997); blinks on command are deeper and longer; head gestures run at 0.3 to 2 Hz.
"""

from dataclasses import dataclass, field

import numpy as np

STEP = 5  # ms
ACTIONS = ("nod", "shake", "blink", "mouth")


@dataclass
class Arc:
    """One action: `back` is when its first full arc has come back, `end` when the movement is over. Milliseconds."""

    action: str
    start: float
    back: float
    end: float


@dataclass
class Motion:
    """Signals on the grid, the arcs in them, and spans that are neither action nor its absence."""

    length: int
    arcs: list = field(default_factory=list)
    ambiguous: list = field(default_factory=list)  # (action, start ms, end ms)
    marks: list = field(default_factory=list)  # (kind, start ms, end ms) of distractors
    gap_shape: np.ndarray = None

    def __post_init__(self):
        for name in ("yaw", "pitch", "roll", "gap", "x", "y", "near"):
            setattr(self, name, np.zeros(self.length))
        self.lid = np.ones(self.length)  # product of closures, both eyes
        self.lid_wink = np.ones(self.length)  # the winking eye alone
        self.wink_side = "left"
        self.narrow = np.ones(self.length)  # smiles, squints, lowered gaze
        self.gap_shape = np.full(self.length, np.nan)  # aspect per gap where a distractor shapes the mouth

    def put(self, name, start, values, multiply=False):
        """Adds (or multiplies) `values` from grid index `start` on; what does not fit is cut off."""
        signal = getattr(self, name)
        start, values = int(start), values[: max(0, self.length - int(start))]
        if multiply:
            signal[start : start + len(values)] *= values
        else:
            signal[start : start + len(values)] += values


def grid(seconds):
    return max(2, int(round(seconds * 1000 / STEP)))


def smooth(n):
    """0 to 1 with minimum jerk."""
    s = np.linspace(0, 1, n)
    return s**3 * (10 - 15 * s + 6 * s**2)


def plateau(rise, hold, fall):
    return np.concatenate([smooth(grid(rise)), np.ones(grid(hold)), smooth(grid(fall))[::-1]])


def back_index(track, share=0.35, floor=5.0):
    """Where an excursion that has reached its furthest point is back near zero."""
    size = np.abs(track)
    peak = int(size.argmax())
    late = np.nonzero(size[peak:] <= max(floor, share * size[peak]))[0]
    return peak + int(late[0]) if len(late) else len(track) - 1


def ms(index):
    return float(index * STEP)


# ---------------------------------------------------------------- actions


def nod(m, at, rng):
    amplitude = rng.uniform(9, 40) if rng.random() < 0.5 else rng.uniform(9, 22)
    # A head does not accelerate without limit: large nods are slower.
    period = 1 / rng.uniform(0.3, min(2.0, 28 / amplitude + 0.3))
    cycles = int(rng.integers(1, 4))
    cycles = max(1, min(cycles, int(3.8 / period)))
    n = grid(period)
    shape = 0.5 - 0.5 * np.cos(np.linspace(0, 2 * np.pi, n))
    skew = np.interp(np.linspace(0, 1, n) ** rng.uniform(0.75, 1.35), np.linspace(0, 1, n), shape)
    both = rng.random() < 0.3  # down and up again beyond neutral
    one = np.sin(np.linspace(0, 2 * np.pi, n)) * smooth_edges(n) if both else skew
    sign = -1 if rng.random() < 0.8 else 1
    scales = amplitude * rng.uniform(0.75, 1.0, cycles)
    scales[0] = amplitude
    track = sign * np.concatenate([one * s for s in scales])
    m.put("pitch", at, track)
    m.put("yaw", at, track * rng.uniform(-0.18, 0.18))
    m.put("roll", at, track * rng.uniform(-0.12, 0.12))
    m.put("y", at, -track * rng.uniform(0.0, 0.008))
    m.arcs.append(Arc("nod", ms(at), ms(at + back_after(one * amplitude, both)), ms(at + len(track))))
    return len(track)


def back_after(one, both):
    """End of the first full arc: after both sides where there are two."""
    if not both:
        return back_index(one)
    half = len(one) // 2
    return half + back_index(one[half:])


def smooth_edges(n):
    """Eases a sine in and out, so that speed does not jump."""
    edge = min(n // 6 + 1, n // 2)
    window = np.ones(n)
    window[:edge] = smooth(edge)
    window[-edge:] = smooth(edge)[::-1]
    return window


def shake(m, at, rng):
    amplitude = rng.uniform(12, 40) if rng.random() < 0.6 else rng.uniform(12, 24)
    period = 1 / rng.uniform(0.3, min(2.0, 30 / amplitude + 0.25))
    cycles = max(1, min(int(rng.integers(1, 4)), int(3.8 / period)))
    n = grid(period)
    if rng.random() < 0.35 and period > 1.2:  # turn, dwell, turn to the other side, dwell, return
        dwell, turn = rng.uniform(0.05, 0.3), period / 4
        first = amplitude * smooth(grid(turn))
        across = amplitude * (1 - 2 * smooth(grid(turn * 1.6)))
        home = -amplitude * smooth(grid(turn))[::-1]
        one = np.concatenate([first, np.full(grid(dwell), amplitude), across, np.full(grid(dwell), -amplitude), home])
        cycles = 1
    else:
        one = amplitude * np.sin(np.linspace(0, 2 * np.pi, n)) * smooth_edges(n)
    second = rng.uniform(0.75, 1.25)
    if amplitude * second >= 10:
        one = np.where(one < 0, one * second, one)
    track = np.concatenate([one] * cycles) * (1 if rng.random() < 0.5 else -1)
    m.put("yaw", at, track)
    m.put("pitch", at, np.abs(track) * rng.uniform(-0.2, 0.2))
    m.put("roll", at, track * rng.uniform(-0.25, 0.25))
    m.put("x", at, track * rng.uniform(0.003, 0.011))
    m.arcs.append(Arc("shake", ms(at), ms(at + back_after(one, True)), ms(at + len(track))))
    return len(track)


def closure(closing, shut, opening, depth):
    down = 1 - depth * smooth(grid(closing))
    up = 1 - depth * smooth(grid(opening))[::-1]
    return np.concatenate([down, np.full(max(0, int(shut * 1000 / STEP)), 1 - depth), up])


def spontaneous_blink(m, at, rng):
    depth = rng.uniform(0.75, 1.0)
    track = closure(rng.uniform(0.05, 0.1), rng.uniform(0, 0.07), rng.uniform(0.09, 0.22), depth)
    m.put("lid", at, track, multiply=True)
    return len(track)


def blink(m, at, rng):
    """On command: one held closure, or two quick ones."""
    depth = rng.uniform(0.92, 1.0)
    if rng.random() < 0.7:
        closing, shut = rng.uniform(0.06, 0.14), rng.uniform(0.22, 1.0)
        track = closure(closing, shut, rng.uniform(0.1, 0.25), depth)
    else:
        one = lambda: closure(rng.uniform(0.05, 0.1), rng.uniform(0.06, 0.18), rng.uniform(0.09, 0.2), depth)
        track = np.concatenate([one(), np.ones(grid(rng.uniform(0.1, 0.7))), one()])
    m.put("lid", at, track, multiply=True)
    shut = np.nonzero(track < 0.25)[0]
    back = int(shut[-1]) + int(np.argmax(track[shut[-1] :] > 0.7))
    if rng.random() < 0.4:  # cheeks and head help
        squeeze = plateau(0.1, len(track) * STEP / 1000 - 0.2 if len(track) * STEP > 250 else 0.05, 0.1)
        m.put("pitch", at, -squeeze * rng.uniform(0, 4))
        m.put("gap", at, squeeze * rng.uniform(0, 0.03))
    m.arcs.append(Arc("blink", ms(at), ms(at + back), ms(at + len(track))))
    return len(track)


def mouth(m, at, rng):
    gap = rng.uniform(0.18, 0.5)
    rise, hold, fall = rng.uniform(0.12, 0.5), rng.uniform(0.3, 1.5), rng.uniform(0.12, 0.5)
    track = gap * plateau(rise, hold, fall)
    m.put("gap", at, track)
    m.put("pitch", at, track * rng.uniform(-6, 12))
    m.put("narrow", at, 1 - track * rng.uniform(0, 0.4), multiply=True)
    wide = np.nonzero(track > 0.06)[0]
    m.gap_shape[at : at + len(track)] = rng.uniform(6.0, 9.0)
    m.arcs.append(Arc("mouth", ms(at), ms(at + int(wide[-1])), ms(at + len(track))))
    return len(track)


ACTION_MAKERS = {"nod": nod, "shake": shake, "blink": blink, "mouth": mouth}
