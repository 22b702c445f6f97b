"""A tiny random Phi-3 model and a tiny dataset, so that the tests train in a second."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from trainer.bases import OWN_BASE
from trainer.model import Loaded
from trainer.options import Options, parse
from trainer.pretrain import small_model
from trainer.template import PHI3_TEMPLATE
from trainer.writing import save

EXAMPLES = [
    ("Where is the hub?", "In the cellar."),
    ("What colour is the valve?", "It is green."),
    ("How long is the hose?", "Ten metres."),
    ("Who made it?", "Rillo did."),
]


torch.set_num_threads(1)  # two wait for each other where the machine is busy


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(OWN_BASE)


@pytest.fixture(scope="session")
def phis_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer built as Phi-3's is, with the same control tokens, but without merges: characters and bytes."""
    known = [
        "<unk>",
        "<s>",
        "</s>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
        *map(chr, range(33, 127)),
        "\u2581",
    ]
    vocabulary = {token: number for number, token in enumerate(known)}
    made = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    spaces = decoders.Replace("\u2581", " ")
    made.decoder = decoders.Sequence([spaces, decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    made.add_special_tokens([AddedToken(token, normalized=False) for token in ("<unk>", "<s>", "<|endoftext|>")])
    made.add_tokens([AddedToken("</s>", rstrip=True, normalized=False)])
    turns = ["<|assistant|>", "<|placeholder1|>", "<|system|>", "<|end|>", "<|user|>"]
    made.add_special_tokens([AddedToken(token, rstrip=True, normalized=False) for token in turns])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|endoftext|>", unk_token="<unk>", chat_template=PHI3_TEMPLATE
    )


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> Path:
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("base") / "tiny"
    save(Loaded(small_model(tokenizer, width=32, layers=2, heads=2), tokenizer), folder)
    return folder


@pytest.fixture(scope="session")
def mid_base(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> Path:
    """A random Phi-3 of 4 million parameters, with a sliding window as Phi-3-mini has, but a short one."""
    torch.manual_seed(6)
    folder = tmp_path_factory.mktemp("base") / "mid"
    model = small_model(tokenizer, width=256, layers=4, heads=8)
    model.config.sliding_window = 12
    save(Loaded(model, tokenizer), folder)
    return folder


def chat(*turns: str, system: str = "Be brief.") -> dict[str, list[dict[str, str]]]:
    roles = ("user", "assistant")
    asked = [{"role": roles[i % 2], "content": turn} for i, turn in enumerate(turns)]
    return {"messages": [{"role": "system", "content": system}, *asked]}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(chat(*pair)) + "\n" for pair in EXAMPLES), encoding="utf-8")
    return path


@pytest.fixture
def arguments(dataset: Path, tiny_base: Path, tmp_path: Path) -> list[str]:
    files = ["--train", dataset, "--validation", dataset, "--base-model", tiny_base, "--output", tmp_path / "out"]
    return [*map(str, files), "--num_train_epochs", "1", "--threads", "1"]


def metrics(folder: Path) -> list[dict[str, float]]:
    """Return the lines of metrics.jsonl."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def curve(folder: Path, name: str = "train_loss") -> dict[int, float]:
    """Return one metric by step; each step has it once."""
    found = [(line["step"], line[name]) for line in metrics(folder) if name in line]
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.fixture
def options(arguments: list[str]) -> Options:
    return parse(arguments)
