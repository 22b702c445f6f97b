"""Metrics reach an MLflow server in batches; one that cannot be reached costs a line and no time."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from trainer.options import parse
from trainer.run import fine_tune
from trainer.tracking import MOST, MOST_WAITING, MlflowRun, listeners, log_batch_url, newest, pause_after

PATH = "/mlflow/v2.0/subscriptions/s/workspaces/w/api/2.0/mlflow/runs/log-batch"


class _Mlflow(ThreadingHTTPServer):
    """Takes batches and answers with the statuses that it was given, then with 200."""

    def __init__(self, statuses=()):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses, self.batches = list(statuses), []
        self.arrived = threading.Semaphore(0)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.batches.append((self.path, self.headers["Authorization"], body))
        self.server.arrived.release()
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def mlflow():
    server = _Mlflow()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("azureml://h.api.azureml.ms/mlflow/v1.0/subscriptions/s/workspaces/w", f"https://h.api.azureml.ms{PATH}"),
        ("http://127.0.0.1:5/mlflow/v1.0/subscriptions/s/workspaces/w", f"http://127.0.0.1:5{PATH}"),
        ("https://mlflow.example/", "https://mlflow.example/api/2.0/mlflow/runs/log-batch"),
    ],
)
def test_batches_go_to_the_web_form_of_the_tracking_uri(server, url):
    assert log_batch_url(server) == url


@pytest.mark.parametrize(
    "environment", [{}, {"MLFLOW_RUN_ID": "r"}, {"MLFLOW_RUN_ID": "r", "MLFLOW_TRACKING_URI": "file:///mlruns"}]
)
def test_without_a_server_nobody_is_told(environment):
    assert listeners(environment) == []


def test_the_metrics_of_a_training_arrive(arguments, mlflow, monkeypatch):
    base = mlflow.url.removesuffix("/api/2.0/mlflow/runs/log-batch").replace("v2.0", "v1.0")
    variables = {"MLFLOW_TRACKING_URI": base, "MLFLOW_RUN_ID": "job-1", "MLFLOW_TRACKING_TOKEN": "secret"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    fine_tune(parse(arguments))
    assert {(path, token, body["run_id"]) for path, token, body in mlflow.batches} == {
        (PATH, "Bearer secret", "job-1")
    }
    sent = [metric for _, _, body in mlflow.batches for metric in body["metrics"]]
    assert [metric["step"] for metric in sent if metric["key"] == "train_loss"] == list(range(1, 7))
    assert all(set(metric) == {"key", "value", "timestamp", "step"} for metric in sent)
    assert all(abs(metric["timestamp"] / 1000 - time.time()) < 60 for metric in sent)
    assert {"eval_loss", "learning_rate", "exact_match"} < {metric["key"] for metric in sent}


def test_batches_keep_to_mlflows_limit_and_arrive_in_order(mlflow):
    run = MlflowRun(mlflow.url, "r", "", period=0.05)
    for step in range(2500):
        run.add(step, {"x": 1.0})
    run.close()
    sizes = [len(body["metrics"]) for _, _, body in mlflow.batches]
    assert max(sizes) <= MOST
    assert [metric["step"] for _, _, body in mlflow.batches for metric in body["metrics"]] == list(range(2500))
    assert mlflow.batches[0][1] is None


def test_what_the_server_refused_is_sent_again(mlflow, capsys):
    mlflow.statuses += [503, 429]
    run = MlflowRun(mlflow.url, "r", "", period=0.02, pause=lambda _: 0.0)
    run.add(1, {"x": 1.0})
    assert all(mlflow.arrived.acquire(timeout=10) for _ in range(3))
    run.close()
    assert [[metric["step"] for metric in body["metrics"]] for _, _, body in mlflow.batches] == [[1]] * 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_server_that_was_away_for_long_gets_what_waited_and_all_that_comes(mlflow, capsys):
    mlflow.statuses += [503] * 9
    run = MlflowRun(mlflow.url, "r", "", period=0.01, pause=lambda _: 0.02)
    run.add(1, {"x": 1.0})
    assert all(mlflow.arrived.acquire(timeout=10) for _ in range(10))
    run.add(2, {"x": 1.0})
    run.close()
    told = [metric["step"] for _, _, body in mlflow.batches[9:] for metric in body["metrics"]]
    assert told == [1, 2]
    assert capsys.readouterr().err.count("\n") == 1


def test_between_two_tries_there_is_a_pause_and_at_the_end_one_more_try(mlflow):
    mlflow.statuses += [503]
    run = MlflowRun(mlflow.url, "r", "", period=0.02, pause=lambda _: 3600.0)
    run.add(1, {"x": 1.0})
    assert mlflow.arrived.acquire(timeout=10)
    run.add(2, {"exact_match": 1.0})
    assert not mlflow.arrived.acquire(timeout=0.2)
    run.close()
    assert [[metric["step"] for metric in body["metrics"]] for _, _, body in mlflow.batches] == [[1], [1, 2]]


def test_the_pause_grows_to_a_minute():
    assert [pause_after(failures) for failures in (1, 2, 3, 4, 5, 2000)] == [4, 8, 16, 32, 60, 60]


def test_what_waits_is_bounded_and_has_the_newest_of_each_metric():
    metrics = [{"key": "eval_loss", "step": 0}, {"key": "eval_loss", "step": 1}]
    metrics += [{"key": "train_loss", "step": step} for step in range(MOST_WAITING + 7)]
    kept = newest(metrics)
    assert [metric["step"] for metric in kept if metric["key"] == "eval_loss"] == [1]
    assert [metric["step"] for metric in kept[1:]] == list(range(7, MOST_WAITING + 7))
    assert newest(kept[1:]) == kept[1:]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_finite_number_is_left_out(mlflow, value):
    run = MlflowRun(mlflow.url, "r", "", period=0.02)
    run.add(1, {"grad_norm": value, "train_loss": 1.0})
    run.close()
    assert [metric["key"] for _, _, body in mlflow.batches for metric in body["metrics"]] == ["train_loss"]


@pytest.mark.parametrize(("key", "statuses"), [(b"no text", []), ("refused", [400])])
def test_a_batch_that_can_never_be_sent_stops_no_other(mlflow, capsys, key, statuses):
    mlflow.statuses += statuses
    run = MlflowRun(mlflow.url, "r", "", period=0.02)
    for step in range(MOST):
        run.add(step, {key: 1.0})
    run.add(MOST, {"x": 1.0})
    run.close()
    assert [metric["key"] for metric in mlflow.batches[-1][2]["metrics"]] == ["x"]
    assert capsys.readouterr().err.count("\n") == 1


def test_a_server_that_is_away_costs_one_line_and_no_time(capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run = MlflowRun(f"http://127.0.0.1:{port}/x", "r", "", period=0.02)
    started = time.monotonic()
    for step in range(100_000):
        run.add(step, {"x": 1.0})
    added = time.monotonic() - started
    run.close()
    said = capsys.readouterr().err
    assert said == "trainer: metrics do not reach MLflow (ConnectError); the training goes on without it\n"
    assert added < 5
    assert time.monotonic() - started < 15
