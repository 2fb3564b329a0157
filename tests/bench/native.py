"""Both networks in onnxruntime with one thread, on the picture of the numeric references. Prints one line of JSON: least and median ms."""
import json
import sys
import time

import numpy
import onnxruntime

RUNS, WARM_UP = 200, 30


def picture(side: int, gain: float, offset: float) -> numpy.ndarray:
    c, y, x = numpy.meshgrid(range(3), range(side), range(side), indexing="ij")
    pixels = (7 * x + 13 * y + 29 * c + 3 * ((x * y) % 31) + (x * x + y * y) // 64) % 256
    return (pixels * gain + offset).astype(numpy.float32)[None]


def measured(path: str, image: numpy.ndarray) -> dict[str, float]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = {session.get_inputs()[0].name: image}
    times = []
    for _ in range(WARM_UP + RUNS):
        begun = time.perf_counter()
        session.run(None, feeds)
        times.append((time.perf_counter() - begun) * 1000)
    times = sorted(times[WARM_UP:])
    return {"min": times[0], "median": times[RUNS // 2]}


models = sys.argv[1]
print(json.dumps({
    "onnxruntime": onnxruntime.__version__,
    "detector": measured(f"{models}/face_detector.onnx", picture(128, 2 / 255, -1)),
    "landmark": measured(f"{models}/face_landmark.onnx", picture(192, 1 / 255, 0)),
}))
