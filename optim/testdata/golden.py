"""Writes golden.json: what PyTorch's optimisers, schedule and clipping compute.

    python3 golden.py    # PyTorch 2.15.0

Weight decay is decoupled, and on the first
three of five parameters only: for SGD, whose own decay is coupled, it is done
by hand before the step. Muon computes with float32 in place of bfloat16.
"""

import json

import torch

STEPS, RATE, DECAY = 12, 0.05, 0.1
START = [0.5, -1.25, 2.0, 0.0, -0.75]


def gradients():
    g = torch.Generator().manual_seed(7)
    grads = torch.randn(STEPS, len(START), generator=g)
    grads[:, 3] *= 1e-4  # small gradients: Eps counts
    return grads


def run(make, decay_by_hand):
    decayed = torch.nn.Parameter(torch.tensor(START[:3]))
    others = torch.nn.Parameter(torch.tensor(START[3:]))
    opt = make([decayed], [others])
    path = []
    for grad in gradients():
        if decay_by_hand:
            with torch.no_grad():
                decayed.mul_(1 - RATE * DECAY)
        decayed.grad, others.grad = grad[:3].clone(), grad[3:].clone()
        opt.step()
        path.append(decayed.tolist() + others.tolist())
    return path


def adamw(decayed, others):
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99), eps=1e-6)


def sgd(nesterov):
    return lambda decayed, others: torch.optim.SGD(decayed + others, lr=RATE, momentum=0.9, nesterov=nesterov)


def muon(rows, cols):
    g = torch.Generator().manual_seed(11)
    start = torch.randn(rows, cols, generator=g)
    grads = torch.randn(STEPS, rows, cols, generator=g)
    weights = torch.nn.Parameter(start.clone())
    opt = torch.optim.Muon([weights], lr=RATE, weight_decay=DECAY, momentum=0.9, adjust_lr_fn="match_rms_adamw")
    path = []
    for grad in grads:
        weights.grad = grad.clone()
        opt.step()
        path.append(weights.flatten().tolist())
    return {"rows": rows, "cols": cols, "start": start.flatten().tolist(), "gradients": grads.flatten(1).tolist(), "path": path}


def one_cycle(total, warm_up):
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        opt, max_lr=0.02, total_steps=total, pct_start=warm_up, div_factor=10.0, final_div_factor=100.0
    )
    rates = []
    for _ in range(total):
        rates.append(schedule.get_last_lr()[0])
        opt.step()
        if len(rates) < total:
            schedule.step()
    return {"total": total, "warm_up": warm_up, "rates": rates}


def clip():
    p = torch.nn.Parameter(torch.zeros(len(START)))
    p.grad = gradients()[0].clone()
    norm = torch.nn.utils.clip_grad_norm_([p], 0.5)
    return {"limit": 0.5, "norm": norm.item(), "clipped": p.grad.tolist()}


torch.bfloat16 = torch.float32
golden = {
    "torch": torch.__version__.split("+")[0],
    "start": START,
    "rate": RATE,
    "decay": DECAY,
    "gradients": gradients().tolist(),
    "adamw": run(adamw, False),
    "sgd": run(sgd(False), True),
    "nesterov": run(sgd(True), True),
    "muon": [muon(6, 3), muon(3, 5), muon(4, 4)],
    "one_cycle": [one_cycle(20, 0.3), one_cycle(7, 0.5)],
    "clip": clip(),
}
with open("golden.json", "w") as f:
    json.dump(golden, f, indent=1)
    f.write("\n")
