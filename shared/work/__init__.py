"""The work of each state: a few lines that ask a service and say what was learned."""

from collections.abc import Callable, Mapping

from shared.core.events import Event
from shared.core.lifecycle import Work
from shared.core.run import Run
from shared.work.checking import check
from shared.work.cleaning import clean_up, delete, undo_late
from shared.work.deploying import deploy, verify
from shared.work.services import Services, Waiting
from shared.work.training import read_job, submit

__all__ = ["WORK", "Services", "Waiting", "undo_late"]

WORK: Mapping[Work, Callable[[Run, Services], Event | Waiting]] = {
    Work.CHECK_DATASET: check,
    Work.SUBMIT_JOB: submit,
    Work.READ_JOB: read_job,
    Work.CLEAN_UP: clean_up,
    Work.DEPLOY: deploy,
    Work.VERIFY: verify,
    Work.DELETE: delete,
}
