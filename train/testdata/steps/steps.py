"""Ten training steps of two networks in PyTorch, the reference of TestStepsAgainstPyTorch.

Writes initial.safetensors, final.safetensors and losses.json to small/ and wide/ beside itself.
Needs: pip install torch safetensors numpy. Run: python3 steps.py
The networks, images, labels and settings are those of steps_test.go.
"""

import json
import math
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
N, BATCH, STEPS, K = 160, 16, 10, 5
H = W = 8

pixels = np.array(
    [[(i * 37 + j * 11 + (i * j) % 53) % 256 for j in range(H * W)] for i in range(N)],
    dtype=np.float64,
)
labels = torch.tensor([(i * 7) % K for i in range(N)])
mean, std = pixels.mean() / 255, pixels.std() / 255
images = torch.tensor((pixels / 255 - mean) / std, dtype=torch.float32).reshape(N, 1, H, W)


def cg(x, coefs, stride, dilation):
    """Coarse-graining over 2x2 windows; coefs [15, C], terms by degree."""
    hout = (x.shape[2] - dilation - 1) // stride + 1
    wout = (x.shape[3] - dilation - 1) // stride + 1
    members = [
        x[:, :, k * dilation :: stride, l * dilation :: stride][:, :, :hout, :wout]
        for k in range(2)
        for l in range(2)
    ]
    terms = [torch.ones_like(members[0])] + members
    terms += [members[i] * members[j] for i in range(4) for j in range(i, 4)]
    return sum(t * coefs[k][None, :, None, None] for k, t in enumerate(terms))


def gain(x, e):
    """Gain control as in training: limited to an energy of 1. Returns its penalty, too."""
    u = (x * x).mean(1, keepdim=True) / e
    over = torch.clamp(u - 0.75, 0, 2.25)
    penalty = 10 * over * over + 20 * over * torch.clamp(u - 3, min=0)
    u = torch.clamp(u, max=1)
    return x * (1 - 5 * u / 3 + u * u), penalty.mean()


class Small(torch.nn.Module):
    """A dilated CG, and convolutions that are computed directly."""

    freeze = 0

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 6, 3, padding=1)
        self.norm1 = torch.nn.BatchNorm2d(6)
        self.cg1 = torch.nn.Parameter(0.3 * torch.randn(15, 6))
        self.conv2 = torch.nn.Conv2d(6, 5, 3, stride=1, padding=1)
        self.cg2 = torch.nn.Parameter(0.3 * torch.randn(15, 5))
        self.norm2 = torch.nn.BatchNorm2d(5)
        self.linear = torch.nn.Linear(2 * 2 * 5, K)

    def forward(self, x):
        x = cg(self.norm1(self.conv1(x)), self.cg1, 2, 1)  # 8 -> 4
        x = self.norm2(cg(self.conv2(x), self.cg2, 1, 2))  # 4 -> 2, dilation 2
        return self.linear(x.permute(0, 2, 3, 1).flatten(1)), 0

    places = {0: "conv1", 1: "norm1", 2: "cg1", 3: "conv2", 4: "cg2", 5: "norm2", 6: "linear"}


class Wide(torch.nn.Module):
    """Gains, CGs that share their coefficients, and a convolution of 16 feature maps,
    which the engine computes by Winograd's algorithm. The last three steps have norms with
    fixed statistics."""

    freeze = 3

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 16, 3, padding=1)
        self.norm1 = torch.nn.BatchNorm2d(16)
        self.cg = torch.nn.Parameter(0.3 * torch.randn(15, 16))
        self.norm2 = torch.nn.BatchNorm2d(16)
        self.conv2 = torch.nn.Conv2d(16, 16, 3, padding=1)
        self.norm3 = torch.nn.BatchNorm2d(16)
        self.linear = torch.nn.Linear(3 * 3 * 16, K)

    def forward(self, x):
        x, penalty = gain(self.norm1(self.conv1(x)), 2)
        x = self.norm2(cg(x, self.cg, 1, 1))  # 8 -> 7
        x = cg(self.norm3(self.conv2(x)), self.cg, 2, 1)  # 7 -> 3
        x, more = gain(x, 4)
        return self.linear(x.permute(0, 2, 3, 1).flatten(1)), penalty + more

    places = {0: "conv1", 1: "norm1", "tie1": "cg", 4: "norm2", 5: "conv2", 6: "norm3", 9: "linear"}


def tensors(net):
    """The parameters under the names and in the layouts of the notation."""
    named = {}
    for place, name in net.places.items():
        part = getattr(net, name)
        if isinstance(part, torch.nn.Conv2d):
            named |= {f"{place}.conv.weight": part.weight.permute(2, 3, 1, 0), f"{place}.conv.bias": part.bias}
        elif isinstance(part, torch.nn.BatchNorm2d):
            named |= {f"{place}.norm.scale": part.weight, f"{place}.norm.shift": part.bias}
            named |= {f"{place}.norm.mean": part.running_mean, f"{place}.norm.variance": part.running_var}
        elif isinstance(part, torch.nn.Linear):
            named |= {f"{place}.linear.weight": part.weight.T, f"{place}.linear.bias": part.bias}
        else:
            named |= {f"{place}.cg.coefficients": part}  # place is tie1 if shared
    return {k: v.detach().clone().contiguous() for k, v in named.items()}


def parts():
    for step in range(STEPS):
        yield slice(step * BATCH, (step + 1) * BATCH)


def fix_statistics(net):
    """Norms take from now on the mean of the middle fifth of the batches' statistics."""
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    measured = {n: ([], []) for n in norms}
    for n in norms:
        n.momentum = 1  # running statistics are those of the last batch
    with torch.no_grad():
        for part in parts():
            net(images[part])
            for n, (means, variances) in measured.items():
                means.append(n.running_mean.clone())
                variances.append(n.running_var.clone())
    middle = lambda values: torch.stack(values).sort(0).values[2 * STEPS // 5 : STEPS - 2 * STEPS // 5].mean(0)
    for n, (means, variances) in measured.items():
        n.running_mean, n.running_var = middle(means), middle(variances)
        n.eval()


def train(net, out):
    out.mkdir(exist_ok=True)
    save_file(tensors(net), out / "initial.safetensors")
    decays = lambda name: name.endswith("weight") and "norm" not in name
    decayed = [p for name, p in net.named_parameters() if decays(name)]
    others = [p for name, p in net.named_parameters() if not decays(name)]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], lr=0.02
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.02, total_steps=STEPS, pct_start=0.3, div_factor=25, final_div_factor=1e4, cycle_momentum=False
    )
    loss_function = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    losses = []
    for step, part in enumerate(parts()):
        if net.freeze and step == STEPS - net.freeze:
            fix_statistics(net)
        logits, penalty = net(images[part])
        loss = loss_function(logits, labels[part])
        optimizer.zero_grad()
        (loss + penalty).backward()
        torch.nn.utils.clip_grad_norm_(decayed + others, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        print(step, loss.item())
        assert math.isfinite(losses[-1])
    save_file(tensors(net), out / "final.safetensors")
    (out / "losses.json").write_text(json.dumps(losses, indent=1) + "\n")


torch.manual_seed(7)
train(Small(), HERE / "small")
train(Wide(), HERE / "wide")
print("written with torch", torch.__version__, "and numpy", np.__version__)
