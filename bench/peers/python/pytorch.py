"""PyTorch behind the protocol of ../protocol.ts; the number of threads is the argument."""

import json
import os
import sys
import time

import numpy
import torch
import torch.nn.functional as functional

torch.set_num_threads(int(sys.argv[1]))


def answer(**content):
    print("@ " + json.dumps(content), flush=True)


class Prepared:
    """The data of one case; channels last is a memory format of NCHW tensors here."""

    def __init__(self, directory, layout, batch, channels, height, width, eps, momentum):
        self.directory = directory
        self.last = layout == "NHWC"
        shape = {
            "NCHW": (batch, channels, height, width),
            "NHWC": (batch, height, width, channels),
            "NC": (batch, channels),
        }[layout]
        self.x = self.elements("x", shape).requires_grad_()
        self.dy = self.elements("dy", shape)
        self.gamma = self.vector("gamma.f32", "f4").requires_grad_()
        self.beta = self.vector("beta.f32", "f4").requires_grad_()
        self.running_mean = self.vector("runningMean.f64", "f8")
        self.running_var = self.vector("runningVar.f64", "f8")
        self.options = {"momentum": momentum, "eps": eps}
        self.output = None
        self.y = None
        self.gradients = None

    def elements(self, name, shape):
        tensor = torch.from_numpy(numpy.fromfile(os.path.join(self.directory, name + ".f32"), "f4").reshape(shape))
        return tensor.permute(0, 3, 1, 2) if self.last else tensor

    def vector(self, name, kind):
        return torch.from_numpy(numpy.fromfile(os.path.join(self.directory, name), kind).astype("f4"))

    def forward(self, training):
        return functional.batch_norm(
            self.x, self.running_mean, self.running_var, self.gamma, self.beta, training, **self.options
        )

    def inference(self):
        with torch.inference_mode():
            self.output = self.forward(False)

    def trainingForward(self):
        self.y = self.forward(True)

    def backward(self):
        leaves = (self.x, self.gamma, self.beta)
        self.gradients = torch.autograd.grad(self.y, leaves, self.dy, retain_graph=True)

    def write(self, **results):
        for name, tensor in results.items():
            elements = tensor.dim() > 1
            if elements and self.last:
                tensor = tensor.permute(0, 2, 3, 1)
            values = tensor.detach().contiguous().numpy().astype("f4" if elements else "f8")
            values.tofile(os.path.join(self.directory, "results", name + (".f32" if elements else ".f64")))

    def check(self):
        self.inference()
        self.write(inference=self.output)
        self.trainingForward()
        self.write(y=self.y, runningMean=self.running_mean, runningVar=self.running_var)
        self.backward()
        dx, dgamma, dbeta = self.gradients
        self.write(dx=dx, dgamma=dgamma, dbeta=dbeta)


prepared = None
answer(version=torch.__version__, runningVariance="unbiased")
for line in sys.stdin:
    command, *words = line.split()
    try:
        if command == "case":
            prepared = None
            directory, layout, *numbers = words
            prepared = Prepared(directory, layout, *map(int, numbers[:4]), *map(float, numbers[4:]))
            answer()
        elif command == "check":
            prepared.check()
            answer(absent={})
        elif command == "warm":
            getattr(prepared, words[0])()
            answer()
        elif command == "run":
            run = getattr(prepared, words[0])
            calls = range(int(words[1]))
            start = time.perf_counter_ns()
            for _ in calls:
                run()
            answer(ns=time.perf_counter_ns() - start)
    except Exception as error:
        answer(error=f"{type(error).__name__}: {error}")
