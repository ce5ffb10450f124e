"""A convolutional network in numpy: just enough of one to train on small pictures.

A layer turns a batch into a batch (`forward`), and the loss's gradient at its output into the
gradient at its input (`backward`), keeping its own parameters' gradients on the way. Batches are
NCHW float32 arrays, as in ONNX.
"""

import numpy as np


class Convolution:
    """3x3 windows, stride 1, zero-padded: the picture keeps its size."""

    def __init__(self, inputs, outputs, random):
        self.weights = he(random, (outputs, inputs, 3, 3), inputs * 9)
        self.biases = np.zeros(outputs, np.float32)

    def forward(self, x):
        # One row for each output pixel with all that its window sees: the convolution is then one product.
        self.shape = x.shape
        windows = np.lib.stride_tricks.sliding_window_view(pad(x), (3, 3), axis=(2, 3))
        self.seen = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * 9)
        y = self.seen @ self.flat().T + self.biases
        return y.reshape(x.shape[0], *x.shape[2:], -1).transpose(0, 3, 1, 2)

    def backward(self, g):
        batch, channels, height, width = self.shape
        g = g.transpose(0, 2, 3, 1).reshape(-1, g.shape[1])
        self.gradients = [(g.T @ self.seen).reshape(self.weights.shape), g.sum(0)]
        windows = (g @ self.flat()).reshape(batch, height, width, channels, 3, 3).transpose(0, 3, 1, 2, 4, 5)
        padded = np.zeros((batch, channels, height + 2, width + 2), np.float32)
        for i in range(3):
            for j in range(3):
                padded[:, :, i:i + height, j:j + width] += windows[..., i, j]
        return padded[:, :, 1:-1, 1:-1]

    def flat(self):
        return self.weights.reshape(len(self.weights), -1)


class MaxPool:
    """The largest of each 2x2 block."""

    def forward(self, x):
        batch, channels, height, width = x.shape
        self.shape = x.shape
        blocks = x.reshape(batch, channels, height // 2, 2, width // 2, 2).transpose(0, 1, 2, 4, 3, 5)
        blocks = blocks.reshape(*blocks.shape[:4], 4)
        self.winner = blocks.argmax(-1)[..., None]
        return np.take_along_axis(blocks, self.winner, -1)[..., 0]

    def backward(self, g):
        blocks = np.zeros((*g.shape, 4), np.float32)
        np.put_along_axis(blocks, self.winner, g[..., None], -1)
        return blocks.reshape(*g.shape, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(self.shape)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, g):
        return g.reshape(self.shape)


class Dense:
    def __init__(self, inputs, outputs, random):
        self.weights = he(random, (inputs, outputs), inputs)
        self.biases = np.zeros(outputs, np.float32)

    def forward(self, x):
        self.seen = x
        return x @ self.weights + self.biases

    def backward(self, g):
        self.gradients = [self.seen.T @ g, g.sum(0)]
        return g @ self.weights.T


class Relu:
    def forward(self, x):
        self.open = x > 0
        return x * self.open

    def backward(self, g):
        return g * self.open


class Network:
    """Layers in a row that end in one score for each class."""

    def __init__(self, layers):
        self.layers = layers

    def scores(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def learn(self, x, targets):
        """Fills the layers' gradients: those of the mean cross-entropy against `targets`, [batch, classes]."""
        g = (softmax(self.scores(x)) - targets) / len(x)
        for layer in reversed(self.layers):
            g = layer.backward(g)

    def trained(self):
        return [layer for layer in self.layers if hasattr(layer, "weights")]


class Adam:
    """Kingma and Ba's optimiser, with weight decay kept apart from the gradient (Loshchilov and Hutter)."""

    def __init__(self, network, decay):
        self.network, self.decay, self.step = network, decay, 0
        self.moments = [
            [(np.zeros_like(p), np.zeros_like(p)) for p in (layer.weights, layer.biases)]
            for layer in network.trained()
        ]

    def update(self, rate):
        self.step += 1
        for layer, moments in zip(self.network.trained(), self.moments):
            layer.weights -= rate * self.decay * layer.weights
            for parameter, gradient, (mean, square) in zip((layer.weights, layer.biases), layer.gradients, moments):
                mean += 0.1 * (gradient - mean)
                square += 0.001 * (gradient * gradient - square)
                unbiased = np.sqrt(square / (1 - 0.999 ** self.step)) + 1e-8
                parameter -= rate * mean / (1 - 0.9 ** self.step) / unbiased


def softmax(scores):
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def pad(x):
    return np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))


def he(random, shape, inputs):
    """He's initial weights: they keep the signal's variance through a ReLU."""
    return random.normal(0, np.sqrt(2 / inputs), shape).astype(np.float32)
