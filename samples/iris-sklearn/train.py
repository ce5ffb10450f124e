#!/usr/bin/env python3
"""Fits scikit-learn's logistic regression to a CSV file and writes it as an ONNX model: a Larder training script for machines that reach PyPI.

The CSV file has a header, numeric columns, and the class in the last column. The environment names it (LARDER_DATASET), the folder for the results
(LARDER_OUTPUT_DIR) and the model (LARDER_MODEL). An argument, if there is one, is the regularisation strength C.
"""

import csv
import json
import os
import sys

import numpy as np
from onnx.helper import set_model_props
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skl2onnx import to_onnx

# ONNX Runtime reads newer ones too; this one has all that the model needs.
OPSET = {"": 17, "ai.onnx.ml": 3}


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header[:-1], np.array([row[:-1] for row in rows], dtype=np.float32), np.array([row[-1] for row in rows])


def main():
    columns, values, classes = read(os.environ["LARDER_DATASET"])
    output = os.environ["LARDER_OUTPUT_DIR"]
    strength = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0

    train, test, train_classes, test_classes = train_test_split(values, classes, test_size=0.2, stratify=classes, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000)).fit(train, train_classes)
    metrics = {
        "accuracy": accuracy_score(test_classes, model.predict(test)),
        "log_loss": log_loss(test_classes, model.predict_proba(test), labels=model.classes_),
        "train_rows": len(train),
        "test_rows": len(test),
    }
    for name, value in metrics.items():
        print(f"{name}: {value:.4f}" if isinstance(value, float) else f"{name}: {value}", flush=True)

    # Without "zipmap" the probabilities are a plain tensor, not a list of dictionaries.
    onnx = to_onnx(model, train[:1], options={id(model): {"zipmap": False}}, target_opset=OPSET)
    # Larder reads both from metadata_props: columns are then matched by name.
    set_model_props(onnx, {"feature_names": json.dumps(columns), "class_names": json.dumps(model.classes_.tolist())})
    with open(os.path.join(output, os.environ["LARDER_MODEL"] + ".onnx"), "wb") as file:
        file.write(onnx.SerializeToString())
    with open(os.path.join(output, "metrics.json"), "w", encoding="utf-8") as file:
        json.dump(metrics, file)


if __name__ == "__main__":
    main()
