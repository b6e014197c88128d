#!/usr/bin/env python3
"""Writes the small archives of tests/data/files: a gzip table of two members and MedMNIST-like .npz files, packed as numpy packs
them. Python's own library only; deterministic."""
import gzip
import io
import os
import struct
import zipfile

folder = os.path.join(os.path.dirname(__file__), "..", "tests", "data", "files")


def npy(shape, data, kind="|u1"):
    text = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)
    text += " " * (-(10 + len(text) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


def npz(name, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(os.path.join(folder, name), "w", method) as archive:
        for member, data in members:
            archive.writestr(zipfile.ZipInfo(member + ".npy", (1980, 1, 1, 0, 0, 0)), data, method)


def pixels(count, each):
    return bytes((7 * i + i // each) % 256 for i in range(count * each))


def labels(shape, values, kind="|u1"):
    return npy(shape, b"".join(struct.pack("<q" if kind == "<i8" else "B", v) for v in values), kind)


npz("pneumoniamnist_tiny.npz", [
    ("train_images", npy((3, 4, 5), pixels(3, 20))), ("train_labels", labels((3, 1), [1, 0, 1])),
    ("val_images", npy((1, 4, 5), pixels(1, 20))), ("val_labels", labels((1, 1), [0])),
    ("test_images", npy((2, 4, 5), pixels(2, 20))), ("test_labels", labels((2, 1), [1, 1]))])
# Colours, 64-bit labels of one column with three values, not packed.
npz("colours_tiny.npz", [
    ("train_images", npy((2, 2, 2, 3), pixels(2, 12))), ("train_labels", labels((2, 1), [2, 0], "<i8")),
    ("val_images", npy((1, 2, 2, 3), pixels(1, 12))), ("val_labels", labels((1, 1), [1], "<i8")),
    ("test_images", npy((1, 2, 2, 3), pixels(1, 12))), ("test_labels", labels((1, 1), [2], "<i8"))], zipfile.ZIP_STORED)

with open(os.path.join(folder, "two_members.csv.gz"), "wb") as out:
    for part in (b"image,A,B\n", b"a.png,1,0\nb.png,0,\n"):
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
            stream.write(part)
        out.write(packed.getvalue())
