"""oneDNN's convolutions alone, one after the other: the time that an engine over it cannot fall below with the same algorithms.

Each shape of a network is timed by itself (`thorax bench kernels --hot`: filters packed, operands where the last call left them) and counted as
often as the network has it. No batch norm, pooling, sum or copy is in it. Transitions pool first, as libthorax does."""
import collections
import json
import pathlib
import subprocess

DENSENETS = {"densenet121": (6, 12, 24, 16), "densenet169": (6, 12, 32, 32), "densenet201": (6, 12, 48, 32)}
BOTTLENECKS = {"resnet50": (3, 4, 6, 3), "resnet101": (3, 4, 23, 3)}


def halved(size):
    return (size - 1) // 2 + 1


def densenet(layers, side):
    channels = 64
    for i, count in enumerate(layers):
        for _ in range(count):
            yield f"c={channels} h={side} w={side} o=128 k=1"
            yield f"c=128 h={side} w={side} o=32 k=3"
            channels += 32
        if i + 1 < len(layers):
            side //= 2
            yield f"c={channels} h={side} w={side} o={channels // 2} k=1"
            channels //= 2


def resnet(blocks, side):
    channels = 64
    for stage, count in enumerate(blocks):
        width = 64 << stage
        for block in range(count):
            stride = 2 if stage > 0 and block == 0 else 1
            yield f"c={channels} h={side} w={side} o={width} k=1"
            yield f"c={width} h={side} w={side} o={width} k=3 s={stride}"
            if block == 0:
                yield f"c={channels} h={side} w={side} o={4 * width} k=1 s={stride}"
            side = halved(side) if stride == 2 else side
            yield f"c={width} h={side} w={side} o={4 * width} k=1"
            channels = 4 * width


def convolutions(model, side):
    """{problem: how often}; None: not a network of these."""
    inner = halved(halved(side))
    if model in DENSENETS:
        rest = densenet(DENSENETS[model], inner)
    elif model in BOTTLENECKS:
        rest = resnet(BOTTLENECKS[model], inner)
    else:
        return None
    return collections.Counter([f"c=1 h={side} w={side} o=64 k=7 s=2 pad=3 plain=1", *rest])


def onednn_sum(thorax, folder, model, side, threads, dtype="fp32", winograd=False):
    """Milliseconds for one image."""
    counts = convolutions(model, side)
    if counts is None:
        return None
    direct = "" if winograd else " direct=1"
    listed = pathlib.Path(folder) / "convolutions.txt"
    listed.write_text("".join(f"conv2d {problem}{direct}\n" for problem in counts))
    command = [thorax, "bench", "kernels", "--problems", listed, "--hot", "--batch", "1", "--threads", threads, "--dtype", dtype, "--device", "cpu",
               "--seconds", "0.05", "--json", "-"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    results = json.loads(done.stdout)["results"]
    return 1000 * sum(r["median_s"] * count for r, count in zip(results, counts.values(), strict=True))
