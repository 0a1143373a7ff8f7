#!/usr/bin/env python3
"""Measures how the speed of TaylorNet grows with batch, lattice and channels: tables in Markdown and a plot.

Needs Python 3.10, matplotlib for the plot and, for the binary, Go. Installs nothing. README.md says more.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

BATCHES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
LATTICES = (28, 56, 112, 224)
CHANNELS = (16, 32, 64, 128, 256)
BASE = {"side": 28, "channels": 64, "batch": 64}


def options():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--threads", type=int, default=2, help="threads (default %(default)s)")
    p.add_argument("--rounds", type=int, default=3, help="rounds through all sizes (default %(default)s)")
    p.add_argument("--seconds", type=float, default=2, help="seconds per measurement (default %(default)s)")
    p.add_argument("--taylornet", help="the binary (default: built by go build)")
    p.add_argument("--plot", type=pathlib.Path, help="write a plot to this file (SVG or PNG)")
    return p.parse_args()


def network(side, channels):
    """A convolution, a norm and a coarse-graining that halves the lattice, three times, then a classifier."""
    level = f"Conv(3,3,{channels},1,1,1) Norm CG(2,2,{channels},2,2)"
    return f"Input({side},{side},1) {level} {level} {level} AvgPool Linear(10)"


def build(folder):
    binary = str(folder / "taylornet")
    root = pathlib.Path(__file__).resolve().parent.parent
    subprocess.run(["go", "build", "-o", binary, "./cmd/taylornet"], cwd=root, check=True)
    return binary


def ask(binary, *arguments):
    done = subprocess.run([binary, *map(str, arguments), "--json", "--quiet"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def measure(binary, o, net, batch):
    """Images per second in training and inference."""
    out = ask(binary, "bench", "--net", net, "--batch", batch, "--threads", o.threads, "--seconds", o.seconds)
    return out["train_images_per_second"], out["infer_images_per_second"]


def cases():
    """Each curve's name, unit, and its sizes with the network and batch that they stand for."""
    side, channels, batch = BASE.values()
    return (
        ("batch", "images", [(n, "mnist-paper", n) for n in BATCHES]),
        ("lattice", "sites on a side", [(n, network(n, channels), batch) for n in LATTICES]),
        ("channels", "", [(n, network(side, n), batch) for n in CHANNELS]),
    )


def measured(binary, o):
    """Medians over rounds in turns, by (curve, size): images per second, and nanoseconds per multiply-add of the network."""
    runs = {}
    for turn in range(o.rounds):
        for name, _, sizes in cases():
            for size, net, batch in sizes:
                print(f"round {turn + 1}, {name} {size}", flush=True)
                runs.setdefault((name, size), []).append(measure(binary, o, net, batch))
    macs = {(name, size): ask(binary, "net", net)["macs"] for name, _, sizes in cases() for size, net, _ in sizes}
    table = {}
    for key, pairs in runs.items():
        train, infer = (statistics.median(column) for column in zip(*pairs))
        table[key] = {"train": train, "infer": infer, "train_ps": 1e12 / train / macs[key], "infer_ps": 1e12 / infer / macs[key]}
    return table


def show(table):
    for name, unit, sizes in cases():
        print(f"\n| {name}{', ' + unit if unit else ''} | training, images/s | inference, images/s | ps per multiply-add, training | inference |")
        print("|---|---|---|---|---|")
        for size, _, _ in sizes:
            row = table[name, size]
            print(f"| {size} | {row['train']:,.0f} | {row['infer']:,.0f} | {row['train_ps']:.1f} | {row['infer_ps']:.1f} |")


def plot(table, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    for axis, (name, unit, sizes) in zip(axes, cases()):
        x = [size for size, _, _ in sizes]
        for key, label in (("train_ps", "training"), ("infer_ps", "inference")):
            axis.plot(x, [table[name, size][key] for size in x], marker="o", label=label)
        axis.set(xscale="log", xlabel=f"{name}{' (' + unit + ')' if unit else ''}", ylim=(0, None))
        axis.set_xticks(x, [str(size) for size in x], minor=False, rotation=45)
        axis.minorticks_off()
    axes[0].set_ylabel("ps per multiply-add of the network")
    axes[0].legend()
    figure.savefig(path)


def main():
    o = options()
    with tempfile.TemporaryDirectory() as folder:
        binary = o.taylornet or build(pathlib.Path(folder))
        table = measured(binary, o)
    show(table)
    if o.plot:
        plot(table, o.plot)


if __name__ == "__main__":
    main()
