#!/usr/bin/env python3
"""One training step of a model of torchvision in PyTorch, on the CPU, as its users run it; one JSON line, the keys of bench_step.

    python3 bench/pytorch_step.py --model resnet50 --size 224 --batch 8 --dtype bf16 --channels-last --steps 10

--dtype bf16 is torch.autocast: float32 weights, convolutions and matrix products in bfloat16.
"""
import argparse
import json
import resource
import statistics
import time

import torch
import torchvision


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="densenet121", help="a name in torchvision.models")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2)
    return parser.parse_args()


def make_step(args):
    torch.manual_seed(0)
    layout = torch.channels_last if args.channels_last else torch.contiguous_format
    model = getattr(torchvision.models, args.model)(weights=None, num_classes=10).train().to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    loss_of = torch.nn.BCEWithLogitsLoss()
    x = torch.rand(args.batch, 3, args.size, args.size).contiguous(memory_format=layout)
    labels = (torch.rand(args.batch, 10) < 0.3).float()

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.dtype == "bf16"):
            logits = model(x)
        loss = loss_of(logits.float(), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


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
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), "loss": loss}))


if __name__ == "__main__":
    main()
