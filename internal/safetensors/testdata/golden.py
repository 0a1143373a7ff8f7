"""Writes golden.safetensors with Python's safetensors package.

    python3 golden.py                 # safetensors 0.8.0, NumPy 2.4.6
    python3 golden.py check FILE      # reads a file that Go wrote with the same content
"""

import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

METADATA = {"format": "test", "net": "Input(2,3,1)\nCG(2,2,1) # é <&>"}
NAN = np.array([0x7FC00123, 0xFF800001], dtype=np.uint32).view(np.float32)
TENSORS = {
    "b.weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 4,
    "a.bias": np.array([-0.0, np.inf, 1e-45], dtype=np.float32),
    "scalar": np.array(3.5, dtype=np.float32),
    "empty": np.zeros((0, 4), dtype=np.float32),
    "nan": NAN,
}

if sys.argv[1:2] == ["check"]:
    with safe_open(sys.argv[2], "np") as f:
        assert f.metadata() == METADATA, f.metadata()
        assert set(f.keys()) == set(TENSORS), f.keys()
        for name, want in TENSORS.items():
            got = f.get_tensor(name)
            assert got.shape == want.shape and got.tobytes() == want.tobytes(), name
    print("as written")
else:
    save_file(TENSORS, "golden.safetensors", METADATA)
