"""What people do in front of a camera that is none of the four actions."""

import numpy as np

from motion import STEP, closure, grid, ms, plateau, smooth


def talk(m, at, rng):
    n = grid(rng.uniform(1.5, 6))
    t = np.arange(n) * STEP / 1000
    rate, size = rng.uniform(2.5, 5.5), rng.uniform(0.03, 0.11)
    syllables = np.abs(np.sin(np.pi * rate * t + 2 * np.cumsum(rng.normal(0, 0.03, n)))) * (0.5 + 0.5 * np.sin(2 * np.pi * t * 0.4 + rng.uniform(0, 6)) ** 2)
    m.put("gap", at, size * syllables * np.concatenate([plateau(0.2, n * STEP / 1000 - 0.4, 0.2), np.zeros(n)])[:n])
    m.gap_shape[at : at + n] = rng.uniform(5.5, 7.5)
    sway(m, at, n, rng, 5)
    return n


def smile(m, at, rng):
    n_hold = rng.uniform(0.5, 3)
    track = plateau(rng.uniform(0.2, 0.6), n_hold, rng.uniform(0.3, 0.9))
    m.put("gap", at, track * rng.uniform(0, 0.21))
    m.gap_shape[at : at + len(track)] = rng.uniform(3.5, 5.8)
    m.put("narrow", at, 1 - track * rng.uniform(0.05, 0.5), multiply=True)
    m.put("pitch", at, track * rng.uniform(-2, 4))
    return len(track)


def squint(m, at, rng):
    track = plateau(rng.uniform(0.15, 0.6), rng.uniform(0.3, 2.5), rng.uniform(0.15, 0.6))
    m.put("narrow", at, 1 - track * rng.uniform(0.2, 0.55), multiply=True)
    return len(track)


def gaze_down(m, at, rng):
    """Lids follow the eyes; the head often follows a little."""
    track = plateau(rng.uniform(0.12, 0.4), rng.uniform(0.3, 3), rng.uniform(0.1, 0.35))
    m.put("narrow", at, 1 - track * rng.uniform(0.25, 0.62), multiply=True)
    m.put("pitch", at, -track * rng.uniform(0, 5))
    return len(track)


def long_closure(m, at, rng):
    """Dozing or resting: longer than any blink."""
    track = closure(0.15, rng.uniform(2.4, 5), 0.3, 0.97)
    m.put("lid", at, track, multiply=True)
    return len(track)


def wink(m, at, rng):
    track = closure(0.1, rng.uniform(0.1, 0.5), 0.15, rng.uniform(0.8, 1))
    m.put("lid_wink", at, track, multiply=True)
    return len(track)


def translate(m, at, rng):
    """The whole head slides or leans without turning."""
    if rng.random() < 0.5:
        track = plateau(rng.uniform(0.3, 1), rng.uniform(0, 1.5), rng.uniform(0.3, 1))
    else:
        n = grid(rng.uniform(1, 4))
        track = np.sin(np.linspace(0, 2 * np.pi * int(rng.integers(1, 3)), n))
    m.put("x", at, track * rng.uniform(0.1, 0.6) * rng.choice([-1, 1]))
    m.put("y", at, track * rng.uniform(-0.2, 0.2))
    m.put("roll", at, track * rng.uniform(-6, 6))
    return len(track)


def lean(m, at, rng):
    """Nearer or away, staying there or coming back."""
    out = smooth(grid(rng.uniform(0.4, 1.2)))
    track = out if rng.random() < 0.5 else np.concatenate([out, np.ones(grid(rng.uniform(0.2, 1.5))), out[::-1]])
    m.put("near", at, track * rng.uniform(-0.35, 0.45))
    m.put("pitch", at, np.sin(np.linspace(0, np.pi, len(track))) * rng.uniform(-10, 10))
    m.put("y", at, track * rng.uniform(-0.2, 0.2))
    if len(track) == len(out):
        stay(m, at + len(track), "near", m.near[min(at + len(track) - 1, m.length - 1)])
    return len(track)


def stay(m, at, name, value):
    """Holds a value until the end: a new posture."""
    if at < m.length:
        getattr(m, name)[at:] += value


def chew(m, at, rng):
    n = grid(rng.uniform(1.5, 5))
    t = np.arange(n) * STEP / 1000
    track = np.sin(2 * np.pi * rng.uniform(0.9, 1.8) * t)
    m.put("gap", at, np.clip(track, 0, None) * rng.uniform(0, 0.06))
    m.put("y", at, track * rng.uniform(0, 0.02))
    m.put("pitch", at, track * rng.uniform(0, 2))
    return n


def yawn(m, at, rng):
    rise, hold, fall = rng.uniform(0.9, 2.0), rng.uniform(1.5, 3.0), rng.uniform(0.7, 1.5)
    track = plateau(rise, hold, fall)
    m.put("gap", at, track * rng.uniform(0.2, 0.55))
    m.gap_shape[at : at + len(track)] = rng.uniform(6, 9)
    m.put("narrow", at, 1 - track * rng.uniform(0.2, 0.9), multiply=True)
    m.put("pitch", at, track * rng.uniform(0, 9))
    if rng.random() < 0.5:
        m.ambiguous.append(("blink", ms(at), ms(at + len(track))))
    return len(track)


def posture(m, at, rng):
    """Settles somewhere else."""
    move = smooth(grid(rng.uniform(0.3, 1.5)))
    for name, span in (("yaw", 14), ("pitch", 12), ("roll", 8), ("x", 0.25), ("y", 0.2)):
        delta = rng.uniform(-span, span)
        m.put(name, at, move * delta)
        stay(m, at + len(move), name, delta)
    return len(move)


def look_aside(m, at, rng):
    """One turn to one side and back."""
    track = plateau(rng.uniform(0.25, 0.8), rng.uniform(0, 2), rng.uniform(0.25, 0.8)) * rng.uniform(8, 40) * rng.choice([-1, 1])
    m.put("yaw", at, track)
    m.put("pitch", at, np.abs(track) * rng.uniform(-0.25, 0.25))
    m.put("x", at, track * rng.uniform(0.003, 0.011))
    return len(track)


def look_around(m, at, rng):
    """Stops on several targets; the stops are what a shake has not."""
    parts, here = [], np.zeros(2)
    for _ in range(int(rng.integers(2, 5))):
        there = np.array([rng.uniform(-35, 35), rng.uniform(-12, 10)])
        move = smooth(grid(rng.uniform(0.25, 0.7)))[:, None]
        parts += [here + move * (there - here), np.tile(there, (grid(rng.uniform(1.0, 2.2)), 1))]
        here = there
    parts.append(here * (1 - smooth(grid(rng.uniform(0.3, 0.7)))[:, None]))
    track = np.concatenate(parts)
    m.put("yaw", at, track[:, 0])
    m.put("pitch", at, track[:, 1])
    m.put("x", at, track[:, 0] * 0.007)
    m.ambiguous.append(("nod", ms(at), ms(at + len(track))))
    return len(track)


def glance_down(m, at, rng):
    """Reads something below for seconds: too long for a nod."""
    track = plateau(rng.uniform(0.3, 0.8), rng.uniform(3.8, 7), rng.uniform(0.3, 0.8))
    m.put("pitch", at, -track * rng.uniform(8, 25))
    m.put("narrow", at, 1 - track * rng.uniform(0.1, 0.5), multiply=True)
    return len(track)


def diagonal(m, at, rng):
    """A circle or a slanted swing: neither nod nor shake."""
    n = grid(rng.uniform(0.8, 3))
    phase = np.linspace(0, 2 * np.pi, n)
    size = rng.uniform(8, 20)
    turn = rng.choice([0, 1])
    ease = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / (n / 6))
    m.put("yaw", at, ease * size * np.sin(phase) * rng.choice([-1, 1]))
    m.put("pitch", at, ease * size * rng.uniform(0.8, 1.2) * (np.cos(phase) if turn else np.sin(phase)))
    return n


def small_move(m, at, rng):
    """Back-channel nods and fidgeting: too small to count."""
    n = grid(rng.uniform(0.3, 1.5))
    track = np.sin(np.linspace(0, np.pi * int(rng.integers(1, 5)), n))
    m.put("pitch", at, track * rng.uniform(-5, 5))
    m.put("yaw", at, track * rng.uniform(-5, 5))
    return n


def sway(m, at, n, rng, size):
    for name in ("yaw", "pitch", "roll"):
        walk = np.cumsum(rng.normal(0, 1, n // 20 + 2))
        walk = walk - np.linspace(walk[0], walk[-1], len(walk))
        scale = size * rng.uniform(0.2, 1) / max(1e-6, np.abs(walk).max())
        knots = np.linspace(0, n - 1, len(walk))
        smoothed = np.convolve(np.pad(walk, 2, mode="edge"), np.ones(5) / 5, mode="valid")
        m.put(name, at, np.interp(np.arange(n), knots, smoothed * scale) * np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / 60))


DISTRACTORS = [talk, talk, smile, smile, squint, gaze_down, gaze_down, long_closure, wink, translate, translate, lean, chew, yawn, posture, look_aside, look_aside, look_around, glance_down, diagonal, small_move, small_move]
