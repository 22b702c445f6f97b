"""Loads a Phi-3 model, puts LoRA on it and merges it away again."""

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoTokenizer, Phi3Config, Phi3ForCausalLM
from transformers.utils import logging as transformers_logging

from trainer.bases import Base
from trainer.batches import Batch, Row, tensors
from trainer.errors import UserError
from trainer.profile import SMALL_BELOW, Used
from trainer.template import END

LORA_TARGETS = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]
LOAD_ERRORS = (
    *(OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError),
    *(StrictDataclassError, SafetensorError),
)


@dataclass(frozen=True)
class Loaded:
    """A model and its tokenizer; `half` is the number format that it computes in, None: that of its weights."""

    model: Any
    tokenizer: Any
    half: torch.dtype | None = None

    @property
    def parameters(self) -> int:
        """Return how many numbers the model consists of."""
        return int(self.model.num_parameters())

    @property
    def pad(self) -> int:
        """Return the token that fills up short rows."""
        token = self.tokenizer.pad_token_id
        return int(token if token is not None else self.tokenizer.eos_token_id)

    def batch(self, rows: Sequence[Row]) -> Batch:
        """Return the rows as this model reads them, on its device."""
        return tensors(rows, self.pad, self.model.device, getattr(self.model.config, "sliding_window", None))

    def logits(self, inputs: Mapping[str, torch.Tensor], through: Any = None) -> torch.Tensor:
        """Return what the model predicts after each token but the last; `through` is a wrapper to call it by."""
        with self.precision():
            answer = (through or self.model)(**inputs, use_cache=False)
        found: torch.Tensor = answer.logits[:, :-1]
        return found

    def precision(self) -> contextlib.AbstractContextManager[Any]:
        """Return a context in which the model computes in its number format."""
        if self.half is None:
            return contextlib.nullcontext()
        return torch.autocast(self.model.device.type, dtype=self.half)


@dataclass(frozen=True)
class Found:
    """A base model that is not loaded yet: how large it is, and how many tokens it reads at most."""

    base: Base
    config: Any
    parameters: int

    @property
    def positions(self) -> int:
        """Return the tokens that the model reads at most."""
        return int(self.config.max_position_embeddings)


def look(base: Base) -> Found:
    """Return the base model's size without reading its weights."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        config = _config(base)
        with torch.device("meta"):
            parameters = int(Phi3ForCausalLM(config).num_parameters())
    except LOAD_ERRORS as error:
        raise _unloadable(base, error) from error
    return Found(base, config, parameters)


def _config(base: Base) -> Any:
    """Return the configuration; early 128k models call longrope "su", which transformers 5 refuses."""
    record, _ = Phi3Config.get_config_dict(base.config)
    rope = record.get("rope_scaling") or {}
    for name in {"type", "rope_type"} & set(rope):
        rope[name] = "longrope" if rope[name] == "su" else rope[name]
    return Phi3Config.from_dict(record)


def load(found: Found, method: str, device: torch.device) -> Loaded:
    """Return the model on the device, in the number formats that fit both."""
    weights, half = number_formats(found.parameters, method, device)
    base = found.base
    try:
        tokenizer = AutoTokenizer.from_pretrained(base.tokenizer, config=found.config)
        # The format is chosen here and not by .to(): that would round the rotary frequencies as well.
        model = Phi3ForCausalLM.from_pretrained(base.weights, config=found.config, dtype=weights)
    except LOAD_ERRORS as error:
        raise _unloadable(base, error) from error
    if tokenizer.chat_template is None or tokenizer.convert_tokens_to_ids(END) is None:
        fix = "give an instruct model with its tokenizer files"
        raise UserError(f"--base-model {base.asked}", "has no Phi-3 chat template", fix)
    return Loaded(model.to(device), tokenizer, half)


def number_formats(parameters: int, method: str, device: torch.device) -> tuple[torch.dtype, torch.dtype | None]:
    """Return the format of the weights, and the one to compute in where it is another.

    Weights that are trained stay in float32: a step at 2e-5 is lost in bfloat16's three digits. With LoRA those
    are LoRA's own, which peft keeps in float32.
    """
    old = device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False)
    if parameters < SMALL_BELOW or old:
        return torch.float32, None
    return (torch.bfloat16 if method == "lora" else torch.float32), torch.bfloat16


def _unloadable(base: Base, error: Exception) -> UserError:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    fix = "give a folder with config.json, *.safetensors and a tokenizer"
    return UserError(f"--base-model {base.asked}", f"does not load ({first})", fix)


def prepared(model: Any, used: Used) -> Any:
    """Return the model ready to train: with LoRA on it, and thrifty with memory where it is large."""
    if used.profile != "small":
        model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    if used.method == "full":
        return model
    from peft import LoraConfig, get_peft_model  # its import takes seconds, and the small model needs none

    lora = LoraConfig(
        r=used.lora_r,
        lora_alpha=used.lora_alpha,
        lora_dropout=used.lora_dropout,
        target_modules=LORA_TARGETS,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():  # peft 0.21 asks transformers 5 by an old name
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        return get_peft_model(model, lora)


def merged(model: Any, used: Used) -> Any:
    """Return a plain model again, what LoRA learned added to its weights."""
    return model.merge_and_unload() if used.method == "lora" else model


def trained(model: Any) -> dict[str, torch.nn.Parameter]:
    """Return the weights that the training changes, by name."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
