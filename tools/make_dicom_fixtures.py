"""Writes tests/data/dicom_files/: small synthetic DICOM files, valid ones in every transfer syntax, and for each published bug of
GDCM, OpenJPEG and CharLS a file modelled on it, made by a few changed bytes from a valid twin. expected.csv says what becomes of
each: the SHA-256 of its samples, or the words of the refusal. Needs pydicom 2.4, numpy and gdcmconv (libgdcm-tools). No patient, no real image.
"""

import csv
import hashlib
import pathlib
import struct
import subprocess

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

OUT = pathlib.Path(__file__).parent.parent / "tests" / "data" / "dicom_files"
ROWS, COLUMNS = 40, 56
CANARY = "CANARY^PATIENT"
expected = []


def image(bits):
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    wave = 0.5 + 0.3 * np.sin(x / 9.0) * np.cos(y / 7.0) + 0.2 * ((x * 7 + y * 13) % 11) / 11
    return np.clip(wave * (2**bits - 1), 0, 2**bits - 1).astype(np.uint8 if bits <= 8 else np.uint16)


def data_set(bits, syntax=ExplicitVRLittleEndian):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    d = Dataset()
    d.file_meta = meta
    d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3.4"
    d.StudyInstanceUID = "1.2.3"
    d.Modality, d.ViewPosition = "CR", "PA"
    d.PatientName, d.PatientID, d.PatientSex, d.PatientAge = CANARY, "CANARY-ID", "F", "018M"
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.Rows, d.Columns = ROWS, COLUMNS
    d.BitsAllocated = 8 if bits <= 8 else 16
    d.BitsStored, d.HighBit, d.PixelRepresentation = bits, bits - 1, 0
    d.WindowCenter, d.WindowWidth = 2 ** (bits - 1), 2**bits
    d.PixelData = image(bits).tobytes()
    return d


def write(name, d):
    d.is_little_endian = d.file_meta.TransferSyntaxUID != ExplicitVRBigEndian
    d.is_implicit_VR = d.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    if not d.is_little_endian and d.BitsAllocated == 16:
        d.PixelData = np.frombuffer(d.PixelData, "<u2").astype(">u2").tobytes()
    d.save_as(OUT / name, write_like_original=False)


def decodes(name, samples):
    expected.append((name, "decodes", samples if isinstance(samples, str) else hashlib.sha256(samples).hexdigest()))


def native():
    for bits in (8, 12):
        for name, syntax in (("explicit", ExplicitVRLittleEndian), ("implicit", ImplicitVRLittleEndian), ("big_endian", ExplicitVRBigEndian)):
            file = f"{name}_{bits}.dcm"
            write(file, data_set(bits, syntax))
            decodes(file, image(bits).tobytes())


def gdcmconv(*arguments):
    subprocess.run(["gdcmconv", *map(str, arguments)], check=True, stderr=subprocess.DEVNULL)


def compressed():
    kinds = {
        "rle": (["--rle"], (8, 12)),
        "jpeg_baseline": (["--jpeg", "--lossy", "-q", "90"], (8,)),
        "jpeg_lossless_sv1": (["--jpeg"], (8, 12)),
        "jpeg_ls": (["--jpegls"], (8, 12)),
        "jpeg_ls_near": (["--jpegls", "--lossy", "-e", "2"], (8, 12)),
        "jpeg_2000_lossless": (["--j2k"], (8, 12)),
        "jpeg_2000": (["--j2k", "--lossy", "-r", "4"], (8, 12)),
    }
    for name, (options, depths) in kinds.items():
        for bits in depths:
            file = f"{name}_{bits}.dcm"
            gdcmconv(*options, OUT / f"explicit_{bits}.dcm", OUT / file)
            gdcmconv("--raw", OUT / file, OUT / "raw.tmp")
            samples = pydicom.dcmread(OUT / "raw.tmp").PixelData[: ROWS * COLUMNS * (1 if bits == 8 else 2)]
            (OUT / "raw.tmp").unlink()
            lossy = "--lossy" in options
            assert (samples == image(bits).tobytes()) != lossy, file
            decodes(file, samples)
    # gdcmconv writes no extended frames of 8 or 12 bits; one of 8 bits differs from baseline in its marker alone.
    content = (OUT / "jpeg_baseline_8.dcm").read_bytes()
    content = content.replace(b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.51").replace(b"\xff\xc0", b"\xff\xc1")
    (OUT / "jpeg_extended_8.dcm").write_bytes(content)
    decodes("jpeg_extended_8.dcm", next(digest for file, _, digest in expected if file == "jpeg_baseline_8.dcm"))
    # What the syntax 70 allows is a part of what 57 allows.
    for bits in (8, 12):
        content = (OUT / f"jpeg_lossless_sv1_{bits}.dcm").read_bytes()
        file = f"jpeg_lossless_{bits}.dcm"
        (OUT / file).write_bytes(content.replace(b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.4.57"))
        decodes(file, image(bits).tobytes())


def changed(twin, name, words, old, new, count=1, after=b""):
    """Of the twin, the first `old` behind `after` becomes `new`."""
    content = (OUT / twin).read_bytes()
    start = content.index(after) + len(after)
    at = content.index(old, start)
    write_bytes(name, words, content[:at] + new + content[at + len(old) :])


def write_bytes(name, words, content):
    (OUT / name).write_bytes(content)
    expected.append((name, "refused", words))


def u16(v):
    return struct.pack("<H", v)


def us(group, element, value):
    return struct.pack("<HH2sHH", group, element, b"US", 2, value)


def text(group, element, vr, value):
    return struct.pack("<HH2sH", group, element, vr.encode(), len(value)) + value.encode()


def hostile():
    sizes = struct.pack(">II", COLUMNS, ROWS)
    j2k = "jpeg_2000_lossless_12.dcm"
    # CVE-2024-22373: GDCM writes what the codestream says into what the header says.
    changed(j2k, "j2k_larger.dcm", "JPEG 2000 data is 4096x4096", sizes, struct.pack(">II", 4096, 4096), after=b"\xff\x51")
    # oss-security 2026-09-10, no. 4: samples wider than BitsAllocated.
    siz = (OUT / "jpeg_2000_lossless_8.dcm").read_bytes()
    at = siz.index(b"\xff\x4f\xff\x51")
    write_bytes("j2k_precision.dcm", "16 bits a sample, 8 are allocated", siz[: at + 42] + b"\x0f" + siz[at + 43 :])
    # CVE-2023-39327: OpenJPEG walks tiles for hours.
    content = (OUT / j2k).read_bytes()
    at = content.index(b"\xff\x4f\xff\x51")
    one = struct.pack(">II", 1, 1)
    write_bytes("j2k_tiles.dcm", "before the image does", content[: at + 24] + one + content[at + 32 :])
    write_bytes("j2k_components.dcm", "has not one component", content[: at + 40] + struct.pack(">H", 16384) + content[at + 42 :])
    # CVE-2024-22391, and no. 3: palettes.
    mono = text(0x28, 4, "CS", "MONOCHROME2 ")
    changed("explicit_8.dcm", "palette.dcm", "a colour palette", mono, text(0x28, 4, "CS", "PALETTE COLOR "))
    # No. 1: YBR_FULL_422 in RLE.
    changed("rle_8.dcm", "rle_ybr_422.dcm", "a colour image", mono, text(0x28, 4, "CS", "YBR_FULL_422"))
    # CVE-2024-25569: fewer raw bytes than the size needs.
    changed("explicit_12.dcm", "raw_short.dcm", "Pixel Data has 4480 bytes", us(0x28, 0x10, ROWS), us(0x28, 0x10, 4 * ROWS))
    # CVE-2025-48429, and no. 6: more segments than fifteen, or none.
    header = struct.pack("<II", 2, 64)
    changed("rle_12.dcm", "rle_many.dcm", "RLE data has 4096 segments", header, struct.pack("<II", 4096, 64))
    changed("rle_12.dcm", "rle_none.dcm", "RLE data has 0 segments", header, struct.pack("<II", 0, 64))
    changed("rle_12.dcm", "rle_offset.dcm", "RLE data is damaged", header, struct.pack("<II", 2, 0xFFFFFFF0))
    # CVE-2025-11266: a fragment whose length is below what GDCM subtracts from it.
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
    content = (OUT / j2k).read_bytes()
    at = content.index(struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 0xFFFFFFFF)) + 12
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    tiny = struct.pack("<HHI", 0xFFFE, 0xE000, 2) + b"\xff\x4f"
    write_bytes("fragment_tiny.dcm", "the pixels are no JPEG 2000 codestream", content[:at] + item + tiny + end)
    large = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFE)
    write_bytes("fragment_huge.dcm", "says it has 4294967294 bytes", content[:at] + item + large + b"\xff\x4f" + end)
    # CVE-2025-53618, CVE-2025-53619: JPEG frames of another size, without an end.
    sof = struct.pack(">HH", ROWS, COLUMNS)
    changed("jpeg_lossless_sv1_12.dcm", "jpeg_size.dcm", "JPEG data is 4096x4096", sof, struct.pack(">HH", 4096, 4096), after=b"\xff\xc3")
    content = (OUT / "jpeg_lossless_sv1_12.dcm").read_bytes()
    at = content.rindex(b"\xff\xd9")
    write_bytes("jpeg_no_end.dcm", "JPEG data ends after", content[:at] + b"\0\0" + content[at + 2 :])
    changed("jpeg_baseline_8.dcm", "jpeg_kind.dcm", "of another kind than the transfer syntax", b"\xff\xc0", b"\xff\xc2")
    # CVE-2026-3650: 4 GiB asked for by a file of a few hundred bytes.
    head = (OUT / "explicit_8.dcm").read_bytes()
    at = head.index(us(0x28, 2, 1))
    write_bytes("length_4gib.dcm", "says it has 4294967280 bytes", head[:at] + struct.pack("<HH2sHI", 0x28, 1, b"OB", 0, 0xFFFFFFF0) + b"ab")
    # No. 5: sequences within sequences until the stack is full.
    level = struct.pack("<HH2sHI", 0x18, 0x9005, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    write_bytes("nested.dcm", "sequences within sequences", head[:at] + 1000 * level)
    # CVE-2025-52582: an overlay that says it is larger than it is. Overlays are not looked at: it decodes.
    overlay = us(0x6000, 0x10, 60000) + us(0x6000, 0x11, 60000) + struct.pack("<HH2sHI", 0x6000, 0x3000, b"OW", 0, 2) + b"ab"
    at = head.index(struct.pack("<HH", 0x7FE0, 0x10))
    (OUT / "overlay.dcm").write_bytes(head[:at] + overlay + head[at:])
    decodes("overlay.dcm", image(8).tobytes())
    # GHSA-mqrg-gfc8-73ff: CharLS takes memory for sides beyond reason; and thresholds beyond the samples.
    changed("jpeg_ls_12.dcm", "jls_size.dcm", "JPEG-LS data is 65535x65535", sof, b"\xff\xff\xff\xff", after=b"\xff\xf7")
    content = (OUT / "jpeg_ls_12.dcm").read_bytes()
    at = content.index(b"\xff\xda")
    lse = b"\xff\xf8" + struct.pack(">HBHHHHH", 13, 1, 4095, 60000, 3, 2, 64)
    begin = content.index(item) + 16  # behind the empty offset table and the fragment's own header
    stream = content[begin:at] + lse + content[at : content.rindex(end)]
    stream += bytes(len(stream) % 2)
    write_bytes("jls_thresholds.dcm", "JPEG-LS data is damaged: wrong thresholds", content[: begin - 4] + struct.pack("<I", len(stream)) + stream + end)
    deflated = data_set(8, "1.2.840.10008.1.2.1.99")
    write("deflated_8.dcm", deflated)
    decodes("deflated_8.dcm", image(8).tobytes())


OUT.mkdir(exist_ok=True)
native()
compressed()
hostile()
with open(OUT / "expected.csv", "w", newline="") as f:
    csv.writer(f, lineterminator="\n").writerows([("file", "outcome", "what"), *expected])
print(len(expected), "files,", sum(p.stat().st_size for p in OUT.iterdir()), "bytes")
