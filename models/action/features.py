"""A window of frames as the network's input. The same arithmetic as crates/vision/src/action/window.rs; reference.json holds both to it."""

import numpy as np

FRAMES = 128
SPACING = 25.0  # ms: denser frames are thinned, never averaged
SPAN = 6000.0  # ms: older frames are left out
LEAST_FRAMES = 12
LEAST_SPAN = 1000.0  # ms
EYE_QUANTILE = 0.7
EYE_FLOOR = 0.35
CHANNELS = 18


def select(t, newest):
    """Indices of the frames of the window that ends at `newest`, oldest first: from the newest back, at least SPACING apart."""
    chosen, last = [newest], t[newest]
    for i in range(newest - 1, -1, -1):
        if t[newest] - t[i] > SPAN or len(chosen) == FRAMES:
            break
        if last - t[i] >= SPACING:
            chosen.append(i)
            last = t[i]
    return chosen[::-1]


def quantile(values, q):
    """Linear between neighbours; None for nothing."""
    values = np.sort(values[~np.isnan(values)].astype(np.float32))
    if len(values) == 0:
        return None
    place = np.float32(q) * np.float32(len(values) - 1)
    low = int(np.floor(place))
    high = int(np.ceil(place))
    return values[low] + (values[high] - values[low]) * (place - np.float32(low))


def window(rows, newest):
    """[CHANNELS, FRAMES] for the frame `newest` of `rows` (columns of camera.COLUMNS), or None while too little was seen."""
    chosen = select(rows[:, 0], newest)
    if len(chosen) < LEAST_FRAMES or rows[newest, 0] - rows[chosen[0], 0] < LEAST_SPAN:
        return None
    part = rows[chosen].astype(np.float32)
    n = len(part)
    out = np.zeros((CHANNELS, n), np.float32)
    t = rows[chosen, 0]
    out[0, 1:] = np.minimum(np.diff(t) / 100, 3)
    out[1] = (t[-1] - t) / 2000
    pose = ~np.isnan(part[:, 1:4]).any(axis=1)
    for channel, column in ((2, 1), (3, 2), (4, 3)):
        middle = quantile(part[pose, column], 0.5)
        if middle is not None:
            out[channel] = np.where(pose, np.clip((part[:, column] - middle) / 20, -3, 3), 0)
    out[5] = pose
    for channel, column in ((6, 4), (7, 5)):
        seen = ~np.isnan(part[:, column])
        usual = quantile(part[:, column], EYE_QUANTILE)
        if usual is not None and usual >= EYE_FLOOR:
            out[channel] = np.where(seen, np.clip(part[:, column] / usual - 1, -1.2, 1), 0)
            out[channel + 2] = seen
    mouth = ~np.isnan(part[:, 6])
    middle = quantile(part[:, 6], 0.5)
    if middle is not None:
        out[10] = np.where(mouth, np.clip((part[:, 6] - middle) * 5, -3, 3), 0)
        out[11] = np.where(np.isnan(part[:, 7]) | ~mouth, 0, np.minimum(np.nan_to_num(part[:, 7]) / 2, 2))
    out[12] = mouth
    face = ~np.isnan(part[:, 8:11]).any(axis=1)
    if face.any():
        x, y, height = (quantile(part[face, column], 0.5) for column in (8, 9, 10))
        out[13] = np.where(face, np.clip((part[:, 8] - x) / height * 4, -3, 3), 0)
        out[14] = np.where(face, np.clip((part[:, 9] - y) / height * 4, -3, 3), 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[15] = np.where(face, np.clip(np.log(part[:, 10] / height) * 4, -3, 3), 0)
    out[16] = face
    out[17] = 1
    padded = np.zeros((CHANNELS, FRAMES), np.float32)
    padded[:, FRAMES - n :] = np.nan_to_num(out)
    return padded
