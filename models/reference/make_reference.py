"""Writes face_detector.json and face_landmark.json: TFLite outputs on fixed inputs.

    pip install ai-edge-litert==2.3.0 numpy
    npm pack @mediapipe/face_mesh@0.4.1657299874 && tar xzf mediapipe-face_mesh-*.tgz
    python make_reference.py package .
"""

import importlib.metadata
import json
import pathlib
import re
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

SETTINGS = {
    # name: (file, side, subtract, divide, {output: (values, sampling step)})
    "face_detector": (
        "face_detection_short_range.tflite", 128, 127.5, 127.5,
        {"regressors": (14336, 61), "scores": (896, 7)},
    ),
    "face_landmark": (
        "face_landmark.tflite", 192, 0.0, 255.0,
        {"landmarks": (1404, 5), "presence": (1, 1)},
    ),
}


def pixels(k, side):
    """HWC bytes; must stay equal to `pixel` in xtask/src/models/check.rs and make_embedding.mjs."""
    y, x, c = np.mgrid[0:side, 0:side, 0:3]
    return (k * (7 * x + 13 * y) + 29 * c + 3 * ((x * y) % 31) + (x * x + y * y) // 64) % 256


def asset(package, name):
    loader = (package / "face_mesh_solution_packed_assets_loader.js").read_text()
    entry = re.search(rf'/{name}", "start": (\d+), "end": (\d+)', loader)
    data = (package / "face_mesh_solution_packed_assets.data").read_bytes()
    return data[int(entry[1]) : int(entry[2])]


def main(package, target):
    version = importlib.metadata.version("ai-edge-litert")
    for name, (file, side, subtract, divide, outputs) in SETTINGS.items():
        # the plain reference kernels: no delegate, no platform-dependent fast paths
        net = Interpreter(
            model_content=asset(package, file),
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        )
        net.allocate_tensors()
        cases = []
        for k in (1, 5):
            image = (pixels(k, side).astype(np.float32) - np.float32(subtract)) / np.float32(divide)
            net.set_tensor(net.get_input_details()[0]["index"], image[None])
            net.invoke()
            found = {}
            for detail in net.get_output_details():
                values = net.get_tensor(detail["index"]).ravel()
                for output, (count, step) in outputs.items():
                    if values.size == count:
                        found[output] = {"step": step, "values": [float(v) for v in values[::step]]}
            assert found.keys() == outputs.keys()
            cases.append({"k": k, "outputs": {output: found[output] for output in outputs}})
        made = f"ai-edge-litert {version}, reference kernels"
        scale = {"side": side, "subtract": [subtract] * 3, "divide": divide}
        text = json.dumps({"made_by": made, "input": scale, "cases": cases})
        (target / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
