#!/usr/bin/env python3
"""Converts an XGBoost classifier to ONNX without onnxmltools, from the booster's own JSON.

    apt-get install python3-xgboost python3-onnx      (Debian)
    /usr/bin/python3 from_xgboost.py FOLDER

Writes boosted.onnx, trained on ../iris/iris.csv with some values missing, and boosted.expected.json with a few rows and XGBoost's answers. A missing
value is null there and NaN in the model, whose trees know where such rows go.
"""

import json
import math
import os
import sys

import numpy as np
import xgboost
from onnx import TensorProto, checker, helper

import iris

ML = "ai.onnx.ml"


def convert(booster, classes):
    """One TreeEnsembleClassifier. Trees are in rounds of one tree a class; 'missing' is where NaN goes."""
    nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids", "missing_value_tracks_true")}
    leaves = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}

    def add(tree, node):
        is_leaf = "leaf" in node
        nodes["treeids"].append(tree)
        nodes["nodeids"].append(node["nodeid"])
        nodes["featureids"].append(0 if is_leaf else int(node["split"][1:]))
        nodes["values"].append(0.0 if is_leaf else node["split_condition"])
        nodes["modes"].append("LEAF" if is_leaf else "BRANCH_LT")
        nodes["truenodeids"].append(0 if is_leaf else node["yes"])
        nodes["falsenodeids"].append(0 if is_leaf else node["no"])
        nodes["missing_value_tracks_true"].append(0 if is_leaf else int(node["missing"] == node["yes"]))
        if is_leaf:
            leaves["treeids"].append(tree)
            leaves["nodeids"].append(node["nodeid"])
            leaves["ids"].append(tree % classes)
            leaves["weights"].append(node["leaf"])
        for child in node.get("children", ()):
            add(tree, child)

    for tree, text in enumerate(booster.get_dump(dump_format="json")):
        add(tree, json.loads(text))
    return helper.make_node(
        "TreeEnsembleClassifier", ["input"], ["label", "probabilities"], domain=ML, post_transform="SOFTMAX", classlabels_int64s=list(range(classes)),
        base_values=[0.5] * classes, **{f"nodes_{key}": values for key, values in nodes.items()}, **{f"class_{key}": values for key, values in leaves.items()})


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    values, labels = iris.read()
    # Every seventh value is missing.
    values.ravel()[::7] = math.nan
    model = xgboost.XGBClassifier(n_estimators=20, max_depth=3, base_score=0.5, random_state=0, n_jobs=1).fit(values, labels)

    graph = helper.make_graph(
        [convert(model.get_booster(), len(iris.CLASSES))], "boosted",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [None, len(iris.FEATURES)])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, len(iris.CLASSES)]),
        ])
    onnx = helper.make_model(graph, producer_name="larder-samples", ir_version=8, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(ML, 3)])
    # Larder reads the names of columns and classes here.
    helper.set_model_props(onnx, {"feature_names": json.dumps(iris.FEATURES), "class_names": json.dumps(iris.CLASSES)})
    checker.check_model(onnx)
    with open(os.path.join(folder, "boosted.onnx"), "wb") as file:
        file.write(onnx.SerializeToString())

    rows = values[::30]
    expected = {
        "values": [[None if np.isnan(value) else float(value) for value in row] for row in rows],
        "label": model.predict(rows).tolist(),
        "probabilities": model.predict_proba(rows).tolist(),
    }
    with open(os.path.join(folder, "boosted.expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    main()
