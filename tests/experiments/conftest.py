import pytest
import torch


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """At these sizes a second thread costs more than it gives, and on a busy machine a hundred times more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
