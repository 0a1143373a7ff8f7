"""Ten training steps in PyTorch, the reference of TestStepsAgainstPyTorch.

Writes initial.safetensors, final.safetensors and losses.json beside itself.
Needs: pip install torch safetensors numpy. Run: python3 steps.py
The network, images, labels and settings are those of steps_test.go.
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

torch.manual_seed(7)

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


conv1 = torch.nn.Conv2d(1, 6, 3, padding=1)
norm1 = torch.nn.BatchNorm2d(6)
cg1 = torch.nn.Parameter(0.3 * torch.randn(15, 6))
conv2 = torch.nn.Conv2d(6, 5, 3, stride=1, padding=1)
cg2 = torch.nn.Parameter(0.3 * torch.randn(15, 5))
norm2 = torch.nn.BatchNorm2d(5)
linear = torch.nn.Linear(2 * 2 * 5, K)


def forward(x):
    x = cg(norm1(conv1(x)), cg1, 2, 1)  # 8 -> 4
    x = norm2(cg(conv2(x), cg2, 1, 2))  # 4 -> 2, dilation 2
    return linear(x.permute(0, 2, 3, 1).flatten(1))


def tensors():
    """The parameters under the names and in the layouts of the notation."""
    conv = lambda c: c.weight.permute(2, 3, 1, 0)
    named = {
        "0.conv.weight": conv(conv1), "0.conv.bias": conv1.bias,
        "1.norm.scale": norm1.weight, "1.norm.shift": norm1.bias,
        "2.cg.coefficients": cg1,
        "3.conv.weight": conv(conv2), "3.conv.bias": conv2.bias,
        "4.cg.coefficients": cg2,
        "5.norm.scale": norm2.weight, "5.norm.shift": norm2.bias,
        "6.linear.weight": linear.weight.T, "6.linear.bias": linear.bias,
        "1.norm.mean": norm1.running_mean, "1.norm.variance": norm1.running_var,
        "5.norm.mean": norm2.running_mean, "5.norm.variance": norm2.running_var,
    }
    return {k: v.detach().clone().contiguous() for k, v in named.items()}


save_file(tensors(), HERE / "initial.safetensors")

decayed = [conv1.weight, conv2.weight, linear.weight]
others = [conv1.bias, norm1.weight, norm1.bias, cg1, conv2.bias, cg2, norm2.weight, norm2.bias, linear.bias]
optimizer = torch.optim.AdamW(
    [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], lr=0.02
)
schedule = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, max_lr=0.02, total_steps=STEPS, pct_start=0.3, div_factor=25, final_div_factor=1e4, cycle_momentum=False
)
loss_function = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
losses = []
for step in range(STEPS):
    part = slice(step * BATCH, (step + 1) * BATCH)
    loss = loss_function(forward(images[part]), labels[part])
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(decayed + others, 1.0)
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
    assert math.isfinite(losses[-1])

save_file(tensors(), HERE / "final.safetensors")
(HERE / "losses.json").write_text(json.dumps(losses, indent=1) + "\n")
print(torch.__version__, losses)
