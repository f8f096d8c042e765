"""A graphics card for tests on machines that have none.

Tensors on it are ordinary CPU tensors in a wrapper that says ``cuda:0``. It computes, knows how
many bytes live on it, and refuses what a real one refuses: operands on different devices, reading
into numpy without a copy, and more than it can hold.
"""

import weakref
from collections import Counter

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("cuda:0")
_ACROSS = {torch.ops.aten.copy_.default}
_cards = []


class OnCard(torch.Tensor):
    """A tensor on the simulated card."""

    @staticmethod
    def __new__(cls, inner):
        # "meta" inside of torch, because a build without CUDA cannot switch to a CUDA device.
        with torch.inference_mode(False):  # wrappers cannot be views of inference tensors
            return torch.Tensor._make_wrapper_subclass(cls, inner.size(), strides=inner.stride(), dtype=inner.dtype,
                                                       device="meta", requires_grad=False)

    @property
    def device(self):
        return DEVICE

    def __init__(self, inner):
        self.inner = inner
        if _cards:
            _cards[-1].count(self)

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


class SimulatedGpu(TorchDispatchMode):
    """The card; a context manager that is active in the thread that enters it."""

    def __init__(self, capacity_bytes=1 << 40):
        super().__init__()
        self.capacity_bytes = capacity_bytes
        self._users = Counter()
        self._sizes = {}

    def __enter__(self):
        _cards.append(self)
        # Called by every `.to("cuda")`; it would look for a driver.
        self._lazy_init, torch.cuda._lazy_init = torch.cuda._lazy_init, lambda: None
        # A real card's tensors are of another C++ type, so that modules get new parameters by themselves.
        self._overwrite = torch.__future__.get_overwrite_module_params_on_conversion()
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        return super().__enter__()

    def __exit__(self, *error):
        _cards.remove(self)
        torch.cuda._lazy_init = self._lazy_init
        torch.__future__.set_overwrite_module_params_on_conversion(self._overwrite)
        return super().__exit__(*error)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})

    @property
    def used_bytes(self):
        return sum(self._sizes.values())

    @property
    def free_bytes(self):
        return self.capacity_bytes - self.used_bytes

    def count(self, tensor):
        storage = tensor.inner.untyped_storage()
        key = storage.data_ptr()
        if key not in self._sizes and storage.nbytes() > self.free_bytes:
            raise torch.OutOfMemoryError(f"the simulated card is full: {self.used_bytes} of {self.capacity_bytes} bytes")
        self._sizes[key] = storage.nbytes()
        self._users[key] += 1
        weakref.finalize(tensor, self._forget, key)

    def _forget(self, key):
        self._users[key] -= 1
        if not self._users[key]:
            del self._users[key], self._sizes[key]


def run(func, args, kwargs):
    """Run an operator where its operands lie."""
    if func is torch.ops.aten._has_compatible_shallow_copy_type.default:
        return False
    tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
    wrappers = {id(t.inner): t for t in tensors if isinstance(t, OnCard)}
    here = bool(wrappers)
    if "device" in kwargs and kwargs["device"] is not None:
        here = torch.device(kwargs["device"]).type == DEVICE.type
        kwargs = {**kwargs, "device": torch.device("cpu")}
    elif wrappers and func not in _ACROSS and any(not isinstance(t, OnCard) and t.dim() for t in tensors):
        raise RuntimeError(f"{func}: expected all tensors to be on the same device, but found cuda:0 and cpu")
    if func in _ACROSS:
        here = isinstance(args[0], OnCard)
    args, kwargs = tree_map(lambda x: x.inner if isinstance(x, OnCard) else x, (args, kwargs))
    result = func(*args, **kwargs)

    def placed(x):
        if not here or not isinstance(x, torch.Tensor):
            return x
        # What was changed in place stays the same tensor.
        return wrappers[id(x)] if id(x) in wrappers else OnCard(x)

    return tree_map(placed, result)
