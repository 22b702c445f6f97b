"""The processes that train one model together, one per GPU: which one this is, and how they add up numbers."""

import contextlib
import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import torch

from trainer.launch import world_size

PATIENCE = timedelta(hours=1)  # that the others wait for the first, which writes gigabytes onto a mount meanwhile


class Ranks:
    """One process on its own: the accelerator where there is one, else the processor."""

    rank, count = 0, 1

    @property
    def device(self) -> torch.device:
        """Return where to train."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def share(self, model: Any) -> Any:
        """Return the model to call while training: its gradients are the mean over all processes."""
        return model

    def apart(self, _model: Any) -> contextlib.AbstractContextManager[Any]:
        """Return a context in which gradients stay with this process: more are to come before the step."""
        return contextlib.nullcontext()

    def total(self, values: Sequence[float]) -> list[float]:
        """Return each value's sum over all processes; all of them must call it at the same place."""
        return list(values)

    def wait(self) -> None:
        """Return once all processes have come here."""

    def leave(self) -> None:
        """Take leave of the others, at the end."""


class SeveralRanks(Ranks):
    """Several processes, as torchrun and Azure ML's PyTorch distribution start them (RANK, WORLD_SIZE, ...)."""

    def __init__(self) -> None:
        from accelerate import Accelerator, InitProcessGroupKwargs

        patient = InitProcessGroupKwargs(timeout=PATIENCE)
        cpu = not torch.cuda.is_available()
        self._together = Accelerator(cpu=cpu, mixed_precision="no", kwargs_handlers=[patient])
        self.rank, self.count = self._together.process_index, self._together.num_processes

    @property
    def device(self) -> torch.device:
        """Return this process's GPU, or the processor."""
        device: torch.device = self._together.device
        return device

    def share(self, model: Any) -> Any:
        """Return the model to call while training; it starts with the first process's weights."""
        return self._together.prepare_model(model)

    def apart(self, model: Any) -> contextlib.AbstractContextManager[Any]:
        """Return a context in which gradients stay with this process."""
        context: contextlib.AbstractContextManager[Any] = self._together.no_sync(model)
        return context

    def total(self, values: Sequence[float]) -> list[float]:
        """Return each value's sum over all processes."""
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(tensor)
        return [float(value) for value in tensor]

    def wait(self) -> None:
        """Return once all processes have come here."""
        self._together.wait_for_everyone()

    def leave(self) -> None:
        """Take leave of the others."""
        torch.distributed.destroy_process_group()


def ranks() -> Ranks:
    """Return the processes that the environment speaks of."""
    return SeveralRanks() if world_size(os.environ) > 1 else Ranks()
