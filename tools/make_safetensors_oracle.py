"""Writes tests/tensor/data/python.safetensors with Python's safetensors, for tests/tensor/test_serialize.cpp.

Needs: pip install "safetensors>=0.8"
Run:   python tools/make_safetensors_oracle.py
"""

import ctypes
import struct
from pathlib import Path

import safetensors

tensors = {
    "a.weight": ("float32", [2, 3], struct.pack("<6f", 0.0, 1.0, -2.5, 3.0, 1e-38, float("inf"))),
    "a.half": ("float16", [2], struct.pack("<2e", 0.5, -1.0)),
    "a.brain": ("bfloat16", [3], struct.pack("<3H", 0x3F80, 0xC000, 0x7F80)),
    "bytes": ("uint8", [5], bytes([0, 1, 127, 128, 255])),
    "steps": ("int64", [], struct.pack("<q", -(2**62))),
    "double": ("float64", [1], struct.pack("<d", 0.1)),
    "flags": ("bool", [2], b"\x01\x00"),
    "five": ("float32", [1, 1, 1, 1, 2], struct.pack("<2f", 5.0, 6.0)),
    "empty": ("float32", [0, 7], b""),
    "Größe \"肺\" 🫁\n": ("float32", [1], struct.pack("<f", 42.0)),
}
metadata = {"format": "pt", "note": "Röntgen \\ \"quoted\"\t🫁"}

buffers = {name: ctypes.create_string_buffer(data, max(len(data), 1)) for name, (_, _, data) in tensors.items()}
specs = {
    name: safetensors.TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(buffers[name]), data_len=len(data))
    for name, (dtype, shape, data) in tensors.items()
}
target = Path(__file__).parent.parent / "tests/tensor/data/python.safetensors"
target.write_bytes(safetensors.serialize(specs, metadata))
