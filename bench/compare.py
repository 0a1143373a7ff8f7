#!/usr/bin/env python3
"""Compares the speed of TaylorNet with PyTorch and ONNX Runtime on the same networks. README.md says how.

Needs Python 3.10, PyTorch and, for the binary, Go; ONNX Runtime if it is there. Installs nothing.
"""

import argparse
import importlib.metadata
import importlib.util
import itertools
import json
import logging
import os
import pathlib
import platform
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from functools import partial

import torch
import torch.nn.functional as F

from twin import FORMS, LAYOUTS, Twin, write_model

# Forms worth compiling and exporting: a compiler cannot fuse through the matrix products of the others.
COMPILED = ("horner", "function", "grouped")
EXPORTED = ("horner", "matmul", "grouped")
TASKS = ("training", "inference", "latency")
# What the libraries need to leave AVX-512 alone. ONNX Runtime has no such switch.
AVX2 = {"TAYLORNET_SIMD": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
RATE = 1e-6  # of learning: the parameters stay nearly what they are, as in taylornet bench
TOLERANCE = 1e-3  # between equal outputs or gradients, against the largest of them
QUIET = 0.03  # share of the CPUs that other programs may take during a measurement
ATTEMPTS = 4  # at a measurement, of which the quietest counts


def options():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--nets", default="mnist-paper,cifar-10", help="presets or files in the notation (default %(default)s)")
    p.add_argument("--batch", type=int, default=128, help="images per step (default %(default)s)")
    p.add_argument("--threads", type=int, default=2, help="threads per contender (default %(default)s)")
    p.add_argument("--rounds", type=int, default=7, help="rounds, in each of which all take turns (default %(default)s)")
    p.add_argument("--seconds", type=float, default=0.5, help="seconds per measurement (default %(default)s)")
    p.add_argument("--simd", choices=["avx2"], help="SIMD level for TaylorNet and PyTorch")
    p.add_argument("--no-compile", action="store_true", help="do not measure torch.compile")
    p.add_argument("--ways", type=pathlib.Path, help="a file that remembers which ways were fastest, so that the next run need not search")
    p.add_argument("--taylornet", help="the binary (default: built by go build)")
    p.add_argument("--json", action="store_true", help="write one JSON object to standard output")
    return p.parse_args()


def note(text):
    print(text, file=sys.stderr, flush=True)


class Ours:
    """The taylornet binary."""

    def __init__(self, binary, folder):
        self.folder, self.binary = folder, binary
        if binary is None:
            self.binary = str(folder / "taylornet")
            root = pathlib.Path(__file__).resolve().parent.parent
            subprocess.run(["go", "build", "-o", self.binary, "./cmd/taylornet"], cwd=root, check=True)

    def json(self, *arguments):
        done = subprocess.run([self.binary, *map(str, arguments), "--json"], stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def probabilities(self, net, twin, pixels):
        """TaylorNet's probabilities for images [N,H,W,C], with the twin's parameters."""
        model, files = self.folder / "model.safetensors", []
        for i, image in enumerate(pixels):
            files.append(self.folder / f"{i}.png")
            files[-1].write_bytes(png(image))
        write_model(model, net, twin, classes(net))
        out = self.json("predict", model, *files, "--invert", "no")
        return torch.tensor([p["probabilities"] for p in out["predictions"]])


def png(pixels):
    """A picture [H,W,C] of bytes, grey or RGB, as a PNG file."""
    h, w, c = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels.numpy())
    head = struct.pack(">IIBBBBB", w, h, 8, {1: 0, 3: 2}[c], 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def classes(net):
    return net["layers"][-1]["out"][2]


class Differs(Exception):
    """What was computed is not what the network computes."""


def equal(what, got, want):
    """Demands equal tensors and returns their largest difference relative to the largest value."""
    difference = ((got - want).abs().max() / want.abs().max()).item()
    if not difference <= TOLERANCE:
        raise Differs(f"{what} differs by {difference:.1e}, more than {TOLERANCE}")
    return difference


class Contest:
    """One network: the reference with its parameters, the data, and the ways to compute it."""

    def __init__(self, net, batch, threads, simd):
        self.net, self.batch, self.threads = net, batch, threads
        self.inductor = {"cpp.simdlen": 256} if simd else {}
        h, w, c = net["input"]
        generator = torch.Generator().manual_seed(1)
        self.pixels = torch.randint(0, 256, (max(batch, 32), h, w, c), dtype=torch.uint8, generator=generator)
        self.images = (self.pixels / 255).permute(0, 3, 1, 2).contiguous()
        self.labels = torch.arange(batch) % classes(net)
        self.reference = Twin(net, "horner")
        self.reference.randomise(self.images)
        with torch.no_grad():
            self.logits = self.reference(self.images)
        trained = sum(p.numel() for p in self.reference.parameters())
        if trained != net["params"]:
            raise SystemExit(f"compare.py: the twin has {trained} parameters, the network {net['params']}")
        _, self.gradients = self.gradient(self.twin("horner"), "contiguous")

    def twin(self, form):
        twin = Twin(self.net, form)
        twin.load_state_dict(self.reference.state_dict())
        return twin

    def gradient(self, twin, layout, compiled=False):
        """A function that trains the twin by one batch, and the gradients of the first."""
        twin = twin.train().to(memory_format=LAYOUTS[layout])
        x = self.images[: self.batch].contiguous(memory_format=LAYOUTS[layout])

        def loss():
            return F.cross_entropy(twin(x), self.labels)

        forward = torch.compile(loss, fullgraph=True, dynamic=False, options=self.inductor) if compiled else loss
        # The fastest of PyTorch's forms of the update: 0.15 ms of a step of mnist-paper, foreach 0.47, neither 0.63.
        optimiser = torch.optim.AdamW(twin.parameters(), lr=RATE, fused=True)

        def step():
            optimiser.zero_grad(set_to_none=True)
            value = forward()
            value.backward()
            optimiser.step()
            return value

        if not torch.isfinite(step()):
            raise Differs("the loss is not finite")
        return step, torch.cat([p.grad.flatten() for p in twin.parameters()])

    def train(self, form, layout, compiled):
        step, gradients = self.gradient(self.twin(form), layout, compiled)
        equal("the gradient", gradients, self.gradients)
        return step

    def infer(self, form, layout, compiled, size):
        twin = self.twin(form).folded().to(memory_format=LAYOUTS[layout])
        x = self.images[:size].contiguous(memory_format=LAYOUTS[layout])
        forward = twin
        if compiled:
            forward = torch.compile(twin, fullgraph=True, dynamic=False, options=self.inductor | {"freezing": True})

        def run():
            with torch.no_grad():
                return forward(x)

        equal("the output", run(), self.logits[:size])
        return run

    def onnx(self, form, folder, size):
        import onnxruntime

        twin, x, file = self.twin(form).folded(), self.images[:size], str(folder / f"{form}-{size}.onnx")
        torch.onnx.export(twin, (x,), file, dynamo=True, verbose=False)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads, settings.log_severity_level = self.threads, 3
        session = onnxruntime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])
        feed = {session.get_inputs()[0].name: x.numpy()}

        def run():
            return session.run(None, feed)

        equal("the output", torch.from_numpy(run()[0]), self.logits[:size])
        return run


def shortest(run, seconds):
    """The shortest time of a call, of those that fit the seconds."""
    run()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def fastest(what, candidates, seconds, left_out):
    """Which of the candidates, functions that prepare a call by name, is the fastest. Those that compute something else
    are added to left_out."""
    times = {}
    for name, prepare in candidates.items():
        torch.compiler.reset()
        try:
            run = prepare()
        except Differs as fault:
            left_out.append(f"{what}, {' '.join(name)}: {fault}")
            note(f"  {left_out[-1]}: left out")
            continue
        times[name], _ = quietly(partial(shortest, run, seconds))
        note(f"  {what}, {' '.join(name)}: {times[name] * 1e3:.3f} ms")
    if not times:
        raise Differs(f"{what}: every way computes something else")
    return min(times, key=times.get)


class Ways:
    """The fastest ways, kept in a file if there is one."""

    def __init__(self, file):
        self.file = file
        self.known = json.loads(file.read_text()) if file and file.exists() else {}

    def fastest(self, key, candidates, seconds, left_out):
        name = ", ".join(map(str, key))
        if name not in self.known:
            self.known[name] = fastest(name, candidates, seconds, left_out)
            if self.file:
                self.file.write_text(json.dumps(self.known, indent=1))
        return tuple(self.known[name])


def rivals(contest, name, options, folder):
    """The fastest way of each rival for each task, ready to call: {(task, rival): (way, call)}; and the ways left out."""
    ways = {}
    for rival in ["PyTorch eager"] + ["torch.compile"] * (not options.no_compile):
        compiled = rival == "torch.compile"
        for form, layout in itertools.product(COMPILED if compiled else FORMS, LAYOUTS):
            one = form, layout
            ways.setdefault(("training", rival), {})[one] = partial(contest.train, *one, compiled)
            ways.setdefault(("inference", rival), {})[one] = partial(contest.infer, *one, compiled, contest.batch)
            ways.setdefault(("latency", rival), {})[one] = partial(contest.infer, *one, compiled, 1)
    if has_onnx(options):
        for form in EXPORTED:
            ways.setdefault(("inference", "ONNX Runtime"), {})[form,] = partial(contest.onnx, form, folder, contest.batch)
            ways.setdefault(("latency", "ONNX Runtime"), {})[form,] = partial(contest.onnx, form, folder, 1)
    kept, setting = Ways(options.ways), (name, contest.batch, contest.threads, options.simd or "best")
    left_out = []
    best = {key: kept.fastest((*setting, *key), candidates, options.seconds, left_out) for key, candidates in ways.items()}
    torch.compiler.reset()
    return {key: (way, ways[key][way]()) for key, way in best.items()}, left_out


def work():
    """CPU seconds spent so far by the machine, and by this process and its children. Only Linux says."""
    try:
        ticks = [int(field) for field in pathlib.Path("/proc/stat").read_text().split(maxsplit=9)[1:9]]
    except OSError:
        return 0, 0
    machine = (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")  # all but idle and waiting
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return machine, sum(usage.ru_utime + usage.ru_stime for usage in own)


def quietly(measure):
    """Measures until other programs leave the CPUs alone, or takes the quietest of some attempts; and their share."""
    best = None
    for _ in range(ATTEMPTS):
        time.sleep(0.05)  # threads of the one before stop spinning
        (machine, own), start = work(), time.perf_counter()
        value = measure()
        took = time.perf_counter() - start
        after = work()
        share = max(0, after[0] - machine - after[1] + own) / took / os.cpu_count()
        if best is None or share < best[1]:
            best = value, share
        if share <= QUIET:
            break
    return best


def rate(run, images, seconds):
    """Images per second."""
    run()
    done, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        run()
        done += images
    return done / (time.perf_counter() - start)


def race(ours, name, contest, calls, options):
    """Images per second by task and contender, for each round; and the shares of the CPUs that other programs took."""

    def bench():
        # Six measurements share its time.
        out = ours.json("bench", "--net", name, "--batch", contest.batch, "--threads", contest.threads, "--seconds", 6 * options.seconds)
        rates = (out["train_images_per_second"], out["infer_images_per_second"], 1 / out["latency_seconds"])
        return {(task, "ours"): value for task, value in zip(TASKS, rates)}

    turns = [bench]
    for key, (_, run) in calls.items():
        size = 1 if key[0] == "latency" else contest.batch
        turns.append(lambda key=key, run=run, size=size: {key: rate(run, size, options.seconds)})
    rounds, shares = [], []
    for r in range(options.rounds):
        speeds = {}
        for turn in turns[r % len(turns) :] + turns[: r % len(turns)]:
            value, share = quietly(turn)
            speeds |= value
            shares.append(share)
        rounds.append(speeds)
        note(f"  round {r + 1} of {options.rounds}")
    return rounds, shares


def summary(calls, rounds):
    rows = []
    for task, rival in sorted(calls, key=lambda key: TASKS.index(key[0])):
        ratios = [speeds[task, "ours"] / speeds[task, rival] for speeds in rounds]
        rows.append({
            "task": task,
            "against": rival,
            "way": " ".join(calls[task, rival][0]),
            "ours": statistics.median(speeds[task, "ours"] for speeds in rounds),
            "theirs": statistics.median(speeds[task, rival] for speeds in rounds),
            "ratio": statistics.median(ratios),
            "min": min(ratios),
            "max": max(ratios),
            "ratios": ratios,
        })
    return rows


def compare(ours, name, options, folder):
    """Everything about one network."""
    net = ours.json("net", name)
    note(f"{name}: comparing outputs, looking for the fastest ways")
    contest = Contest(net, options.batch, options.threads, options.simd)
    pixels = contest.pixels[:32]
    off = equal("TaylorNet's prediction", ours.probabilities(net, contest.reference, pixels), contest.logits[:32].softmax(1))
    calls, left_out = rivals(contest, name, options, folder)
    rounds, shares = race(ours, name, contest, calls, options)
    return {
        "net": name, "network": net["network"], "params": net["params"], "batch": options.batch,
        "largest_difference": off, "others_share": {"median": statistics.median(shares), "max": max(shares)},
        "left_out": left_out, "results": summary(calls, rounds),
    }


def has_onnx(options):
    return not options.simd and not missing_onnx()


def missing_onnx():
    return [name for name in ("onnxruntime", "onnx", "onnxscript") if importlib.util.find_spec(name) is None]


def skipped(options):
    """What is left out, and why."""
    lines = []
    if missing_onnx():
        lines.append(f"ONNX Runtime is skipped: the Python packages {', '.join(missing_onnx())} are missing")
    elif options.simd:
        lines.append(f"ONNX Runtime is skipped: it has no switch that holds it to {options.simd}")
    if options.no_compile:
        lines.append("torch.compile is skipped because of --no-compile")
    return lines


def machine(ours, options):
    """Where and with what this is measured."""
    names = [line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    versions = {name: importlib.metadata.version(name) for name in ("torch", *([] if missing_onnx() else ["onnxruntime"]))}
    version = ours.json("version")
    return {
        "processor": names[0].split(": ")[1] if names else platform.processor(),
        "processors": os.cpu_count(), "threads": options.threads, "rounds": options.rounds, "seconds": options.seconds,
        "versions": {"python": platform.python_version(), **versions},
        "taylornet": version, "pytorch_simd": torch.backends.cpu.get_cpu_capability(), "load": os.getloadavg(),
    }


def show(report):
    print(", ".join(f"{name} {version}" for name, version in report["versions"].items()), end="; ")
    print(f"{report['processor']}, {report['threads']} threads; PyTorch uses {report['pytorch_simd']}")
    print(f"{report['rounds']} rounds in turns; load average at the start {report['load'][0]:.1f}")
    for line in report["skipped"]:
        print(line)
    for net in report["nets"]:
        share = net["others_share"]
        print(f"\n{net['net']}, {net['params']:,} parameters, batch {net['batch']}: outputs equal within {net['largest_difference']:.0e};", end=" ")
        print(f"other programs took {share['median']:.0%} of the CPUs, at most {share['max']:.0%}")
        print(f"{'':10} {'against':14} {'their fastest way':24} {'ours':>10} {'theirs':>10} {'ratio':>7}   range")
        for row in net["results"]:
            print(f"{row['task']:10} {row['against']:14} {row['way']:24} {speed(row, 'ours'):>10} {speed(row, 'theirs'):>10}", end=" ")
            print(f"{row['ratio']:>7.2f}   {row['min']:.2f} to {row['max']:.2f}")
        for line in net["left_out"]:
            print(f"left out: {line}")
        if share["median"] > QUIET:
            print("The machine was not quiet. Other programs slow down most the libraries whose threads meet at every operation.")


def speed(row, whose):
    return f"{1e3 / row[whose]:.3f} ms" if row["task"] == "latency" else f"{row[whose]:,.0f}/s"


def main():
    o = options()
    if o.simd and any(os.environ.get(name) != value for name, value in AVX2.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | AVX2)  # libraries read it as they start
    torch.set_num_threads(o.threads)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    torch._dynamo.config.fail_on_recompile_limit_hit = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ours = Ours(o.taylornet, folder)
        report = machine(ours, o) | {"skipped": skipped(o)}
        try:
            report["nets"] = [compare(ours, net, o, folder) for net in o.nets.split(",")]
        except Differs as fault:
            raise SystemExit(f"compare.py: {fault}: no comparison") from None
    if o.json:
        print(json.dumps(report))
    else:
        show(report)


if __name__ == "__main__":
    main()
