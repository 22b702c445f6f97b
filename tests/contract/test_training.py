"""The contract of Training."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.core.base_models import Route
from shared.core.run import Run
from shared.errors import NotFound, ServiceRefused, ServiceUnavailable
from shared.gateways.azure_ml import ENDS, AzureTraining
from shared.ports import Training
from tests.contract.azure_ml import (
    AGAIN_AND_AGAIN,
    OUTDATED,
    ROUTES,
    eventually,
    going,
    put_of,
    puts,
    training_of,
    write_split,
)
from tests.contract.conftest import Real, new_run
from tests.fakes import FakeTraining

pytestmark = [pytest.mark.usefixtures("azure_ai_ml"), pytest.mark.filterwarnings(OUTDATED)]


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest) -> Route:
    return request.param


@pytest.fixture
def run(route: Route) -> Run:
    return going(new_run(), route)


@pytest.fixture
def training(either, run: Run, route: Route) -> Iterator[Training]:
    def gateway(real: Real) -> Training:
        write_split(real, run)
        return training_of(real, route)

    training = either(FakeTraining, gateway)
    yield training
    assert eventually(lambda: training.cancel(run)), "a job went on after its test"


def test_a_job_that_was_never_submitted_is_not_found(training: Training, run: Run):
    with pytest.raises(NotFound):
        training.job(run)
    assert training.cancel(run)


def test_submitting_twice_makes_one_job(training: Training, run: Run):
    training.submit(run)
    training.submit(run)
    assert training.job(run).status in {"NotStarted", "Queued", "Provisioning", "Preparing", "Starting", "Running"}


def test_a_canceled_job_ends_as_canceled(training: Training, run: Run):
    training.submit(run)
    training.cancel(run)
    assert eventually(lambda: training.cancel(run))
    assert training.job(run).status == "Canceled"


def test_a_failed_job_tells_its_reason(real: Real, run: Run, route: Route):
    training = training_of(real, route)
    training.submit(run)  # its files are missing
    assert eventually(lambda: training.job(run).status in ENDS)
    job = training.job(run)
    assert job.status == "Failed"
    assert f"{run.id}/training.jsonl was not found" in job.reason


@pytest.mark.parametrize(
    ("base_model", "reason"),
    [
        ("Phi-4-mini-instruct-2", "did you mean Phi-4-mini-instruct?"),
        ("Phi-3-mini-4k-instruct", "was retired on 2025-08-30; use Phi-4-mini-instruct"),  # on this route
    ],
)
def test_a_base_model_that_cannot_be_trained_is_refused_with_the_reason(real: Real, base_model, reason):
    run = new_run()
    with pytest.raises(ServiceRefused, match=reason.replace("?", r"\?")):
        AzureTraining(real.settings, real.credential).submit(
            replace(run, checked=replace(run.checked, base_model=base_model))
        )


def test_hyperparameters_and_files_reach_the_service(real: Real):
    run = new_run()
    training = AzureTraining(real.settings, real.credential)
    training.submit(replace(run, checked=replace(run.checked, hyperparameters={"num_train_epochs": 2})))
    put = next(call for call in real.cloud.history("arm") if call["method"] == "PUT")
    job = put["request"]["properties"]
    assert put["path"].endswith(f"/jobs/tunedrop-{run.id}")
    assert job["fineTuningDetails"]["hyperParameters"] == {"num_train_epochs": "2"}
    assert job["fineTuningDetails"]["taskType"] == "chatCompletion"
    assert job["fineTuningDetails"]["validationData"]["uri"].endswith(f"/paths/{run.id}/validation.jsonl")
    assert job["outputs"]["registered_model"]["assetName"] == f"tunedrop-{run.id}"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_submission_that_broke_off_is_repeated_into_one_job(real: Real, run: Run, route: Route, when: str):
    training = training_of(real, route)
    real.cloud.add_faults(
        {"service": "arm", "match": put_of(real, "jobs"), "times": AGAIN_AND_AGAIN, "when": when, "status": 503}
    )
    with pytest.raises(ServiceUnavailable):
        training.submit(run)
    training.submit(run)
    assert eventually(lambda: training.job(run).status in ENDS)
    done = [call for call in puts(real, "jobs") if call["status"] == 201]
    assert len(done) == (1 if when == "before" else 0)


@pytest.mark.parametrize("status", [400, 409])  # what Azure ML says to a second PUT is not documented
@pytest.mark.parametrize(("when", "created"), [("before", False), ("after", True)])
def test_a_refusal_counts_as_submitted_only_if_the_job_is_there(
    real: Real, run: Run, route: Route, when: str, created: bool, status: int
):
    training = training_of(real, route)
    real.cloud.add_faults({"service": "arm", "match": put_of(real, "jobs"), "when": when, "status": status})
    if created:
        training.submit(run)
        assert eventually(lambda: training.job(run).status in ENDS)
    else:
        with pytest.raises(ServiceRefused):
            training.submit(run)


def test_metrics_that_do_not_answer_do_not_hide_the_status(real: Real, run: Run, route: Route):
    training = training_of(real, route)
    training.submit(run)
    real.cloud.add_faults({"service": "arm", "match": "mlflow", "times": 99, "status": 503})
    assert eventually(lambda: training.job(run).status in ENDS)


def test_code_and_environment_are_laid_into_azure_once(real: Real):
    run = going(new_run(), Route.MANAGED)
    again = going(new_run(), Route.MANAGED)
    for each in (run, again):
        write_split(real, each)
        training = training_of(real, Route.MANAGED)  # a host of its own
        training.submit(each)
        assert eventually(lambda each=each, training=training: training.cancel(each))
    first, second = (call["request"]["properties"] for call in puts(real, "jobs"))
    assert (first["codeId"], first["environmentId"]) == (second["codeId"], second["environmentId"])
    assert len(puts(real, "codes")) <= 1  # another test may have laid it there
    assert len(puts(real, "environments")) <= 1
    assert first["outputs"]["model"]["assetName"] == run.asset
