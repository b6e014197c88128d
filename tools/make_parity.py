#!/usr/bin/env python3
"""Writes tests/parity/data/*.txt: what PyTorch in float64 computes for torchvision's models, and by how much PyTorch itself in
float32 and in bfloat16 differs from that. Quantities, rule and file format: tests/parity/README.md.

    /usr/bin/python3 tools/make_parity.py [CASE...]      (Debian's python3-torch, python3-torchvision and, for
                                                        speed in float64, libopenblas0-pthread; minutes each)
"""
import copy
import functools
import math
import pathlib
import sys

import numpy as np
import torch
import torchvision

from philox import Rng

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "parity" / "data"
CASES = {  # name: model, channels, size, batch, seed (the search for a steady seed begins here)
    "densenet121_rgb96": ("densenet121", 3, 96, 8, 1),
    "densenet121_grey96": ("densenet121", 1, 96, 8, 1),
    "densenet121_grey224": ("densenet121", 1, 224, 2, 3),
    **{f"{model}_{stem}96": (model, channels, 96, batch, 1)
       for model, batch in [("densenet169", 4), ("densenet201", 4), ("resnet18", 4), ("resnet50", 4), ("resnet101", 2)]
       for stem, channels in [("rgb", 3), ("grey", 1)]},
    "resnet50_rgb96": ("resnet50", 3, 96, 2, 1),  # with batches of 4 a ReLU turns in float32 all the same
}
CLASSES = 10
SKETCH_SEED = 1000003
INPUT_STREAM = {3: 1000000, 1: 1000001}
LABEL_STREAM = 1000002
STATE_STREAM, OTHER_STREAM = 2000000, 3000000
STEPS, RATE, MOMENTUM, DECAY = 10, 0.01, 0.9, 1e-4
PROJECTIONS = 64
RELU_MARGIN, POOL_MARGIN = 3.5e-6, 1e-6
NUDGE, NUDGED_RUNS = 2.0 ** -12, 24
DRAWS_SHOWN = {"densenet": ["features.conv0.weight", "features.norm0.weight", "features.norm0.bias",
                            "features.denseblock3.denselayer7.conv2.weight", "classifier.weight", "classifier.bias"],
               "resnet": ["conv1.weight", "bn1.weight", "bn1.bias", "layer3.1.conv2.weight", "fc.weight", "fc.bias"]}


def interval(name, parameters):
    """low, high and the share of elements whose sign is turned."""
    shape = parameters[name].shape
    if name.startswith(("classifier", "fc")):
        bound = 1 / math.sqrt(parameters[name.split(".")[0] + ".weight"].shape[1])
    elif len(shape) == 4:
        bound = math.sqrt(3) * math.sqrt(2 / (shape[1] * shape[2] * shape[3]))
    else:
        return (0.5, 1.0, 0.0) if name.endswith("weight") else (2.0, 2.5, 0.25)
    return -bound, bound, 0.0


def draw(seed, stream, count, low, high, turned):
    rng = Rng(seed, stream)
    x = rng.uniform(count, low, high)
    if not turned:
        return x
    return np.where(rng.uniform(count, first=count) < np.float32(turned), -x, x)


@functools.lru_cache(1)
def drawn_model(name, seed):
    """The model in float64, its parameters drawn; and {name: interval}."""
    model = getattr(torchvision.models, name)(weights=None, num_classes=CLASSES).double().train()
    parameters = dict(model.named_parameters())
    intervals = {}
    for stream, (name, parameter) in enumerate(parameters.items()):
        intervals[name] = interval(name, parameters)
        drawn = draw(seed, stream, parameter.numel(), *intervals[name])
        parameter.data = torch.from_numpy(drawn.astype(np.float64)).reshape(parameter.shape)
    return model, intervals


def make_model(name, seed):
    return copy.deepcopy(drawn_model(name, seed)[0])


def nudge(model, seed, run):
    """Moves every weight that bfloat16 will round by up to 2^-12 of itself, an eighth of that rounding."""
    rng = np.random.default_rng((seed, run))
    for p in model.parameters():
        if p.dim() > 1:
            p.data *= torch.from_numpy(1.0 + NUDGE * rng.uniform(-1.0, 1.0, p.shape))


def make_batch(channels, size, batch, seed):
    x = Rng(seed, INPUT_STREAM[channels]).uniform(batch * channels * size * size, -2.0, 2.0)
    labels = (Rng(seed, LABEL_STREAM).uniform(batch * CLASSES) < np.float32(0.3)).astype(np.float64)
    return x.reshape(batch, channels, size, size), labels.reshape(batch, CLASSES)


def margins(name, seed, channels, size, batch):
    """How near the first forward pass comes to a place where the gradient jumps: the smallest |input| of a ReLU, and the smallest
    lead of a maximum over the next in the max pooling."""
    smallest = {"relu": math.inf, "pool": math.inf}

    def relu(x):
        smallest["relu"] = min(smallest["relu"], float(x.abs().min()))

    def pool(_module, inputs, _output):
        (x,) = inputs
        windows = torch.nn.functional.unfold(torch.nn.functional.pad(x, (1, 1, 1, 1)), 3, stride=2)
        best = windows.reshape(*x.shape[:2], 9, -1).topk(2, dim=2).values
        smallest["pool"] = min(smallest["pool"], float((best[:, :, 0] - best[:, :, 1])[best[:, :, 0] > 0].min()))

    model = make_model(name, seed)
    for module_name, module in model.named_modules():
        if isinstance(module, torch.nn.ReLU):
            module.register_forward_pre_hook(lambda _module, inputs: relu(inputs[0]))
        if module_name == "features.norm5":  # DenseNet's last ReLU is a function, not a module
            module.register_forward_hook(lambda _module, _inputs, output: relu(output))
        if isinstance(module, torch.nn.MaxPool2d):
            module.register_forward_hook(pool)
    x, _ = make_batch(channels, size, batch, seed)
    with torch.no_grad():
        model(torch.from_numpy(x).double().expand(-1, 3, -1, -1))
    return smallest["relu"], smallest["pool"]


def steady_seed(name, channels, size, batch, seed):
    """The first seed from `seed` on where rounding in float32 turns no ReLU and no maximum of the first step."""
    while True:
        relu, pool = margins(name, seed, channels, size, batch)
        print(f"  seed {seed}: margins {relu:.2g} (ReLU), {pool:.2g} (max pooling)", flush=True)
        if relu >= RELU_MARGIN and pool >= POOL_MARGIN:
            return seed
        seed += 1


@functools.lru_cache(None)
def sign_words(count, stream):
    return Rng(SKETCH_SEED, stream).bits(2 * count)


def signed_sums(rows, stream):
    """[rows,64]: sums over the elements with signs, + or - by bit p % 32 of word 2 * element + p / 32."""
    words = sign_words(rows.shape[1], stream)
    negative = np.zeros((len(rows), PROJECTIONS))
    for first in range(0, rows.shape[1], 8192):  # the sum of those with a minus, in pieces that stay in the cache
        piece = rows[:, first:first + 8192]
        octets = words[2 * first:2 * (first + piece.shape[1])].astype("<u4").view(np.uint8).reshape(-1, 8)
        negative += piece @ np.unpackbits(octets, axis=1, bitorder="little").astype(np.float64)
    return rows.sum(axis=1, keepdims=True) - 2.0 * negative


def sketches(vectors, stream):
    """For each vector: the elements themselves where they are few, else 64 random projections, scaled so that their RMS is about
    the vector's."""
    rows = np.stack([v.reshape(-1) for v in vectors]).astype(np.float64)
    count = rows.shape[1]
    return rows if count <= PROJECTIONS else signed_sums(rows, stream) / math.sqrt(count)


def arrays(tensors):
    return {name: t.detach().numpy().copy() for name, t in tensors.items()}


def states(model):
    return {name: b for name, b in model.named_buffers() if not name.endswith("num_batches_tracked")}


def train(name, seed, x, labels, dtype, order=None, memory_format=torch.contiguous_format, nudged=0):
    """Everything that is compared, as {(kind, name): array}, in the type that PyTorch has it in. order: a permutation of the
    images, which changes nothing but the rounding; the logits come back in the original order. nudged: not 0 in a run whose
    weights are nudged, which has but one step and no more than that compares."""
    model = make_model(name, seed)
    if nudged:
        nudge(model, seed, nudged)
    low = dtype == torch.bfloat16
    compute = torch.float32 if low else dtype
    model.to(compute).to(memory_format=memory_format)
    order = list(range(len(x))) if order is None else order
    back = np.argsort(order)
    x = torch.from_numpy(x[order]).to(compute).expand(-1, 3, -1, -1).contiguous(memory_format=memory_format)
    labels = torch.from_numpy(labels[order]).to(compute)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)

    def forward():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
            return model(x).to(compute)

    out, losses = {}, []
    for step in range(1 if nudged else STEPS):
        optimizer.zero_grad(set_to_none=True)
        logits = forward()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        loss.backward()
        losses.append(float(loss))
        if step == 0:
            out["output", "logits"] = logits.detach().double().numpy()[back]
            out["output", "loss"] = np.array([losses[0]])
            gradients = arrays({name: p.grad for name, p in model.named_parameters()})
            running = arrays(states(model))
        optimizer.step()
    out.update({("gradient", name): g for name, g in gradients.items()})
    out.update({("running", name): s for name, s in running.items()})
    if nudged:
        return out
    out["output", "losses"] = np.array(losses)
    model.eval()
    with torch.no_grad():
        out["output", "eval_logits"] = forward().double().numpy()[back]
    out.update({("final", name): p for name, p in arrays(dict(model.named_parameters())).items()})
    return out


def rms(x):
    return float(np.sqrt(np.mean(np.square(x))))


def word(x):
    """A float32 as eight hexadecimal digits."""
    return f"{int(np.float32(x).view(np.uint32)):08x}"


def shape_text(shape):
    return "x".join(str(n) for n in shape)


def record(kind, name, stream, value, runs=(), scale=None):
    """A line of the file. runs: [run of float32...], [run of bfloat16...]; their error is the largest of the runs. scale: stands
    for the RMS where the value's own is not what its errors should be measured against."""
    others = [other - value for dtype in runs for other in dtype]
    values, *errors = sketches([value, *others], stream)
    errors = [rms(e) for e in errors]
    largest = [max(errors[: len(runs[0])]), max(errors[len(runs[0]) :])] if errors else [0, 0]
    text = "".join(word(v) for v in values)
    scale = rms(value) if scale is None else scale
    return f"{kind} {name} {shape_text(value.shape)} {stream} {scale:.9g} {largest[0]:.4g} {largest[1]:.4g} {text}", largest


def streams(model):
    """The sketch's stream of every kind and name: a parameter's index, a state's, an output's."""
    table = {name: i for i, (name, _) in enumerate(model.named_parameters())}
    table.update({name: STATE_STREAM + i for i, name in enumerate(states(model))})
    table.update({name: OTHER_STREAM + i for i, name in enumerate(["logits", "loss", "losses", "eval_logits", "input", "labels"])})
    return table


def draw_records(model, x, labels, table):
    shown = DRAWS_SHOWN["densenet" if "classifier.weight" in table else "resnet"]
    draws = {"input": x, "labels": labels}
    draws.update({name: p.detach().numpy() for name, p in model.named_parameters() if name in shown})
    for name, value in draws.items():
        value = value.astype(np.float64)
        yield record("draw", name, table[name], value)[0]
        yield f"head {name} " + "".join(word(v) for v in value.reshape(-1)[:8])


def summary(errors):
    for kind in ["output", "gradient", "running", "final"]:
        for i, dtype in enumerate(["f32", "bf16"]):
            relative = [e[i] / r for (k, _), (e, r) in errors.items() if k == kind and r > 0]
            print(f"  {kind:9} {dtype:5} error / RMS: median {np.median(relative):.3g}, largest {max(relative):.3g}")


def runs_of(dtype, name, seed, x, labels):
    """PyTorch's own roundings: both memory layouts, the images in four orders (two where there are but two). The order changes no
    convolution, only sums over the batch, so that an input of a ReLU that lies near zero falls on the same side in all of these.
    In bfloat16 many inputs are that near (in float32 steady_seed() leaves none), and PyTorch's own error must contain what one
    that flips by rounding does to a gradient: there are runs of one step more, whose weights are nudged."""
    shifts = range(0, len(x), max(1, len(x) // 4))
    orders = [[(i + shift) % len(x) for i in range(len(x))] for shift in shifts]
    layouts = (torch.contiguous_format, torch.channels_last)
    runs = [train(name, seed, x, labels, dtype, order, layout) for layout in layouts for order in orders]
    if dtype == torch.bfloat16:
        runs += [train(name, seed, x, labels, dtype, None, layouts[i % 2], i) for i in range(1, NUDGED_RUNS + 1)]
    return runs


def make(case):
    architecture, channels, size, batch, seed = CASES[case]
    print(case)
    seed = steady_seed(architecture, channels, size, batch, seed)
    model, intervals = drawn_model(architecture, seed)
    x, labels = make_batch(channels, size, batch, seed)
    table = streams(model)
    lines = ["thorax-parity 1",
             f"# PyTorch {torch.__version__}, torchvision {torchvision.__version__}; made by tools/make_parity.py",
             f"case {architecture} {CLASSES} {channels} {size} {batch} {seed} {SKETCH_SEED}",
             f"streams {INPUT_STREAM[channels]} {LABEL_STREAM}",
             f"sgd {STEPS} {RATE} {MOMENTUM} {DECAY}"]
    for stream, (name, p) in enumerate(model.named_parameters()):
        lines.append(f"parameter {name} {shape_text(p.shape)} {stream} " + " ".join(word(v) for v in intervals[name]))
    lines += draw_records(model, x, labels, table)
    exact = train(architecture, seed, x, labels, torch.float64)
    runs = [runs_of(dtype, architecture, seed, x, labels) for dtype in (torch.float32, torch.bfloat16)]
    errors = {}
    drawn = arrays(dict(model.named_parameters()))
    for (kind, name), value in exact.items():
        # Ten steps move a parameter by a hundredth or less of itself: what counts is the error of the change.
        scale = rms(sketches([value - drawn[name]], table[name])) if kind == "final" else rms(value)
        compared = [[run[kind, name] for run in dtype if (kind, name) in run] for dtype in runs]
        line, largest = record(kind, name, table[name], value, compared, scale)
        lines.append(line)
        errors[kind, name] = (largest, scale)
    path = FOLDER / f"{case}.txt"
    path.write_text("\n".join(lines) + "\n")
    print(f"  {path.name}: {path.stat().st_size} bytes; losses {exact['output', 'losses']}")
    summary(errors)


if __name__ == "__main__":
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for chosen in sys.argv[1:] or CASES:
        make(chosen)
