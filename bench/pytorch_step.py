#!/usr/bin/env python3
"""One training step of a model of torchvision in PyTorch, as its users run it; one JSON line, the keys of bench_step.

    python3 bench/pytorch_step.py --model resnet50 --size 224 --batch 8 --dtype bf16 --channels-last --steps 10
    python3 bench/pytorch_step.py --device cuda --size 512 --batch 32 --dtype bf16 --channels-last --compile graphs --steps 20

--dtype bf16 is torch.autocast: float32 weights, convolutions and matrix products in bfloat16; f32 on a GPU is without TF32.
--compile plain: torch.compile, tuned; graphs: with CUDA graphs as well. A step is from bytes in the host's memory to new weights,
and is waited for.
"""
import argparse
import json
import resource
import statistics
import time

import torch
import torchvision

CLASSES = 10


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="densenet121", help="a name in torchvision.models")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", choices=["plain", "graphs"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2)
    return parser.parse_args()


def input_on_cpu(args, layout):
    x = torch.rand(args.batch, 3, args.size, args.size).contiguous(memory_format=layout)
    labels = (torch.rand(args.batch, CLASSES) < 0.3).float()
    return lambda: (x, labels)


def input_on_gpu(args, layout):
    """Grey bytes in page-locked memory; copied and normalised in each step."""
    pixels = torch.randint(0, 256, (args.batch, 1, args.size, args.size), dtype=torch.uint8).pin_memory()
    labels = (torch.rand(args.batch, CLASSES) < 0.3).float().pin_memory()

    def load():
        x = pixels.cuda(non_blocking=True).float()
        x = ((x / 255 - 0.449) / 0.226).expand(-1, 3, -1, -1).contiguous(memory_format=layout)
        return x, labels.cuda(non_blocking=True)

    return load


def make_step(args):
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
    layout = torch.channels_last if args.channels_last else torch.contiguous_format
    model = getattr(torchvision.models, args.model)(weights=None, num_classes=CLASSES)
    model = model.train().to(args.device, memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    loss_of = torch.nn.BCEWithLogitsLoss()
    load = input_on_gpu(args, layout) if args.device == "cuda" else input_on_cpu(args, layout)
    forward = model
    if args.compile:
        forward = torch.compile(model, mode="reduce-overhead" if args.compile == "graphs" else "max-autotune-no-cudagraphs")

    def step():
        x, labels = load()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(args.device, dtype=torch.bfloat16, enabled=args.dtype == "bf16"):
            logits = forward(x)
        loss = loss_of(logits.float(), labels)
        loss.backward()
        optimizer.step()
        if args.device == "cuda":
            torch.cuda.synchronize()
        return loss.item()

    return step


def memory(args):
    if args.device == "cuda":
        return {"gpu": torch.cuda.get_device_name(), "peak_mib": round(torch.cuda.max_memory_allocated() / 2**20)}
    return {"peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    step = make_step(args)
    for _ in range(args.warmup):
        step()
    times = []
    for _ in range(args.steps):
        start = time.perf_counter()
        loss = step()
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    print(json.dumps({
        "engine": f"PyTorch {torch.__version__}", "model": args.model, "size": args.size, "batch": args.batch, "dtype": args.dtype,
        "median_s": round(median, 4), "min_s": round(min(times), 4), "ms_per_image": round(1e3 * median / args.batch, 2),
        **memory(args), "loss": loss}))


if __name__ == "__main__":
    main()
