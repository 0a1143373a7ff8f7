"""The PyTorch twin of a network, built from what `taylornet net NAME --json` prints.

Feature maps are [N,C,H,W] as PyTorch has them, in either memory format. Coarse-graining comes in several forms, all the
ways that we know of writing it well; compare.py measures which is fastest where.
"""

import copy
import itertools
import json
import struct

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
FORMS = ("horner", "function", "einsum", "matmul", "grouped")  # methods of CG


def pairs(n):
    """The index pairs i <= j of n members, in the order of the coefficients."""
    return list(itertools.combinations_with_replacement(range(n), 2))


class CG(nn.Module):
    """Coarse-graining of order 2: per channel, a polynomial of the window's members."""

    def __init__(self, form, c, l1, l2, s1, s2, d, order, tie):
        super().__init__()
        if tie:
            raise SystemExit("compare.py: tied CGs have no twin yet: choose networks without tie")
        if order != 2:
            raise SystemExit(f"compare.py: a CG of order {order} has no twin yet: choose networks of order 2")
        self.window, self.stride, self.dilation = (l1, l2), (s1, s2), d
        n = l1 * l2
        self.n, self.channels, self.form = n, c, form
        self.coefficients = nn.Parameter(torch.empty(1 + n + len(pairs(n)), c))

    def members(self, x):
        """The window's members, [N,C,H',W'] each. Where windows do not overlap they are a reshaped view, whose
        gradient is one stack instead of a padded copy for each member."""
        (l1, l2), (s1, s2), d = self.window, self.stride, self.dilation
        h, w = x.shape[2:]
        if d == 1 and (s1, s2) == (l1, l2) and h % l1 == 0 and w % l2 == 0:
            x = x.unflatten(3, (w // l2, l2)).unflatten(2, (h // l1, l1))
            return [m for row in x.unbind(3) for m in row.unbind(4)]
        if (s1, s2) == (1, 1) and (h, w) == (l1 * d, l2 * d):
            x = x.unflatten(3, (l2, d)).unflatten(2, (l1, d))
            return [m for row in x.unbind(2) for m in row.unbind(3)]
        h, w = ((size - d * (length - 1) - 1) // stride * stride + 1 for size, length, stride in zip((h, w), (l1, l2), (s1, s2)))
        return [x[:, :, i * d : i * d + h : s1, j * d : j * d + w : s2] for i in range(l1) for j in range(l2)]

    def planes(self):
        """The coefficients of degree 0, 1 and 2, to broadcast over [N,C,H,W]."""
        c = self.coefficients[:, :, None, None]
        return c[0], c[1 : 1 + self.n], c[1 + self.n :]

    def matrices(self):
        """The coefficients of degree 2 as upper triangular matrices [n,n,C]."""
        i, j = zip(*pairs(self.n))
        quadratic = self.coefficients[1 + self.n :]
        return quadratic.new_zeros(self.n, self.n, self.channels).index_put((torch.tensor(i), torch.tensor(j)), quadratic)

    def horner(self, x):
        """A chain of n + n(n+1)/2 multiply-adds over whole planes."""
        return horner(*self.planes(), self.members(x))

    def function(self, x):
        """The same chain, its gradient written by hand."""
        return Polynomial.apply(self.coefficients, *self.members(x))

    def einsum(self, x):
        """Linear terms and products of pairs, stacked, each summed by an einsum."""
        x = torch.stack(self.members(x))
        i, j = zip(*pairs(self.n))
        linear, quadratic = self.coefficients[1 : 1 + self.n], self.coefficients[1 + self.n :]
        y = torch.einsum("tnchw,tc->nchw", x, linear) + torch.einsum("tnchw,tc->nchw", x[list(i)] * x[list(j)], quadratic)
        return y + self.planes()[0]

    def matmul(self, x):
        """x^T (B x + a) + c with B a matrix for each channel."""
        x = torch.stack(self.members(x))
        constant, linear, _ = self.planes()
        return (x * (torch.einsum("ijc,jnchw->inchw", self.matrices(), x) + linear[:, None])).sum(0) + constant

    def grouped(self, x):
        """x^T (B x + a) + c with B x + a as a grouped convolution of the lattice."""
        c, n = self.channels, self.n
        weight = self.matrices().permute(2, 0, 1).reshape(c * n, 1, *self.window)
        bias = self.coefficients[1 : 1 + n].T.reshape(-1)
        inner = F.conv2d(x, weight, bias, stride=self.stride, dilation=self.dilation, groups=c).unflatten(1, (c, n))
        return (inner * torch.stack(self.members(x), 2)).sum(2) + self.planes()[0]

    def forward(self, x):
        return getattr(self, self.form)(x)


def horner(constant, linear, quadratic, members):
    y, terms = constant, iter(quadratic)
    for i, x in enumerate(members):
        inner = linear[i]
        for other in members[i:]:
            inner = torch.addcmul(inner, next(terms), other)
        y = torch.addcmul(y, inner, x)
    return y


class Polynomial(torch.autograd.Function):
    """Horner's chain that keeps the members only, for its gradient."""

    @staticmethod
    def forward(ctx, coefficients, *members):
        ctx.save_for_backward(coefficients, *members)
        n, c = len(members), coefficients[:, :, None, None]
        return horner(c[0], c[1 : 1 + n], c[1 + n :], members)

    @staticmethod
    def backward(ctx, dy):
        coefficients, *members = ctx.saved_tensors
        n, c = len(members), coefficients[:, :, None, None]
        term = {pair: 1 + n + k for k, pair in enumerate(pairs(n))}
        gradient, inputs = torch.empty_like(coefficients), []
        gradient[0] = dy.sum((0, 2, 3))
        for i, x in enumerate(members):
            product = dy * x
            gradient[1 + i] = product.sum((0, 2, 3))
            for j in range(i, n):
                gradient[term[i, j]] = (product * members[j]).sum((0, 2, 3))
            slope = torch.addcmul(c[1 + i], 2 * c[term[i, i]], x)
            for j in range(n):
                if j != i:
                    slope.addcmul_(c[term[min(i, j), max(i, j)]], members[j])
            inputs.append(slope.mul_(dy))
        return gradient, *inputs


class Gain(nn.Module):
    """Gain control: a site's channels times a polynomial of their mean square."""

    def __init__(self, e):
        super().__init__()
        self.energy = e

    def forward(self, x):
        u = x.square().mean(1, keepdim=True) / self.energy
        return x * (1 + u * (u - 5 / 3))


class Flat(nn.Module):
    """A dense layer over all of a feature map [N,C,H,W]."""

    def __init__(self, shape, n):
        super().__init__()
        self.shape = shape  # [H,W,C]
        self.dense = nn.Linear(shape[0] * shape[1] * shape[2], n)

    def forward(self, x):
        return self.dense(x.flatten(1))


class Twin(nn.Module):
    """A network, its coarse-grainings in one form."""

    def __init__(self, net, form):
        super().__init__()
        self.ops = nn.ModuleDict({layer["path"]: operation(layer, form) for layer in net["layers"]})

    def forward(self, x):
        for op in self.ops.values():
            x = op(x)
        return x.flatten(1)

    def folded(self):
        """The network at inference, norms folded into the convolutions before them."""
        twin = copy.deepcopy(self).eval()
        for (path, op), (following, norm) in itertools.pairwise(list(twin.ops.items())):
            if isinstance(op, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                twin.ops[path] = fuse_conv_bn_eval(op, norm)
                twin.ops[following] = nn.Identity()
        return twin

    def randomise(self, images, seed=1):
        """Random parameters, with the norms' statistics as measured on the images and logits of unit spread."""
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, p in self.named_parameters():
                fan_in = len(p) if name.endswith("coefficients") else p[0].numel()
                p.normal_(0, fan_in**-0.5, generator=generator)
            for op in self.ops.values():
                if isinstance(op, nn.BatchNorm2d):
                    op.weight.add_(2)
                    op.momentum = 1
            self.train()(images)
            self.eval()
            for op in self.ops.values():
                if isinstance(op, nn.BatchNorm2d):
                    op.momentum = 0.1
                if isinstance(op, Flat):
                    op.dense.weight /= self(images).std(0).mean()

    def tensors(self):
        """The tensors of a model file by name, [H,W,C] throughout."""
        named = {}
        for path, op in self.ops.items():
            if isinstance(op, nn.Conv2d):
                named |= {f"{path}.conv.weight": op.weight.permute(2, 3, 1, 0), f"{path}.conv.bias": op.bias}
            elif isinstance(op, nn.BatchNorm2d):
                values = {"scale": op.weight, "shift": op.bias, "mean": op.running_mean, "variance": op.running_var}
                named |= {f"{path}.norm.{name}": value for name, value in values.items()}
            elif isinstance(op, CG):
                named[f"{path}.cg.coefficients"] = op.coefficients
            elif isinstance(op, Flat):
                (h, w, c), dense = op.shape, op.dense
                weight = dense.weight.reshape(-1, c, h, w).permute(2, 3, 1, 0).reshape(h * w * c, -1)
                named |= {f"{path}.linear.weight": weight, f"{path}.linear.bias": dense.bias}
        return named


def operation(layer, form):
    kind, v, shape = layer["type"], layer["values"], layer["in"]
    if kind == "Conv":
        return nn.Conv2d(shape[2], v["c"], (v["l1"], v["l2"]), (v["s1"], v["s2"]), v["p"])
    if kind == "Norm":
        return nn.BatchNorm2d(shape[2])
    if kind == "CG":
        return CG(form, **v)
    if kind == "Gain":
        return Gain(**v)
    if kind == "AvgPool" and not v:
        return nn.AdaptiveAvgPool2d(1)
    if kind == "Linear":
        return Flat(shape, v["n"])
    raise SystemExit(f"compare.py: {layer['op']} has no twin yet: choose networks of Conv, Norm, Gain, CG, AvgPool and Linear")


def write_model(path, net, twin, classes):
    """The twin as a model file of ours, whose images are not normalised: a safetensors file."""
    channels = net["input"][2]
    header = {"__metadata__": {
        "format": "taylornet/1",
        "network": net["network"],
        "input": json.dumps(net["input"]),
        "normalisation": json.dumps({"mean": [0] * channels, "std": [1] * channels}),
        "classes": json.dumps([str(k) for k in range(classes)]),
    }}
    data = b""
    for name, tensor in twin.tensors().items():
        values = tensor.detach().contiguous().numpy().astype("<f4")
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
