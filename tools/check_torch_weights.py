#!/usr/bin/env python3
"""Saves torchvision's DenseNet-121 in the ways people do, has thorax take it over, and compares PyTorch's logits with those of
thorax predict; exit code 1 where they differ by more than 1e-4.

    /usr/bin/python3 tools/check_torch_weights.py build/release/apps/thorax     (Debian's python3-torchvision, python3-pil)
"""
import csv
import io
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision
from PIL import Image

SIZE, CLASSES, TOLERANCE = 96, ["A", "B", "C"], 1e-4


def run(*arguments):
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True)


def network():
    torch.manual_seed(1)
    model = torchvision.models.densenet121(weights=None, num_classes=len(CLASSES)).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
            torch.nn.init.uniform_(module.bias, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.8, 1.2)
    return model


def grey_logits(model, pixels, mean, std, channels):
    x = (torch.from_numpy(pixels).float()[:, None] / 255 - mean) / std
    with torch.no_grad():
        return model(x.expand(-1, channels, -1, -1)).numpy()


def one_channel():
    model = network()
    old = model.features.conv0
    model.features.conv0 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    model.features.conv0.weight.data = old.weight.data.sum(1, keepdim=True)
    model.register_buffer("op_threshs", torch.full((len(CLASSES),), 0.5))  # as torchxrayvision's have
    model.features.conv0.weight.data /= 1000  # for its inputs of up to 1024
    return model


def ways(folder):
    """name, model, file, mean, std, channels"""
    model, grey = network(), one_channel()
    state = model.state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)\.", r"\1.\2.", k): v for k, v in state.items()}
    old = {f"module.densenet121.{k}": v for k, v in old.items() if "num_batches_tracked" not in k}
    monai = {re.sub(r"(denselayer\d+)\.", r"\1.layers.", k).replace("classifier", "class_layers.out"): v for k, v in state.items()}
    for name, value, legacy in [("state", state, False), ("old", {"epoch": 1, "state_dict": old}, True), ("monai", monai, False),
                                ("whole", model, True), ("double", {k: v.double() for k, v in state.items()}, False)]:
        torch.save(value, folder / f"{name}.pth", _use_new_zipfile_serialization=not legacy)
        yield name, model, folder / f"{name}.pth", 0.449, 0.226, 3
    np.savez_compressed(folder / "arrays.npz", **{k: v.numpy() for k, v in state.items()})
    yield "npz", model, folder / "arrays.npz", 0.449, 0.226, 3
    torch.save(grey, folder / "grey.pt")
    yield "one channel", grey, folder / "grey.pt", 0.5, 1 / 2048, 1


def main():
    thorax = pathlib.Path(sys.argv[1]).resolve()
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run(thorax, "phantom", "-o", folder / "data", "--count", 8, "--size", SIZE)
        for way, model, file, mean, std, channels in ways(folder):
            out = folder / "taken.safetensors"
            log = run(thorax, "export", file, "--model", "densenet121", "--labels", ",".join(CLASSES), "--size", SIZE, "-o", out,
                      "--overwrite").stderr
            rows = list(csv.DictReader(io.StringIO(run(thorax, "predict", "--run", out, "--csv", folder / "data/images").stdout)))
            pixels = np.stack([np.asarray(Image.open(row["file"]).convert("L")) for row in rows])
            ours = np.array([[float(row[c]) for c in CLASSES] for row in rows])
            expected = grey_logits(model, pixels, mean, std, channels)
            error = np.abs(np.log(ours / (1 - ours)) - expected).max()
            good &= bool(error <= TOLERANCE)
            print(f"{way}: largest difference of a logit {error:.2g} (logits {expected.min():.2f} to {expected.max():.2f})\n  {log.splitlines()[0]}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
