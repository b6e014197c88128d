#!/usr/bin/env python3
"""Trains each model for a moment on phantoms, exports it as ONNX and compares ONNX Runtime's logits with those of thorax predict;
exit code 1 where they differ by more than 1e-4.

    python3 tools/check_onnx.py build/release/apps/thorax [MODEL...]      (pip install onnxruntime onnx numpy pillow)
"""
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from PIL import Image

SIZE, TOLERANCE = 64, 1e-4


def run(*arguments):
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True).stdout


def check(thorax, model, folder):
    settings = ["--size", SIZE, "--batch", 8, "--epochs", 1, "--no-equalize", "--quiet", "--model", model]
    run(thorax, "train", "--data", folder / "data/labels.csv", *settings, "-o", folder / model)
    onnx_file = folder / f"{model}.onnx"
    run(thorax, "export", folder / model, "-o", onnx_file)
    onnx.checker.check_model(str(onnx_file), full_check=True)
    rows = list(csv.DictReader(io.StringIO(run(thorax, "predict", "--run", folder / model, "--csv", folder / "data/images"))))
    session = onnxruntime.InferenceSession(str(onnx_file), providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    classes = json.loads(metadata["thorax.classes"])
    images = np.stack([np.asarray(Image.open(row["file"]).convert("L")) for row in rows])[:, None]
    logits, probabilities = session.run(["logits", "probabilities"], {"image": images})
    ours = np.array([[float(row[name]) for name in classes] for row in rows])
    clear = (ours > 0.01) & (ours < 0.99)  # elsewhere six digits of a probability say too little of its logit
    error = np.abs(np.log(ours[clear] / (1 - ours[clear])) - logits[clear]).max(initial=np.abs(ours - probabilities).max())
    print(f"{model}: {len(rows)} images, largest difference of a logit {error:.2g}, of a probability {np.abs(ours - probabilities).max():.2g}")
    return error <= TOLERANCE


def main():
    thorax = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run(thorax, "phantom", "-o", folder / "data", "--count", 24, "--size", SIZE, "--findings", "Other opacity,Bronchitis,Pneumonia")
        results = [check(thorax, model, folder) for model in sys.argv[2:] or ["densenet121"]]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
