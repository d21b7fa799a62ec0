"""What does the units of an experiment: processes on this machine, or a Dask cluster."""

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
DASK_PATIENCE = 10  # seconds until an address counts as one where nobody answers


@contextmanager
def processes(workers):
    """An executor of so many processes, each with one thread, and how many units it takes at once."""
    os.environ.update({name: "1" for name in THREADS})  # read when a worker loads NumPy and PyTorch
    executor = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_follow_parent)
    try:
        yield executor, workers
        executor.shutdown()
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in active_children():  # what they are at is not needed, and may take a minute
            process.terminate()
        raise


def _follow_parent():
    """Leave Ctrl-C to the process that this worker works for, and end when that was killed: work would never come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait():
        parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def dask(address):
    """The workers of the Dask cluster at `address` as an executor, and how many units they take at once."""
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("--dask needs the library distributed, and it is not installed here") from None
    try:
        client = Client(address, timeout=DASK_PATIENCE)
    except (OSError, ValueError) as problem:
        raise ValueError(f"--dask {address}: expected a Dask scheduler, found none: {problem}") from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ValueError(f"--dask {address}: the cluster has no workers")
        with client.get_executor(pure=False) as executor:
            yield executor, threads
