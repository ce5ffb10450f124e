#!/usr/bin/env python3
"""Fits a softmax regression to a CSV file and writes it as an ONNX model.

It is one file and needs only the standard library, so it runs with Python 3.8 or later, by hand or as
the script of a Larder training job. It also shows how an ONNX file is written: see `Message`.

    python3 train.py

reads iris.csv and writes iris.onnx and metrics.json, all in the folder of this script. Environment
variables change that:

    LARDER_DATASET     the CSV file: a header, numeric columns, the class in the last column
    LARDER_OUTPUT_DIR  the folder for the two files
    LARDER_MODEL       the model's name: NAME.onnx is written
    LARDER_METRICS     a file for metrics while the script runs; without it there are none

The same input gives the same bytes: the script uses no random numbers, and Newton's method runs until
the optimum has far more exact digits than the model's 32-bit floats can hold.
"""

import csv
import json
import math
import os
import struct
import sys

# Every fifth row of each class is held out for testing.
FOLDS = 5

# Weight of the L2 penalty. Its curvature makes the optimum unique; 1 is scikit-learn's default.
RIDGE = 1.0


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    dataset = os.environ.get("LARDER_DATASET") or os.path.join(here, "iris.csv")
    output = os.environ.get("LARDER_OUTPUT_DIR") or here
    name = os.environ.get("LARDER_MODEL") or "iris"

    columns, classes, rows, labels = read_csv(dataset)
    folds = split(labels)

    train = select(rows, labels, folds, lambda fold: fold != 0)
    test = select(rows, labels, folds, lambda fold: fold == 0)
    model = fit(*train, len(classes), report)

    metrics = {
        "accuracy": hits(model, *test) / len(test[0]),
        "train_accuracy": hits(model, *train) / len(train[0]),
        "cross_validated_accuracy": cross_validate(rows, labels, folds, len(classes)),
        "log_loss": round(log_loss(model, *test), 6),
        "train_rows": len(train[0]),
        "test_rows": len(test[0]),
    }

    os.makedirs(output, exist_ok=True)
    with open(os.path.join(output, name + ".onnx"), "wb") as file:
        file.write(onnx_model(name, columns, classes, *model))
    with open(os.path.join(output, "metrics.json"), "w", encoding="utf-8", newline="\n") as file:
        json.dump(metrics, file, indent=2)
        file.write("\n")

    for metric, value in metrics.items():
        print(f"{metric}: {round(value, 4)}")


# --- Data ----------------------------------------------------------------------------------------


def read_csv(path):
    """Column names, class names (sorted: the order of the model's outputs), rows, class numbers."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines = [line for line in csv.reader(file) if line]
    if len(lines) < 2 or len(lines[0]) < 2:
        sys.exit("The dataset needs a header, at least one numeric column and the class as its last column.")

    header, records = lines[0], lines[1:]
    rows, names = [], []
    for number, record in enumerate(records, start=1):
        if len(record) != len(header):
            sys.exit(f"Row {number} has {len(record)} columns; the header has {len(header)}.")
        try:
            rows.append([float(cell) for cell in record[:-1]])
        except ValueError as error:
            sys.exit(f"Row {number}: {error}. Every column but the last must be a number.")
        if not all(map(math.isfinite, rows[-1])):
            sys.exit(f"Row {number} has a number that is not finite.")
        names.append(record[-1])

    classes = sorted(set(names))
    rarest = min(map(names.count, classes))
    if len(classes) < 2 or rarest < FOLDS:
        sys.exit(f"Two classes with {FOLDS} rows each are needed; got {len(classes)}, the rarest with {rarest}.")
    return header[:-1], classes, rows, [classes.index(name) for name in names]


def split(labels):
    """The fold of each row, counted within its class, so that every fold has each class's share."""
    seen, folds = {}, []
    for label in labels:
        folds.append(seen.get(label, 0) % FOLDS)
        seen[label] = seen.get(label, 0) + 1
    return folds


def select(rows, labels, folds, wanted):
    chosen = [index for index, fold in enumerate(folds) if wanted(fold)]
    return [rows[index] for index in chosen], [labels[index] for index in chosen]


# --- Softmax regression --------------------------------------------------------------------------


def fit(rows, labels, classes, report=None):
    """Weights [feature][class] and biases [class] for rows as they are in the file.

    The regression itself runs on standardised columns, which makes it well conditioned and the
    penalty fair. (x - mean) / deviation is linear, so it folds into the weights: the model's
    user sends raw values.
    """
    count = len(rows)
    means = [sum(column) / count for column in zip(*rows)]
    deviations = [
        math.sqrt(sum((value - mean) ** 2 for value in column) / count) or 1.0
        for column, mean in zip(zip(*rows), means)
    ]
    # The constant 1 in front is the bias's feature.
    standard = [[1.0] + [(x - m) / d for x, m, d in zip(row, means, deviations)] for row in rows]
    by_class = newton(standard, labels, classes, report)

    weights = [[theta[1 + j] / deviations[j] for theta in by_class] for j in range(len(means))]
    biases = [
        theta[0] - sum(weights[j][k] * means[j] for j in range(len(means)))
        for k, theta in enumerate(by_class)
    ]
    return weights, biases


def report(step, objective):
    """Appends a line of metrics, where there is a file for them."""
    path = os.environ.get("LARDER_METRICS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            print(json.dumps({"objective": objective, "step": step}), file=file)


def newton(rows, labels, classes, report=None):
    """Minimises -sum(log p(label | row)) + RIDGE/2 |theta|^2, which is strictly convex."""
    width = len(rows[0])
    theta = [0.0] * (classes * width)

    def blocks(vector):
        return [vector[k * width:(k + 1) * width] for k in range(classes)]

    def scores(vector):
        return [[dot(block, row) for block in blocks(vector)] for row in rows]

    def loss(vector):
        return RIDGE / 2 * dot(vector, vector) - sum(
            log_softmax(score)[label] for score, label in zip(scores(vector), labels))

    for number in range(100):
        gradient = [RIDGE * value for value in theta]
        hessian = [[RIDGE if i == j else 0.0 for j in range(len(theta))] for i in range(len(theta))]
        for row, label, score in zip(rows, labels, scores(theta)):
            p = softmax(score)
            for a in range(classes):
                error = p[a] - (a == label)
                for i in range(width):
                    gradient[a * width + i] += error * row[i]
                for b in range(classes):
                    curvature = p[a] * ((a == b) - p[b])
                    for i in range(width):
                        line, factor = hessian[a * width + i], curvature * row[i]
                        for j in range(width):
                            line[b * width + j] += factor * row[j]

        step = solve(hessian, gradient)
        # Far from the optimum a whole step can overshoot; near it, whole steps converge quadratically.
        scale, before = 1.0, loss(theta)
        if report:
            report(number, before)
        while scale > 1e-6 and loss([t - scale * s for t, s in zip(theta, step)]) > before + 1e-12 * abs(before):
            scale /= 2
        theta = [t - scale * s for t, s in zip(theta, step)]
        # The error left after a whole step is about the square of that step: nothing a float64 shows.
        if scale == 1.0 and max(map(abs, step)) < 1e-8:
            return blocks(theta)
    sys.exit("The regression did not converge on this dataset.")


def solve(matrix, right):
    """Gaussian elimination with partial pivoting."""
    rows = [line + [value] for line, value in zip(matrix, right)]
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda r: abs(rows[r][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for r in range(column + 1, size):
            factor = rows[r][column] / rows[column][column]
            for c in range(column, size + 1):
                rows[r][c] -= factor * rows[column][c]
    solution = [0.0] * size
    for r in reversed(range(size)):
        rest = sum(rows[r][c] * solution[c] for c in range(r + 1, size))
        solution[r] = (rows[r][size] - rest) / rows[r][r]
    return solution


def dot(left, right):
    return sum(a * b for a, b in zip(left, right))


def log_softmax(scores):
    top = max(scores)
    total = math.log(sum(math.exp(score - top) for score in scores))
    return [score - top - total for score in scores]


def softmax(scores):
    return [math.exp(value) for value in log_softmax(scores)]


def predict(model, row):
    """Probabilities of one row, as the ONNX model computes them (in 64 bits here, in 32 there)."""
    weights, biases = model
    return softmax([
        bias + sum(value * line[k] for value, line in zip(row, weights))
        for k, bias in enumerate(biases)
    ])


def hits(model, rows, labels):
    """How many rows get their own label as the most probable class."""
    predictions = [predict(model, row) for row in rows]
    return sum(p.index(max(p)) == label for p, label in zip(predictions, labels))


def log_loss(model, rows, labels):
    return -sum(math.log(predict(model, row)[label]) for row, label in zip(rows, labels)) / len(rows)


def cross_validate(rows, labels, folds, classes):
    """Accuracy over all rows, each predicted by a model that did not see its fold."""
    total = 0
    for held_out in range(FOLDS):
        model = fit(*select(rows, labels, folds, lambda fold: fold != held_out), classes)
        total += hits(model, *select(rows, labels, folds, lambda fold: fold == held_out))
    return total / len(rows)


# --- ONNX ----------------------------------------------------------------------------------------


class Message:
    """A protocol-buffers message while it is being written.

    On the wire a message is its fields, one after the other. Each begins with a varint that holds
    the field's number and its wire type: 0 for an integer, 2 for bytes preceded by their length,
    which is how text, packed numbers and nested messages travel.
    """

    def __init__(self):
        self.data = bytearray()

    def integer(self, field, value):
        self.data += varint(field << 3) + varint(value)
        return self

    def bytes(self, field, value):
        self.data += varint(field << 3 | 2) + varint(len(value)) + value
        return self

    def text(self, field, value):
        return self.bytes(field, value.encode("utf-8"))

    def message(self, field, value):
        return self.bytes(field, value.data)


def varint(value):
    """Seven bits a byte, lowest first; the top bit says that more follow. Negative is two's complement in 64 bits."""
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


# The field numbers below are those of onnx.proto. Tensor element types are TensorProto.DataType.
FLOAT, INT64 = 1, 7


def onnx_model(name, columns, classes, weights, biases):
    """logits = float_input x weights + biases; label = ArgMax(logits); probabilities = Softmax(logits)."""
    features, count = len(columns), len(classes)
    graph = (
        Message()
        .message(1, node("Gemm", ["float_input", "weights", "biases"], ["logits"]))
        .message(1, node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0))
        .message(1, node("Softmax", ["logits"], ["probabilities"], axis=1))
        .text(2, name)
        .message(5, tensor("weights", [features, count], [w for line in weights for w in line]))
        .message(5, tensor("biases", [count], biases))
        .message(11, value_info("float_input", FLOAT, ["N", features], ", ".join(columns)))
        .message(12, value_info("label", INT64, ["N"], "number of the most probable class"))
        .message(12, value_info("probabilities", FLOAT, ["N", count], ", ".join(classes)))
    )
    model = (
        Message()
        .integer(1, 8)  # ir_version
        .text(2, "larder-samples")  # producer_name
        .text(3, "1")  # producer_version
        .integer(5, 1)  # model_version
        .text(6, f"Softmax regression. Inputs: {', '.join(columns)}. Classes: {', '.join(classes)}.")  # doc_string
        .message(7, graph)
        .message(8, Message().text(1, "").integer(2, 13))  # opset_import: the default domain, version 13
        .message(14, Message().text(1, "feature_names").text(2, json.dumps(columns)))  # metadata_props, which Larder reads
        .message(14, Message().text(1, "class_names").text(2, json.dumps(classes)))
    )
    return bytes(model.data)


def node(operator, inputs, outputs, **attributes):
    message = Message()
    for name in inputs:
        message.text(1, name)
    for name in outputs:
        message.text(2, name)
    message.text(3, outputs[0]).text(4, operator)
    for name, number in attributes.items():
        message.message(5, Message().text(1, name).integer(3, number).integer(20, 2))  # i; type INT
    return message


def tensor(name, shape, values):
    message = Message()
    for size in shape:
        message.integer(1, size)
    return (
        message
        .integer(2, FLOAT)
        .text(8, name)
        .bytes(9, struct.pack(f"<{len(values)}f", *values))  # raw_data: always little-endian
    )


def value_info(name, element, shape, documentation):
    """An input or output. A text as a dimension is a name for a size that only the caller knows."""
    dimensions = Message()
    for size in shape:
        one = Message()
        dimensions.message(1, one.text(2, size) if isinstance(size, str) else one.integer(1, size))
    kind = Message().message(1, Message().integer(1, element).message(2, dimensions))
    return Message().text(1, name).message(2, kind).text(3, documentation)


if __name__ == "__main__":
    main()
