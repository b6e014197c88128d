#!/usr/bin/env python3
"""Takes over tests/apps/data/small.onnx and writes small.logits: what ONNX Runtime makes of it, for images of tensor/rng.h.
The test "onnx: the file that ONNX Runtime was given ..." writes the model where it differs from the committed one, and says so.

    python3 tools/make_onnx_oracle.py [NEW.onnx]      (pip install onnxruntime onnx numpy)
"""
import pathlib
import shutil
import sys

import numpy as np
import onnx
import onnxruntime

from philox import Rng

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "apps" / "data"
IMAGES, SIZE, SEED, STREAM = 2, 48, 17, 1000


def main():
    path = FOLDER / "small.onnx"
    if len(sys.argv) > 1:
        shutil.copyfile(sys.argv[1], path)
    onnx.checker.check_model(str(path), full_check=True)
    count = IMAGES * SIZE * SIZE
    pixels = (Rng(SEED, STREAM).bits(count).astype(np.uint64) * 256 >> np.uint64(32)).astype(np.uint8)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"image": pixels.reshape(IMAGES, 1, SIZE, SIZE)})
    (FOLDER / "small.logits").write_text("".join(" ".join(f"{x:.9g}" for x in row) + "\n" for row in logits.tolist()))


if __name__ == "__main__":
    main()
