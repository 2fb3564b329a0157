"""What camera and face networks make of a motion: irregular frames of noisy measures.

One row per frame: t (ms), yaw, pitch, roll, left eye, right eye, mouth, aspect, x, y, height; NaN = not measured.
The names are those of the trace files of `faceid-lab`.
"""

import numpy as np

from motion import STEP

COLUMNS = ("t", "yaw", "pitch", "roll", "left", "right", "mouth", "mouth_aspect", "x", "y", "height")
RATES = (8, 10, 12, 15, 15, 20, 24, 25, 30, 30, 30, 60)


def frame_times(length_ms, rng):
    """8 to 60 fps with jitter, drops, and now and then a stall."""
    rate = float(rng.choice(RATES)) * rng.uniform(0.92, 1.08)
    step = 1000 / rate
    t = np.arange(0, length_ms, step) + rng.normal(0, step * rng.choice([0.02, 0.08, 0.2]), int(np.ceil(length_ms / step)))
    t = t[rng.random(len(t)) >= rng.choice([0, 0, 0.03, 0.1, 0.2])]
    for _ in range(rng.poisson(0.3)):
        stall = rng.uniform(0, length_ms)
        t = t[(t < stall) | (t > stall + rng.uniform(150, 700))]
    t = np.unique(np.round(np.clip(t, 0, length_ms - 1)).astype(int))
    return t


def correlated(n, rng, rho):
    """First-order noise of unit variance."""
    out, white = np.empty(n), rng.normal(size=n)
    out[0] = white[0]
    for i in range(1, n):
        out[i] = rho * out[i - 1] + np.sqrt(1 - rho * rho) * white[i]
    return out


def measure(motion, rng):
    """Frames of one person with one camera."""
    t = frame_times(motion.length * STEP, rng)
    at = np.minimum(t // STEP, motion.length - 1)
    n = len(t)
    take = lambda name: getattr(motion, name)[at]
    noise = lambda size: size * correlated(n, rng, rng.uniform(0, 0.85))

    # Pose: noise of a still head measured below 1.5 degrees; a gain and an offset per person (the canonical face is not theirs)
    # and per camera height; more while moving.
    level = rng.choice([0.15, 0.3, 0.5, 0.9], p=[0.25, 0.4, 0.25, 0.1])
    shown = {name: take(name) for name in ("yaw", "pitch", "roll")}
    speed = np.hypot(np.gradient(shown["yaw"]), np.gradient(shown["pitch"])) if n > 2 else np.zeros(n)
    blur = 1 + np.minimum(speed, 12) * rng.uniform(0, 0.15)
    outward = rng.uniform(8, 34)  # weak perspective: sliding seems to turn
    yaw = shown["yaw"] * rng.uniform(0.75, 1.1) + take("x") * outward + rng.uniform(-8, 8)
    pitch = shown["pitch"] * rng.uniform(0.65, 1.1) - take("y") * outward * rng.uniform(0.3, 1) + rng.uniform(-20, 20)
    pitch = pitch + take("gap") * rng.uniform(-8, 8)
    roll = shown["roll"] + rng.uniform(-6, 6)
    yaw, pitch, roll = (v + noise(level) * blur for v in (yaw, pitch, roll))

    # Eyes: openness of the open eye is a trait; shut eyes do not read zero; lowered chin lowers the reading by up to 40 %.
    trait = rng.uniform(0.65, 1.45)
    floor = rng.choice([rng.uniform(0, 0.15), rng.uniform(0.1, 0.35), rng.uniform(0.3, 0.48)], p=[0.5, 0.4, 0.1])
    down, up = rng.uniform(0, 0.4), rng.uniform(-0.1, 0.25)
    tilt = 1 - down * np.clip(-shown["pitch"] / 20, 0, 1.2) - up * np.clip(shown["pitch"] / 20, 0, 1)
    turn = 1 - rng.uniform(-0.1, 0.25) * np.clip(np.abs(shown["yaw"]) / 25, 0, 1.3)
    glasses = rng.random() < 0.2
    size = rng.uniform(0.05, 0.13) if glasses else rng.choice([0.015, 0.03, 0.06])
    lid = floor + (1 - floor) * take("lid") * take("narrow")
    eyes = []
    for side, sign in (("left", 1), ("right", -1)):
        own = floor + (1 - floor) * take("lid_wink") if side == motion.wink_side else 1.0
        value = trait * rng.uniform(0.95, 1.05) * lid * own * tilt * turn
        if glasses:
            value = np.maximum(value, trait * rng.uniform(0.0, 0.3))
        value = np.maximum(0, value + noise(size) * trait * blur)
        if glasses:
            for _ in range(rng.poisson(n / 150)):  # glare
                start, span = rng.integers(0, n), rng.integers(1, 5)
                value[start : start + span] = trait * rng.uniform(0.2, 1.3) if rng.random() < 0.6 else np.nan
        value[sign * yaw > 35] = np.nan
        eyes.append(value)

    # Mouth: gap is never quite zero; the shape tells a round opening from a smile.
    rest = rng.uniform(0.005, 0.05)
    gap = take("gap")
    mouth_noise = noise(rng.choice([0.0015, 0.004, 0.012]))
    mouth = np.maximum(0, rest + gap + mouth_noise * blur)
    per_gap = np.where(np.isnan(motion.gap_shape[at]), rng.uniform(5, 7), motion.gap_shape[at])
    aspect = mouth * per_gap * rng.uniform(0.95, 1.05) * (1 + noise(0.04))
    mouth[np.abs(yaw) > 50] = np.nan
    aspect[np.isnan(mouth)] = np.nan

    # Place and size in px.
    height0 = rng.uniform(90, 420)
    grow = (1 + take("near")) * (1 + rng.uniform(0.2, 0.6) * gap) * np.cos(np.radians(np.clip(shown["pitch"], -45, 45)) * rng.uniform(0, 1))
    jitter = rng.choice([0.001, 0.003, 0.01])
    height = height0 * grow * (1 + noise(jitter))
    x = height0 * (rng.uniform(1, 2.5) + take("x") + noise(jitter))
    y = height0 * (rng.uniform(0.8, 1.5) + take("y") + gap * 0.1 + noise(jitter))
    rows = np.stack([t.astype(float), yaw, pitch, roll, *eyes, mouth, aspect, x, y, height], axis=1)

    if rng.random() < 0.1:  # the face is lost for moments
        for _ in range(int(rng.integers(1, 4))):
            start, span = rng.integers(0, n), rng.integers(1, 8)
            rows[start : start + span, 1:] = np.nan
    if rng.random() < 0.1:  # covered mouth or one eye not seen
        rows[:, [6, 7] if rng.random() < 0.4 else [4 + int(rng.integers(0, 2))]] = np.nan
    if rng.random() < 0.05:  # the tracker jumps
        for _ in range(int(rng.integers(1, 4))):
            rows[rng.integers(0, n), 1:4] += rng.normal(0, 12, 3)
    return rows

