#!/usr/bin/env python3
"""Converts two kinds of scikit-learn classifiers to ONNX without skl2onnx: a scaled logistic regression and a random forest.

    apt-get install python3-sklearn python3-onnx      (Debian)
    /usr/bin/python3 from_sklearn.py FOLDER

Writes linear.onnx and forest.onnx, trained on ../iris/iris.csv, and for each an .expected.json with a few rows and scikit-learn's answers.
"""

import json
import os
import sys

import numpy as np
from onnx import TensorProto, checker, helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import iris

ML = "ai.onnx.ml"


def convert_linear(pipeline):
    """Nodes for a StandardScaler followed by a LogisticRegression of three or more classes."""
    scaler, regression = (step for _, step in pipeline.steps)
    return [
        helper.make_node("Scaler", ["input"], ["scaled"], domain=ML, offset=scaler.mean_.tolist(), scale=(1 / scaler.scale_).tolist()),
        helper.make_node(
            "LinearClassifier", ["scaled"], ["label", "scores"], domain=ML, post_transform="NONE", classlabels_ints=regression.classes_.tolist(),
            coefficients=regression.coef_.ravel().tolist(), intercepts=regression.intercept_.tolist()),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]


def convert_forest(forest):
    """One TreeEnsembleClassifier: all nodes of all trees in flat lists, a leaf with a weight for each class."""
    nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")}
    leaves = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for number, tree in enumerate(estimator.tree_ for estimator in forest.estimators_):
        for node in range(tree.node_count):
            is_leaf = tree.children_left[node] < 0
            nodes["treeids"].append(number)
            nodes["nodeids"].append(node)
            nodes["featureids"].append(0 if is_leaf else int(tree.feature[node]))
            nodes["values"].append(0.0 if is_leaf else below_or_equal(tree.threshold[node]))
            nodes["modes"].append("LEAF" if is_leaf else "BRANCH_LEQ")
            nodes["truenodeids"].append(0 if is_leaf else int(tree.children_left[node]))
            nodes["falsenodeids"].append(0 if is_leaf else int(tree.children_right[node]))
            if is_leaf:
                counts = tree.value[node][0]
                for label, share in enumerate(counts / counts.sum() / len(forest.estimators_)):
                    leaves["treeids"].append(number)
                    leaves["nodeids"].append(node)
                    leaves["ids"].append(label)
                    leaves["weights"].append(float(share))
    return [helper.make_node(
        "TreeEnsembleClassifier", ["input"], ["label", "probabilities"], domain=ML, post_transform="NONE", classlabels_int64s=forest.classes_.tolist(),
        **{f"nodes_{key}": values for key, values in nodes.items()}, **{f"class_{key}": values for key, values in leaves.items()})]


def below_or_equal(threshold):
    """The greatest FP32 value that is not above the threshold: a tree compares FP32 values with FP64 thresholds, ONNX has FP32 for both."""
    nearest = np.float32(threshold)
    return float(nearest if nearest <= threshold else np.nextafter(nearest, np.float32(-np.inf)))


def write(folder, name, nodes, model, values):
    columns = len(iris.FEATURES)
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [None, columns])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, len(iris.CLASSES)]),
        ])
    onnx = helper.make_model(graph, producer_name="larder-samples", ir_version=8, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(ML, 3)])
    # Larder reads the names of columns and classes here.
    helper.set_model_props(onnx, {"feature_names": json.dumps(iris.FEATURES), "class_names": json.dumps(iris.CLASSES)})
    checker.check_model(onnx)
    with open(os.path.join(folder, f"{name}.onnx"), "wb") as file:
        file.write(onnx.SerializeToString())

    rows = values[::30]
    expected = {"values": rows.tolist(), "label": model.predict(rows).tolist(), "probabilities": model.predict_proba(rows).tolist()}
    with open(os.path.join(folder, f"{name}.expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    values, labels = iris.read()

    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(values, labels)
    write(folder, "linear", convert_linear(linear), linear, values)

    forest = RandomForestClassifier(n_estimators=20, random_state=0).fit(values, labels)
    write(folder, "forest", convert_forest(forest), forest, values)


if __name__ == "__main__":
    main()
