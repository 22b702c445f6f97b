"""Turns the hyperparameters that were asked for into those that fit the model's size."""

from dataclasses import dataclass

SMALL_BELOW = 100_000_000  # parameters; Phi-3-mini has 3.8 thousand million


@dataclass(frozen=True)
class Asked:
    """The hyperparameters as the caller gave them, under Azure's names."""

    num_train_epochs: int = 3
    per_device_train_batch_size: int = 1
    learning_rate: float = 2e-5
    learning_rate_multiplier: float = 1.0
    seed: int = 0
    max_steps: int | None = None
    max_seconds: float | None = None


@dataclass(frozen=True)
class Used:
    """The hyperparameters that the training really used, and why they differ from those asked for."""

    profile: str
    method: str
    passes: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    betas: tuple[float, float]
    warmup_share: float
    max_grad_norm: float
    label_smoothing: float
    max_tokens: int
    lora_rank: int
    lora_alpha: int
    why: str


REAL_WHY = "A model of Phi's own size trains with the values asked for."
SMALL_WHY = (
    "A model of about a million parameters does not learn at the rates meant for Phi's size: it uses its own "
    "reference rate times learning_rate_multiplier (learning_rate itself is only recorded), and makes "
    "{passes} passes for each epoch and batches of {batch} for each one asked for."
)
SMALL_PASSES = 6
SMALL_BATCH = 4
SMALL_LARGEST_BATCH = 16
SMALL_RATE = {"full": 2e-3, "lora": 8e-3}


def method_for(wanted: str, parameters: int) -> str:
    """Return how to train: small models whole, large ones through LoRA, unless one was demanded."""
    if wanted != "auto":
        return wanted
    return "full" if parameters < SMALL_BELOW else "lora"


def used_for(asked: Asked, method: str, parameters: int) -> Used:
    """Return the hyperparameters to train with."""
    return _small(asked, method) if parameters < SMALL_BELOW else _real(asked, method)


def _small(asked: Asked, method: str) -> Used:
    return Used(
        profile="small",
        method=method,
        passes=asked.num_train_epochs * SMALL_PASSES,
        batch_size=min(asked.per_device_train_batch_size * SMALL_BATCH, SMALL_LARGEST_BATCH),
        learning_rate=SMALL_RATE[method] * asked.learning_rate_multiplier,
        weight_decay=0.01,
        betas=(0.9, 0.95),
        warmup_share=0.1,
        max_grad_norm=1.0,
        label_smoothing=0.1,  # keeps a model this small from being sure of what it never saw
        max_tokens=512,
        lora_rank=16,
        lora_alpha=32,
        why=SMALL_WHY.format(passes=SMALL_PASSES, batch=SMALL_BATCH),
    )


def _real(asked: Asked, method: str) -> Used:
    return Used(
        profile="phi",
        method=method,
        passes=asked.num_train_epochs,
        batch_size=asked.per_device_train_batch_size,
        learning_rate=asked.learning_rate * asked.learning_rate_multiplier,
        weight_decay=0.1,
        betas=(0.9, 0.95),
        warmup_share=0.05,
        max_grad_norm=1.0,
        label_smoothing=0.0,
        max_tokens=4096,
        lora_rank=8,
        lora_alpha=128,
        why=REAL_WHY,
    )
