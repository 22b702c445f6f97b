"""Loads and saves a Phi-3 model; puts LoRA on it and merges it away again."""

import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, Phi3ForCausalLM
from transformers.utils import logging as transformers_logging

from trainer.bases import Base
from trainer.errors import UserError
from trainer.profile import SMALL_BELOW, Used
from trainer.template import END

LORA_TARGETS = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]


@dataclass(frozen=True)
class Loaded:
    """A model and its tokenizer."""

    model: Any
    tokenizer: Any

    @property
    def parameters(self) -> int:
        """Return how many numbers the model consists of."""
        return int(self.model.num_parameters())

    @property
    def pad(self) -> int:
        """Return the token that fills up short rows."""
        token = self.tokenizer.pad_token_id
        return int(token if token is not None else self.tokenizer.eos_token_id)


def load(base: Base) -> Loaded:
    """Return the base model on the accelerator where there is one, else on the processor."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(base.folder)
        model = Phi3ForCausalLM.from_pretrained(base.folder, dtype="auto")
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        fix = "give a folder with config.json, *.safetensors and a tokenizer"
        raise UserError(f"--base-model {base.folder}", f"does not load ({first})", fix) from error
    if tokenizer.chat_template is None or tokenizer.convert_tokens_to_ids(END) is None:
        fix = "give an instruct model with its tokenizer files"
        raise UserError(f"--base-model {base.folder}", "has no Phi-3 chat template", fix)
    loaded = Loaded(model, tokenizer)
    small = loaded.parameters < SMALL_BELOW
    model.to(device=device(), dtype=torch.float32 if small else torch.bfloat16)
    return loaded


def device() -> torch.device:
    """Return where to train."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def prepared(model: Any, used: Used) -> Any:
    """Return the model ready to train: with LoRA on it, and thrifty with memory where it is large."""
    if used.profile != "small":
        model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    if used.method == "full":
        return model
    from peft import LoraConfig, get_peft_model  # its import takes seconds, and the small model needs none

    lora = LoraConfig(
        r=used.lora_rank,
        lora_alpha=used.lora_alpha,
        lora_dropout=0.0,
        target_modules=LORA_TARGETS,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():  # peft 0.21 asks transformers 5 by an old name
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        return get_peft_model(model, lora)


def merged(model: Any, used: Used) -> Any:
    """Return a plain model again, what LoRA learned added to its weights."""
    return model.merge_and_unload() if used.method == "lora" else model


def save(loaded: Loaded, folder: Path) -> None:
    """Write the model so that a reader sees all of it or nothing."""
    half = folder.with_name(folder.name + ".partial")
    shutil.rmtree(half, ignore_errors=True)
    try:
        loaded.model.save_pretrained(half)
        loaded.tokenizer.save_pretrained(half)
        shutil.rmtree(folder, ignore_errors=True)
        half.replace(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
