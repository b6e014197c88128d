#!/usr/bin/env python3
"""Writes tests/weights/data/: small files of PyTorch and numpy, and oracle.txt: what PyTorch and numpy themselves read from them,
one line a tensor: file, name, safetensors' dtype, shape, SHA-256 of the row-major little-endian bytes. Also resnet_cifar.txt,
the same of real checkpoints in FOLDER, which are not committed.

    /usr/bin/python3 tools/make_weight_fixtures.py [FOLDER]      (Debian's python3-torch, 1.13)
"""
import collections
import hashlib
import os
import pathlib
import pickle
import sys
import zipfile

import numpy as np
import torch

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "weights" / "data"
NAMES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
         torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL", torch.complex64: "C64"}
NUMPY = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int8": "I8", "uint8": "U8", "bool": "BOOL"}


class Net(torch.nn.Module):
    """A class that no reader can know: only its tensors can be had."""

    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(collections.OrderedDict(conv0=torch.nn.Conv2d(1, 4, 3, bias=False), norm0=torch.nn.BatchNorm2d(4)))
        self.classifier = torch.nn.Linear(4, 2)
        self.register_buffer("op_threshs", torch.tensor([0.25, 0.5]))
        self.targets = ["A", "B"]

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def sample():
    torch.manual_seed(1)
    base = torch.randn(6, 5)
    state = collections.OrderedDict()
    for dtype, name in NAMES.items():
        values = torch.randn(3, 2) * 50
        state[f"module.of.{name}"] = (values > 0) if dtype == torch.bool else values.abs().to(dtype)
    state["module.turned.weight"] = base.t()
    state["module.part.weight"] = base[1:4, 2:4]
    state["module.column.weight"] = base[:, 3]
    state["module.same.weight"] = base
    state["module.repeated.bias"] = torch.tensor([2.5]).expand(4)
    state["module.parameter"] = torch.nn.Parameter(torch.ones(2, 1, 3))
    state["module.scalar"] = torch.tensor(7)
    state["module.empty"] = torch.zeros(0, 3)
    optimizer = {"state": {0: {"momentum_buffer": torch.full((2,), 0.5)}}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]}
    return {"epoch": 3, "arch": "größe", "best": 0.5, "best_numpy": np.float64(0.25), "state_dict": state, "optimizer": optimizer}


def flatten(value, name=""):
    if isinstance(value, torch.nn.Module):
        value = dict(value.named_parameters()) | dict(value.named_buffers())
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from flatten(item, f"{name}.{i}" if name else str(i))


def line(file, name, dtype, shape, data):
    return f"{file} {name} {dtype} [{','.join(map(str, shape))}] {hashlib.sha256(data).hexdigest()}\n"


def torch_lines(path):
    value = torch.jit.load(path) if path.name.startswith("script") else torch.load(path, map_location="cpu")
    for name, t in sorted(flatten(value)):
        t = t.detach()
        dtype = NAMES[t.dtype]
        raw = t.contiguous().view(torch.int16) if dtype == "BF16" and t.numel() else t.contiguous()
        yield line(path.name, name, dtype, t.shape, raw.numpy().tobytes())


def numpy_lines(path):
    with np.load(path) as arrays:
        for name in sorted(arrays):
            a = arrays[name]
            yield line(path.name, name, NUMPY[str(a.dtype)], a.shape, a.tobytes("C"))


class Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def source_of(cls, *_):
    """PyTorch puts the source of every class into old files of whole models; here only that of ours."""
    if cls is not Net:
        raise OSError("left out")
    return ["class Net: ...\n"], 1, "net.py"


def rewrite_zip(path, compression):
    """The same members with fixed times, so that the file is the same every time; without TorchScript's code."""
    with zipfile.ZipFile(path) as old:
        members = [(i.filename, old.read(i)) for i in old.infolist() if "/code/" not in i.filename]
    with zipfile.ZipFile(path, "w", compression) as new:
        for name, content in members:
            new.writestr(zipfile.ZipInfo(name), content, compression)


def main():
    torch.serialization.get_source_lines_and_file = source_of
    OUT.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, value in {"state": sample(), "whole": Net()}.items():
        torch.save(value, OUT / f"{name}.pth")
        torch.save(value, OUT / f"{name}_legacy.pth", _use_new_zipfile_serialization=False)
    torch.jit.script(torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))).save(OUT / "script.pt")
    lines += torch_lines(OUT / "script.pt")
    rewrite_zip(OUT / "script.pt", zipfile.ZIP_STORED)
    rng = np.random.default_rng(1)
    arrays = {"conv0/weight": rng.standard_normal((4, 1, 3, 3)).astype(np.float32), "double": rng.standard_normal((2, 3)),
              "columns": np.asfortranarray(rng.standard_normal((3, 4)).astype(np.float16)), "count": np.array(12),
              "bytes": rng.integers(0, 255, 300).astype(np.uint8) // 8, "small": np.arange(-3, 3, dtype=np.int8),
              "empty": np.zeros((0, 2), np.float32), "truth": np.array([True, False])}
    np.savez(OUT / "arrays.npz", **arrays)
    np.savez_compressed(OUT / "packed.npz", **arrays)
    rewrite_zip(OUT / "arrays.npz", zipfile.ZIP_STORED)
    rewrite_zip(OUT / "packed.npz", zipfile.ZIP_DEFLATED)
    for name in ("state", "state_legacy", "whole", "whole_legacy"):
        lines += torch_lines(OUT / f"{name}.pth")
    for path in sorted(OUT.glob("*.npz")):
        lines += numpy_lines(path)
    (OUT / "oracle.txt").write_text("".join(lines))

    # Not in the oracle: nobody should load them with Python.
    torch.save({"weight": torch.ones(1), "x": Call(os.system, "echo executed")}, OUT / "calls.pth")
    with open(OUT / "plain.pkl", "wb") as file:
        pickle.dump({"weight": [1.0]}, file, protocol=4)

    if len(sys.argv) > 1:
        files = sorted(pathlib.Path(sys.argv[1]).glob("*.th"))
        (OUT / "resnet_cifar.txt").write_text("".join(l for path in files for l in torch_lines(path)))


if __name__ == "__main__":
    main()
