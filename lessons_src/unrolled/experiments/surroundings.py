"""Where an experiment runs and with what: the device, the versions of the libraries, and the code."""

import ast
import hashlib
import importlib.util
import platform
from functools import cache
from pathlib import Path

import numpy as np
import torch

from unrolled.experiments.records import SOURCES, source_file

DEVICES = ("auto", "cpu", "cuda")


@cache  # what has been imported does not change when its file does
def describe(asked, module):
    """The device that is used where `asked` is asked for, its model, the versions, and the code of `module`.

    asked: one of DEVICES; "auto" is "cuda" where there is a GPU that PyTorch can use, else "cpu". Returns an object for
    JSON with the keys device, machine, versions and code.
    Raises ValueError for another name, or a GPU that is not there.
    """
    if asked not in DEVICES:
        raise ValueError(f"the device must be one of {', '.join(DEVICES)}, not {asked!r}")
    has_gpu = torch.cuda.is_available()
    if asked == "cuda" and not has_gpu:
        raise ValueError(f"the device cuda needs a GPU that PyTorch {torch.__version__} can use, and found none")
    device = "cuda" if has_gpu and asked != "cpu" else "cpu"
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": str(torch.__version__)}
    if device == "cuda":
        versions |= {"cuda": torch.version.cuda, "cudnn": str(torch.backends.cudnn.version())}
    machine = torch.cuda.get_device_name() if device == "cuda" else _processor()
    code = {name: _digest(path) for name, path in sorted(modules_of(module).items())}
    return {"device": device, "machine": machine, "versions": versions, "code": code}


def _processor():
    """The model of the processor, and which of its vector instructions PyTorch uses."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")  # on Linux, the only place that names the model
    if information.exists():
        lines = (line.partition(":") for line in information.read_text(encoding="utf-8").splitlines())
        model = next((value.strip() for name, _, value in lines if name.strip() == "model name"), model)
    return f"{model}, {torch.backends.cpu.get_cpu_capability()}"


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def modules_of(module, sources=SOURCES):
    """The modules of this package that importing `module` imports, itself among them: {name: path}."""
    found, waiting = {}, [module]
    while waiting:
        name = waiting.pop()
        path = source_file(name, sources)
        if name not in found and path is not None:
            found[name] = path
            waiting += _imported(name, path)
    return found


def _imported(module, path):
    """The names that the file of `module` may import modules by, and the packages that it lies in."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[: end + 1]) for end in range(len(parts)))
    if package:
        yield package
