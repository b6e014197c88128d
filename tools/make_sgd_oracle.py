#!/usr/bin/env python3
"""Writes tests/kernels/sgd_oracle.txt: three steps of torch.optim.SGD in float32, as the bits of the numbers.

Per case one line "lr momentum weight_decay count", then one line per array: the parameter at the start, and per
step the gradient, then the parameter and the momentum after it. Run: python3 tools/make_sgd_oracle.py > tests/kernels/sgd_oracle.txt
The numbers are those of a PyTorch with AVX2 or more (its vector code fuses multiply-adds).
"""
import torch


def bits(values):
    return " ".join(str(b & 0xFFFFFFFF) for b in values.detach().view(torch.int32).tolist())


def main():
    torch.manual_seed(2021)
    count = 64  # whole vectors: PyTorch's scalar tail may round otherwise
    for lr, momentum, decay in ((0.001, 0.9, 0.0), (0.0123, 0.9, 1e-4), (0.5, 0.0, 0.01)):
        parameter = torch.nn.Parameter(torch.randn(count))
        optimizer = torch.optim.SGD([parameter], lr=lr, momentum=momentum, weight_decay=decay)
        scalars = bits(torch.tensor([lr, momentum, decay]))
        print(scalars, count)
        print(bits(parameter))
        for _ in range(3):
            parameter.grad = torch.randn(count)
            print(bits(parameter.grad))
            optimizer.step()
            print(bits(parameter))
            buffer = optimizer.state[parameter].get("momentum_buffer")
            print(bits(buffer) if buffer is not None else bits(torch.zeros(count)))


if __name__ == "__main__":
    main()
