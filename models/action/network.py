"""The network: causal convolutions of stride two, which is a dilated causal stack evaluated at the newest frame only."""

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from features import CHANNELS, FRAMES

WIDTHS = (24, 32, 32, 32, 32)
KERNEL = 4
HIDDEN = 32


def initial(seed):
    """He initialisation."""
    rng, params, before = np.random.default_rng(seed), [], CHANNELS
    for width in WIDTHS:
        params.append((rng.normal(0, (2 / (KERNEL * before)) ** 0.5, (KERNEL, before, width)), np.zeros(width)))
        before = width
    flat = before * FRAMES // 2 ** len(WIDTHS)
    params.append((rng.normal(0, (2 / flat) ** 0.5, (flat, HIDDEN)), np.zeros(HIDDEN)))
    params.append((rng.normal(0, (1 / HIDDEN) ** 0.5, (HIDDEN, 4)), np.full(4, -2.0)))
    return [(jnp.asarray(w, jnp.float32), jnp.asarray(b, jnp.float32)) for w, b in params]


def logits(params, x):
    """`x` [batch, CHANNELS, FRAMES]."""
    x = jnp.swapaxes(x, 1, 2)
    for w, b in params[: len(WIDTHS)]:
        x = jnp.pad(x, ((0, 0), (KERNEL - 2, 0), (0, 0)))
        half = (x.shape[1] - KERNEL) // 2 + 1
        taps = jnp.concatenate([x[:, i : i + 2 * half - 1 : 2] for i in range(KERNEL)], axis=2)
        x = jax.nn.relu(taps @ w.reshape(-1, w.shape[2]) + b)
    x = jnp.swapaxes(x, 1, 2).reshape(x.shape[0], -1)
    (w1, b1), (w2, b2) = params[len(WIDTHS) :]
    return jax.nn.relu(x @ w1 + b1) @ w2 + b2


def export(params, path, note):
    """ONNX, opset 13: Conv, Relu, Flatten, Gemm, Sigmoid."""
    nodes, weights, name = [], [], "window"
    add = lambda label, value: weights.append(numpy_helper.from_array(np.asarray(value, np.float32), label)) or label
    for i, (w, b) in enumerate(params[: len(WIDTHS)]):
        kernel, bias = add(f"conv{i}.weight", np.transpose(w, (2, 1, 0))), add(f"conv{i}.bias", b)
        nodes.append(helper.make_node("Conv", [name, kernel, bias], [f"conv{i}"], kernel_shape=[KERNEL], strides=[2], pads=[KERNEL - 2, 0]))
        nodes.append(helper.make_node("Relu", [f"conv{i}"], [f"relu{i}"]))
        name = f"relu{i}"
    nodes.append(helper.make_node("Flatten", [name], ["flat"], axis=1))
    (w1, b1), (w2, b2) = params[len(WIDTHS) :]
    nodes.append(helper.make_node("Gemm", ["flat", add("hidden.weight", w1), add("hidden.bias", b1)], ["hidden"]))
    nodes.append(helper.make_node("Relu", ["hidden"], ["hidden_relu"]))
    nodes.append(helper.make_node("Gemm", ["hidden_relu", add("out.weight", w2), add("out.bias", b2)], ["logits"]))
    nodes.append(helper.make_node("Sigmoid", ["logits"], ["scores"]))
    value = lambda label, shape: helper.make_tensor_value_info(label, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "action", [value("window", [1, CHANNELS, FRAMES])], [value("scores", [1, 4])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="models/action/train.py", doc_string=note)
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, path)
