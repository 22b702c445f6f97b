"""The keys of the manifest: one row each; docs/dataset.md shows them, and a test keeps them equal."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from shared.core.base_models import UnknownBaseModel, base_model
from shared.core.dataset.naming import HELD_OUT_NAME, HELD_OUT_SUFFIX, VALIDATION_SUFFIX
from shared.core.moderation import CATEGORIES

Value = str | int | float | bool | tuple[str, ...]
_NUMBER = re.compile(r"(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:[eE][+-]?\d{1,3})?")
_EMAIL = re.compile(r"[^@\s<>,;\"']{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
MOST_ADDRESSES = 10
MOST_HELD_OUT = 5
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

# What one looks for here and finds in other trainers; Azure's serverless fine-tuning and our trainer choose it.
NOT_SETTABLE = re.compile(
    r"optimi[sz]er|loss\w*|(?:num_)?layers\w*|lora_(?:target|bias|modules)\w*|apply_lora|(?:lr_)?scheduler\w*|"
    r"precision|max_steps|warmup_steps|max_grad_norm|adam_\w+|deepspeed"
)


@dataclass(frozen=True)
class Key:
    """One key; `read` returns the value of a text, or raises ValueError saying what it must be."""

    read: Callable[[str], Value]
    allowed: str
    meaning: str
    trainers: str = ""  # what our trainer takes where no manifest names the key; empty: the key is for both routes

    @property
    def managed(self) -> bool:
        """Whether only base models of the managed route have it."""
        return bool(self.trainers)


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def _number(low: float, high: float, allowed: str) -> Callable[[str], float]:
    """Return a reader of numbers from `low` to `high`; YAML's own misses 1e-4."""

    def read(text: str) -> float:
        if not _NUMBER.fullmatch(text) or not low <= float(text) <= high:
            raise ValueError(f"must be a number {allowed}")
        return float(text)

    return read


def _truth(text: str) -> bool:
    """Return the truth value."""
    if text.lower() not in _BOOLEANS:
        raise ValueError("must be true or false")
    return _BOOLEANS[text.lower()]


def _matching(pattern: str, wanted: str) -> Callable[[str], str]:
    """Return a reader of texts that have this form."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"must be {wanted}")
        return text

    return read


def _email(text: str) -> str:
    """Return the e-mail address."""
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


def _emails(text: str) -> tuple[str, ...]:
    """Return the e-mail addresses, each once."""
    found = tuple(dict.fromkeys(_email(part.strip()) for part in text.split(",")))
    if len(found) > MOST_ADDRESSES:
        raise ValueError(f"must be at most {MOST_ADDRESSES} e-mail addresses")
    return found


def _categories(text: str) -> tuple[str, ...]:
    """Return the categories of harm, each once."""
    found = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    unknown = set(found) - set(CATEGORIES.values())
    if unknown:
        raise ValueError(f"must be some of {', '.join(CATEGORIES.values())}, with commas between")
    return found


def _held_out(text: str) -> tuple[str, ...]:
    """Return names of files in the dataset's folder that start no run, each once."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if len(names) > MOST_HELD_OUT or not all(HELD_OUT_NAME.fullmatch(name) for name in names):
        raise ValueError(
            f"must be 1 to {MOST_HELD_OUT} names ending with {HELD_OUT_SUFFIX} or {VALIDATION_SUFFIX}, with "
            "commas between, of files in the dataset's folder"
        )
    return names


def _base_model(text: str) -> str:
    """Return the base model's name as it is spelled."""
    try:
        return base_model(text).name
    except UnknownBaseModel as unknown:
        raise ValueError(str(unknown)) from unknown


KEYS = {
    "base_model": Key(_base_model, "a name of `base_models.toml`", "the model to fine-tune"),
    "epochs": Key(_whole(1, 10), "1 to 10", "how often training goes through the examples"),
    "batch_size": Key(_whole(1, 32), "1 to 32", "examples per step and device"),
    "learning_rate": Key(_number(1e-7, 0.01, "from 1e-7 to 0.01"), "1e-7 to 0.01", "size of a step of training"),
    "learning_rate_multiplier": Key(
        _number(1e-9, 10, "above 0 and at most 10"), "above 0, at most 10", "times the learning rate"
    ),
    "validation_share": Key(
        _number(0.05, 0.5, "from 0.05 to 0.5"), "0.05 to 0.5", "share of examples kept for validation"
    ),
    "seed": Key(_whole(0, 2**31 - 1), "0 to 2147483647", "another seed makes another split"),
    "budget": Key(
        _number(0.01, 1e9, "from 0.01 to 1000000000"),
        "0.01 to 1000000000",
        "what training may cost, in the app's `CURRENCY`; 0.0 is no limit",
    ),
    "owner": Key(_email, "an e-mail address", "whom to ask about the model"),
    "notify": Key(
        _emails,
        f"e-mail addresses, with commas between; at most {MOST_ADDRESSES}",
        "who is told too, where the app's `EMAIL_DOMAINS` let it",
    ),
    "allow_harm": Key(
        _categories,
        "`hate`, `self_harm`, `sexual`, `violence`, with commas between; needs `owner`",
        "harm that data which trains safety may hold",
    ),
    "held_out": Key(
        _held_out,
        f"up to {MOST_HELD_OUT} names with commas between, each ending with `{HELD_OUT_SUFFIX}` or "
        f"`{VALIDATION_SUFFIX}`",
        "files in the dataset's folder that it must not overlap with",
    ),
    "protected_material": Key(
        _truth,
        "`true` or `false`",
        "whether the screening compares answers with what others have published; it takes longer then",
    ),
    "licence": Key(
        _matching(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}", "an identifier as CC-BY-4.0 or proprietary"),
        "letters, digits and `.+-`, at most 64",
        "under which the texts may be used, as `CC-BY-4.0` or `proprietary`",
    ),
    "consent": Key(
        _matching(r"given|not-needed", "given or not-needed"),
        "`given` or `not-needed`",
        "whether people whose personal data is in the texts agreed to this use",
    ),
    "retention": Key(
        _matching(r"[1-9]\d{0,4} days?|unlimited", "a number of days, as 90 days, or unlimited"),
        "`1 day` to `99999 days`, or `unlimited`",
        "how long the dataset may be kept; it is noted in the report, and nothing is deleted by it",
    ),
    "strict": Key(_truth, "`true` or `false`", "whether warnings reject the dataset too"),
    "lora_r": Key(_whole(1, 256), "1 to 256", "rank of LoRA's matrices", "8"),
    "lora_alpha": Key(_whole(1, 1024), "1 to 1024", "scale of what LoRA learns, over its rank", "128"),
    "lora_dropout": Key(_number(0, 0.5, "from 0 to 0.5"), "0 to 0.5", "share that LoRA drops in training", "0.0"),
    "gradient_accumulation_steps": Key(
        _whole(1, 128), "1 to 128", "batches that make one step: larger steps in the same memory", "1"
    ),
    "max_seq_length": Key(
        _whole(64, 131_072),
        "64 to 131072, at most the base model's context",
        "tokens after which an example is cut off",
        "4096",
    ),
    "packing": Key(
        _truth, "`true` or `false`", "whether short examples share a row of a batch, unseen by each other", "false"
    ),
    "early_stopping_patience": Key(
        _whole(0, 100),
        "0 to 100",
        "measurements without a better validation loss after which training ends; 0 is never",
        "0",
    ),
    "warmup_ratio": Key(
        _number(0, 0.5, "from 0 to 0.5"), "0 to 0.5", "share of the steps in which the learning rate rises", "0.05"
    ),
    "weight_decay": Key(
        _number(0, 0.5, "from 0 to 0.5"), "0 to 0.5", "how much weights shrink in each step", "0.1"
    ),
}
