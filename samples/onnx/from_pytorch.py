#!/usr/bin/env python3
"""Trains a small PyTorch network and exports it to ONNX with a free number of rows.

    apt-get install python3-torch python3-onnx      (Debian)
    /usr/bin/python3 from_pytorch.py FOLDER

Writes network.onnx, trained on ../iris/iris.csv, and network.expected.json with a few rows and PyTorch's answers.
"""

import json
import os
import sys

import onnx
import torch

import iris


class Network(torch.nn.Module):
    """Scaling and softmax belong to the model, so that callers send what they measured and get probabilities."""

    def __init__(self, mean, scale):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.layers = torch.nn.Sequential(torch.nn.Linear(len(iris.FEATURES), 16), torch.nn.ReLU(), torch.nn.Linear(16, len(iris.CLASSES)))

    def scores(self, values):
        return self.layers((values - self.mean) / self.scale)

    def forward(self, values):
        return torch.softmax(self.scores(values), dim=1)


def train(values, labels):
    torch.manual_seed(0)
    network = Network(values.mean(0), values.std(0))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(200):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network.scores(values), labels).backward()
        optimizer.step()
    return network.eval()


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "network.onnx")
    values, labels = (torch.from_numpy(array) for array in iris.read())
    network = train(values, labels)

    # Without dynamic_axes the exported model takes exactly as many rows as the example has.
    torch.onnx.export(
        network, values[:1], path, input_names=["input"], output_names=["probabilities"], opset_version=13,
        dynamic_axes={"input": {0: "rows"}, "probabilities": {0: "rows"}})

    # Larder reads the names of columns and classes here.
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"feature_names": json.dumps(iris.FEATURES), "class_names": json.dumps(iris.CLASSES)})
    onnx.save(model, path)

    rows = values[::30]
    with torch.no_grad(), open(os.path.join(folder, "network.expected.json"), "w", encoding="utf-8") as file:
        json.dump({"values": rows.tolist(), "probabilities": network(rows).tolist()}, file)


if __name__ == "__main__":
    main()
