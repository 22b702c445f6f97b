"""Turns the hyperparameters that were asked for into those that fit the model's size."""

from dataclasses import dataclass

SMALL_BELOW = 100_000_000  # parameters; Phi-3-mini has 3.8 thousand million


@dataclass(frozen=True)
class Asked:
    """The hyperparameters as the caller gave them, under Azure's and Hugging Face's names; None: the profile's."""

    num_train_epochs: int = 3
    per_device_train_batch_size: int = 1
    gradient_accumulation_steps: int = 1
    learning_rate: float = 2e-5
    learning_rate_multiplier: float = 1.0
    warmup_ratio: float | None = None
    weight_decay: float | None = None
    lora_r: int | None = None
    lora_alpha: int | None = None
    lora_dropout: float = 0.0
    max_seq_length: int | None = None
    packing: bool = False
    early_stopping_patience: int = 0
    eval_steps: int | None = None
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
    gradient_accumulation_steps: int
    learning_rate: float
    weight_decay: float
    betas: tuple[float, float]
    warmup_ratio: float
    max_grad_norm: float
    label_smoothing: float
    max_seq_length: int
    lora_r: int
    lora_alpha: int
    lora_dropout: float
    save_seconds: float
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


def profile_for(wanted: str, parameters: int) -> str:
    """Return "small" or "phi": by the model's size, unless one was demanded."""
    if wanted != "auto":
        return wanted
    return "small" if parameters < SMALL_BELOW else "phi"


def method_for(wanted: str, profile: str) -> str:
    """Return how to train: small models whole, large ones through LoRA, unless one was demanded."""
    if wanted != "auto":
        return wanted
    return "full" if profile == "small" else "lora"


def used_for(asked: Asked, method: str, profile: str) -> Used:
    """Return the hyperparameters to train with."""
    return _small(asked, method) if profile == "small" else _real(asked, method)


def _small(asked: Asked, method: str) -> Used:
    return Used(
        profile="small",
        method=method,
        passes=asked.num_train_epochs * SMALL_PASSES,
        batch_size=min(asked.per_device_train_batch_size * SMALL_BATCH, SMALL_LARGEST_BATCH),
        gradient_accumulation_steps=asked.gradient_accumulation_steps,
        learning_rate=SMALL_RATE[method] * asked.learning_rate_multiplier,
        weight_decay=_or(asked.weight_decay, 0.01),
        betas=(0.9, 0.95),
        warmup_ratio=_or(asked.warmup_ratio, 0.1),
        max_grad_norm=1.0,
        label_smoothing=0.1,  # keeps a model this small from being sure of what it never saw
        max_seq_length=asked.max_seq_length or 512,
        lora_r=asked.lora_r or 16,
        lora_alpha=asked.lora_alpha or 32,
        lora_dropout=asked.lora_dropout,
        save_seconds=10.0,  # a checkpoint takes a tenth of a second
        why=SMALL_WHY.format(passes=SMALL_PASSES, batch=SMALL_BATCH),
    )


def _real(asked: Asked, method: str) -> Used:
    return Used(
        profile="phi",
        method=method,
        passes=asked.num_train_epochs,
        batch_size=asked.per_device_train_batch_size,
        gradient_accumulation_steps=asked.gradient_accumulation_steps,
        learning_rate=asked.learning_rate * asked.learning_rate_multiplier,
        weight_decay=_or(asked.weight_decay, 0.1),
        betas=(0.9, 0.95),
        warmup_ratio=_or(asked.warmup_ratio, 0.05),
        max_grad_norm=1.0,
        label_smoothing=0.0,
        max_seq_length=asked.max_seq_length or 4096,
        lora_r=asked.lora_r or 8,
        lora_alpha=asked.lora_alpha or 128,
        lora_dropout=asked.lora_dropout,
        save_seconds=120.0,  # 150 MB each with LoRA on Phi-3-mini, onto a mount
        why=REAL_WHY,
    )


def _or(asked: float | None, own: float) -> float:
    return own if asked is None else asked
