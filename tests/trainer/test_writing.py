"""What the trainer leaves: the whole model, also in a folder that cannot be renamed, and a picture of the loss."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from trainer.__main__ import main
from trainer.curve import POINTS, loss_curve
from trainer.records import SUMMARY

SVG = "{http://www.w3.org/2000/svg}"


def test_a_folder_that_is_there_is_kept_and_filled(arguments, tmp_path):
    mount = tmp_path / "mounted"
    (mount / "old").mkdir(parents=True)
    (mount / "old" / "model.bin").write_text("of an attempt before")
    (mount / "model-00001-of-00002.safetensors").write_text("half a model")
    inode = mount.stat().st_ino
    assert main([*arguments, "--model", str(mount), "--max_steps", "1"]) == 0
    assert mount.stat().st_ino == inode
    assert not (mount / "old").exists()
    assert not (mount / "model-00001-of-00002.safetensors").exists()
    AutoModelForCausalLM.from_pretrained(mount)
    AutoTokenizer.from_pretrained(mount)
    assert not (tmp_path / "out" / "model").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mounted", "out", "train.jsonl"]


def test_a_folder_that_is_not_there_is_made_whole(arguments, tmp_path):
    assert main([*arguments, "--model", str(tmp_path / "new" / "model"), "--max_steps", "1"]) == 0
    AutoModelForCausalLM.from_pretrained(tmp_path / "new" / "model")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model"]


def test_a_folder_that_cannot_be_written_is_told(arguments, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([*arguments, "--model", str(tmp_path / "file" / "model"), "--max_steps", "1"]) == 2
    said = capsys.readouterr().err
    assert "file/model: cannot be written" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("steps", [0, 1, 3, 5000])
def test_the_loss_is_drawn_to_its_last_point(steps):
    lines = [{"step": step, "epoch": 1, "train_loss": 9.0 / step} for step in range(1, steps + 1)]
    lines.append({"step": steps, "epoch": 1, "eval_loss": 4.0})
    picture = ET.fromstring(loss_curve(lines))  # noqa: S314 - our own
    train, held_out = (line.get("points").split() for line in picture.iter(f"{SVG}polyline"))
    assert len(train) <= POINTS
    assert len(held_out) == 1
    if steps > 3:
        x, y = (float(value) for value in train[-1].split(","))
        assert (x, y) == (704.0, pytest.approx(320, abs=2))  # the right end, and near to zero
        heights = [float(point.split(",")[1]) for point in train]
        assert heights == sorted(heights)
    assert {text.text for text in picture.iter(f"{SVG}text")} >= {"training loss", "validation loss", "step"}


def test_the_page_on_azure_names_the_summary_as_it_is_called():
    page = (Path(__file__).parents[2] / "docs" / "azure.md").read_text("utf-8")
    assert re.findall(r"files of a training \(.*`(.+)`\)", page) == [SUMMARY]


def test_the_picture_needs_nothing_else_and_runs_nothing(arguments, tmp_path):
    assert main(arguments) == 0
    picture = (tmp_path / "out" / "loss.svg").read_text()
    assert picture.count("http") == 1  # the name of SVG itself
    assert not [word for word in ("<script", "href", "url(", "<style") if word in picture]
    assert len(picture) < 20_000
