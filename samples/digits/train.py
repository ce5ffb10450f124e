#!/usr/bin/env python3
"""Trains the digits model and writes digits.onnx and metrics.json next to this script.

    apt-get install python3-sklearn python3-onnx python3-pil      (Debian; they bring numpy)
    /usr/bin/python3 train.py

`--cross-validate` trains four more networks, each with another fifth of the rows held out, and
prints the accuracy over all rows; it writes nothing.

The training is deterministic: one seed, one thread. Another processor may sum in another order, and
so give other last digits and other bytes.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is loaded

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import data
from network import Adam, Convolution, Dense, Flatten, MaxPool, Network, Relu, softmax

EPOCHS = 40
BATCH = 64
RATE = 2e-3
DECAY = 1e-2
# How much of a target is spread over the ten classes, so that no score need grow without bound.
SMOOTHING = 0.05


def main():
    pictures, digits = data.load()
    if "--cross-validate" in sys.argv[1:]:
        return cross_validate(pictures, digits)

    held_out = np.arange(len(digits)) >= data.TRAIN_ROWS
    network = train(pictures[~held_out], digits[~held_out])
    metrics = {
        "accuracy": accuracy(network, pictures[held_out], digits[held_out]),
        "accuracy_through_jpeg": accuracy(network, data.through_jpeg(pictures[held_out]), digits[held_out]),
        "train_accuracy": accuracy(network, pictures[~held_out], digits[~held_out]),
        "train_rows": int((~held_out).sum()),
        "test_rows": int(held_out.sum()),
    }

    here = os.path.dirname(os.path.abspath(__file__))
    model = onnx_model(network)
    onnx.checker.check_model(model, full_check=True)
    with open(os.path.join(here, "digits.onnx"), "wb") as file:
        file.write(model.SerializeToString(deterministic=True))
    with open(os.path.join(here, "metrics.json"), "w", encoding="utf-8", newline="\n") as file:
        json.dump(metrics, file, indent=2)
        file.write("\n")
    for metric, value in metrics.items():
        print(f"{metric}: {round(value, 4)}")


def train(pictures, digits):
    random = np.random.default_rng(0)
    network = Network([
        Convolution(1, 16, random), Relu(),
        Convolution(16, 32, random), Relu(), MaxPool(), Flatten(),
        Dense(32 * 4 * 4, 64, random), Relu(),
        Dense(64, 10, random),
    ])
    targets = (np.eye(10, dtype=np.float32)[digits] * (1 - SMOOTHING)) + np.float32(SMOOTHING / 10)
    optimiser = Adam(network, DECAY)
    steps = EPOCHS * -(-len(digits) // BATCH)
    for _ in range(EPOCHS):
        order = random.permutation(len(digits))
        for start in range(0, len(order), BATCH):
            rows = order[start:start + BATCH]
            network.learn(data.vary(pictures[rows], random), targets[rows])
            # From the full rate down to none along half a cosine: large steps first, then settling.
            optimiser.update(RATE * (1 + np.cos(np.pi * optimiser.step / steps)) / 2)
    return network


def accuracy(network, pictures, digits):
    return float((network.scores(pictures).argmax(1) == digits).mean())


def cross_validate(pictures, digits):
    fold = np.arange(len(digits)) * 5 // len(digits)
    hits = 0
    for held_out in range(5):
        test = fold == held_out
        network = train(pictures[~test], digits[~test])
        right = accuracy(network, pictures[test], digits[test])
        hits += right * test.sum()
        print(f"fold {held_out + 1}: {right:.4f}", flush=True)
    print(f"cross_validated_accuracy: {hits / len(digits):.4f}")


def onnx_model(network):
    """The network between a scaling of raw pixels and the two answers: which digit, and how sure."""
    first, second, third, last = network.trained()
    parameters = {
        "scale": np.float32(1 / 255),
        "conv1_weights": first.weights, "conv1_biases": first.biases,
        "conv2_weights": second.weights, "conv2_biases": second.biases,
        "dense_weights": third.weights, "dense_biases": third.biases,
        "scores_weights": last.weights, "scores_biases": last.biases,
    }
    window = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Mul", ["image", "scale"], ["pixels"]),
        helper.make_node("Conv", ["pixels", "conv1_weights", "conv1_biases"], ["conv1"], **window),
        helper.make_node("Relu", ["conv1"], ["strokes"]),
        helper.make_node("Conv", ["strokes", "conv2_weights", "conv2_biases"], ["conv2"], **window),
        helper.make_node("Relu", ["conv2"], ["shapes"]),
        helper.make_node("MaxPool", ["shapes"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense_weights", "dense_biases"], ["dense"]),
        helper.make_node("Relu", ["dense"], ["features"]),
        helper.make_node("Gemm", ["features", "scores_weights", "scores_biases"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 8, 8],
                                       "grey picture, raw 0 (black paper) to 255 (white ink)")],
        [helper.make_tensor_value_info("label", TensorProto.INT64, ["N"], "the digit"),
         helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10], "of the digits 0 to 9")],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in parameters.items()],
    )
    return helper.make_model(
        graph,
        ir_version=8,
        opset_imports=[helper.make_opsetid("", 13)],
        producer_name="larder-samples",
        producer_version="1",
        model_version=1,
        doc_string="Handwritten digits: light strokes on black, 8x8 pixels, raw 0-255.",
    )


if __name__ == "__main__":
    main()
