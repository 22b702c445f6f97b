"""The models that the scoring worker holds."""

from collections import OrderedDict

from scorer.checkpoint import Checkpoint, load

MOST = 4  # models in memory


class Checkpoints:
    """The models used last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._loaded: OrderedDict[str, Checkpoint] = OrderedDict()

    def at(self, folder: str) -> Checkpoint:
        """Return the checkpoint in a folder, from memory where it is; raises UnusableError."""
        if folder not in self._loaded:
            self._loaded[folder] = load(folder)
        self._loaded.move_to_end(folder)
        while len(self._loaded) > self._most:
            self._loaded.popitem(last=False)
        return self._loaded[folder]
