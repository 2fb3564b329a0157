"""Both networks in onnxruntime and in OpenCV's engine, and OpenCV's own detector (the Haar cascade it ships), each with one thread. The networks get
the picture of the numeric references, the cascade a portrait of 480 px. Prints one line of JSON: least and median ms."""
import json
import sys
import time

import cv2
import numpy
import onnxruntime

RUNS, WARM_UP = 200, 30


def picture(side: int, gain: float, offset: float) -> numpy.ndarray:
    c, y, x = numpy.meshgrid(range(3), range(side), range(side), indexing="ij")
    pixels = (7 * x + 13 * y + 29 * c + 3 * ((x * y) % 31) + (x * x + y * y) // 64) % 256
    return (pixels * gain + offset).astype(numpy.float32)[None]


def timed(run) -> dict[str, float]:
    times = []
    for _ in range(WARM_UP + RUNS):
        begun = time.perf_counter()
        run()
        times.append((time.perf_counter() - begun) * 1000)
    times = sorted(times[WARM_UP:])
    return {"min": times[0], "median": times[RUNS // 2]}


def in_onnxruntime(path: str, image: numpy.ndarray) -> dict[str, float]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = {session.get_inputs()[0].name: image}
    return timed(lambda: session.run(None, feeds))


def in_opencv(path: str, image: numpy.ndarray) -> dict[str, float]:
    net = cv2.dnn.readNetFromONNX(path)
    outputs = net.getUnconnectedOutLayersNames()

    def run() -> None:
        net.setInput(image)
        net.forward(outputs)

    return timed(run)


def cascade(portrait: str) -> dict[str, float]:
    grey = cv2.imread(portrait, cv2.IMREAD_GRAYSCALE)
    scale = 480 / max(grey.shape)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    faces = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    if len(faces.detectMultiScale(grey, minSize=(80, 80))) == 0:
        sys.exit(f"{portrait}: the cascade finds no face")
    return timed(lambda: faces.detectMultiScale(grey, minSize=(80, 80)))


cv2.setNumThreads(1)
models, portrait = sys.argv[1:]
roles = {"detector": picture(128, 2 / 255, -1), "landmark": picture(192, 1 / 255, 0)}
found = {"versions": {"onnxruntime": onnxruntime.__version__, "opencv": cv2.__version__}, "cascade": cascade(portrait)}
for role, image in roles.items():
    path = f"{models}/face_{role}.onnx"
    found[role] = {"onnxruntime": in_onnxruntime(path, image), "opencv": in_opencv(path, image)}
print(json.dumps(found))
