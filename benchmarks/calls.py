"""What one call costs, on work so short that the call is all there is; and what of a call takes how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import hotkernels as hk
import numpy as np

from benchmarks import bindings
from benchmarks.measure import Work, peer

LENGTH = 128
"""Elements of a vector: as short as embeddings get."""

INTEGERS = (1000, 2345)
"""Of the length that most are, and no such sum is kept ready by the interpreter."""


def calls() -> Iterator[Work]:
    """All of it."""
    a, b = np.random.default_rng(3).standard_normal((2, LENGTH), np.float32)
    yield from on_arrays(a, b)
    yield from on_own_types(a, b)
    yield from narrow(a, b)
    yield from by_part(a, b)
    yield from by_binding()
    counter = hk.ThreadSafeCounter()
    yield Work(
        name="ThreadSafeCounter.increment",
        unit="calls",
        amount=1,
        peer="an empty lambda",
        engines={"hotkernels": counter.increment, "an empty lambda": lambda: None},
    )


def on_arrays(a: np.ndarray, b: np.ndarray) -> Iterator[Work]:
    """Two ndarrays, which is what most have."""
    simsimd = peer("simsimd")
    va, vb = hk.Vector(a), hk.Vector(b)
    for name, own, other, fast in (
        ("cosine_similarity", hk.cosine_similarity, simsimd.cosine, va.cosine_similarity),
        ("dot", hk.dot, simsimd.dot, va.dot),
    ):
        yield Work(
            name=f"{name}, two of {LENGTH} float32",
            unit="calls",
            amount=1,
            peer="simsimd",
            engines={
                "hotkernels": lambda f=own: f(a, b),
                "hotkernels, Vectors": lambda f=own: f(va, vb),
                "hotkernels, method of Vector": lambda f=fast: f(vb),
                "simsimd": lambda f=other: f(a, b),
                "numpy.dot": lambda: np.dot(a, b),
            },
        )


def on_own_types(a: np.ndarray, b: np.ndarray) -> Iterator[Work]:
    """Two vectors in the type that each library has for them."""
    numkong = peer("numkong")
    va, vb, ta, tb = hk.Vector(a), hk.Vector(b), numkong.Tensor(a), numkong.Tensor(b)
    for name, own, method, other in (
        ("cosine", hk.cosine_similarity, va.cosine_similarity, numkong.angular),
        ("dot", hk.dot, va.dot, numkong.dot),
    ):
        yield Work(
            name=f"{name}, two of {LENGTH} float32, each library's own type",
            unit="calls",
            amount=1,
            peer="numkong, Tensors",
            engines={
                "hotkernels, Vectors": lambda f=own: f(va, vb),
                "hotkernels, method of Vector": lambda f=method: f(vb),
                "numkong, Tensors": lambda f=other: f(ta, tb),
                "numkong, ndarrays": lambda f=other: f(a, b),
            },
        )


def narrow(a: np.ndarray, b: np.ndarray) -> Iterator[Work]:
    """Two vectors of narrow types: there is no call of ours for two, only the batch function."""
    simsimd, numkong = peer("simsimd"), peer("numkong")
    for dtype, scale in ((np.float16, 1), (np.int8, 42)):
        x, y = ((row * scale).clip(-127, 127).astype(dtype) for row in (a, b))
        tensors = numkong.Tensor(x), numkong.Tensor(y)
        row, other, out = x.reshape(1, LENGTH), y.reshape(1, LENGTH), np.empty((1, 1), np.float32)
        yield Work(
            name=f"cosine, two of {LENGTH} {np.dtype(dtype).name}",
            unit="calls",
            amount=1,
            peer="simsimd",
            note="hotkernels: a batch of one",
            engines={
                "hotkernels.cosine_matrix": lambda r=row, o=other, t=out: hk.cosine_matrix(r, o, out=t, threads=1),
                "simsimd": lambda x=x, y=y: simsimd.cosine(x, y),
                "numkong, Tensors": lambda t=tensors: numkong.angular(*t),
            },
        )


def by_part(a: np.ndarray, b: np.ndarray) -> Iterator[Work]:
    """Where the time of dot(a, b) goes: each engine does what one before it does, and one thing more."""
    pyo3 = bindings.load("pyo3")["pyo3"]
    va, vb = hk.Vector(a), hk.Vector(b)
    parts: dict[str, Callable[[], object]] = {
        "1 the loop: an empty lambda": lambda: None,
        "2 + a call of two arguments": lambda f=pyo3.nothing: f(a, b),
        f"3 = 2 + kernel and result: dot of two Vectors of {LENGTH}": lambda f=hk.dot: f(va, vb),
        "4 = 2 + both buffers": lambda f=pyo3.buffers: f(a, b),
        "5 all of it: dot of two ndarrays": lambda f=hk.dot: f(a, b),
    }
    yield Work(
        name=f"where the time of dot goes, two of {LENGTH} float32",
        unit="calls",
        amount=1,
        peer="5 all of it: dot of two ndarrays",
        note="2 and 4 are functions of benchmarks/bindings/pyo3",
        engines=parts,
    )


def by_binding() -> Iterator[Work]:
    """What a call costs with each way to write an extension."""
    modules = bindings.load("C", "nanobind", "pyo3", "pyo3, abi3")
    first, second = INTEGERS
    yield Work(
        name="add(int, int)",
        unit="calls",
        amount=1,
        peer="nanobind",
        note="benchmarks/bindings; every row is called by a lambda",
        engines={name: lambda f=module.add: f(first, second) for name, module in modules.items()}
        | {"an empty lambda": lambda: None},
    )
    yield Work(
        name="a function of two arguments that does nothing",
        unit="calls",
        amount=1,
        peer="nanobind",
        note="benchmarks/bindings; every row is called by a lambda",
        engines={name: lambda f=module.nothing: f(first, second) for name, module in modules.items()}
        | {"an empty lambda": lambda: None},
    )
