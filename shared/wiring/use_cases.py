"""The use cases over the services."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from shared.core.run import Channel, Run
from shared.ports import Deployment, Messenger, Safety
from shared.settings import default_policy
from shared.wiring.services import Services, now

if TYPE_CHECKING:
    from shared.commands import Commands
    from shared.guard import Guard
    from shared.health import Health
    from shared.inference import Inference
    from shared.intake import Intake
    from shared.notifier import Backgrounds, Notifier
    from shared.reconciler import Reconciler
    from shared.screening import Screening

COLLECT_AFTER = (20_000, 20, 20)  # objects, and rounds of the younger generations; Python's own: 700, 10, 10


class App(Services):
    """The app's use cases over the real services; each part is made when it is first asked for."""

    @cached_property
    def notifier(self) -> "Notifier":
        """Telling people."""
        from shared.gateways.email import EmailService
        from shared.gateways.teams import TeamsWebhook
        from shared.notifier import Notifier

        messengers: dict[Channel, Messenger] = {
            Channel.TEAMS: TeamsWebhook(self.settings),
            Channel.EMAIL: EmailService(self.settings, self.credential),
        }
        return Notifier(self.runs, self.topic, messengers, self.backgrounds, now)

    @cached_property
    def backgrounds(self) -> "Backgrounds":
        """What messages and pages know beyond a run."""
        from shared.gateways.report_links import ReportLinks
        from shared.notifier import Backgrounds

        reports = ReportLinks(self.settings, self.credential)
        address = "" if self.settings.app_address == "unknown" else self.settings.app_address
        return Backgrounds(self.runs, reports, now, address, run_pages=self.settings.people_sign_in)

    @cached_property
    def intake(self) -> "Intake":
        """Recording runs."""
        from shared.intake import Intake

        return Intake(self.runs, self.queue, self.datasets, self.letters, now)

    @cached_property
    def reconciler(self) -> "Reconciler":
        """Advancing runs."""
        from shared.core.lifecycle import limits_of
        from shared.reconciler import Reconciler
        from shared.work import Services

        services = Services(
            datasets=self.datasets,
            training=self.training,
            endpoints=self.endpoints,
            models=self.models,
            screening=self.screening,
            verify=self.verify,
            clock=now,
            default_base_model=self.settings.base_model,
            prices=self.settings.prices,
        )
        limits = limits_of(self.settings.state_limits)
        return Reconciler(self.runs, self.queue, self.notifier, services, now, limits)

    @cached_property
    def commands(self) -> "Commands":
        """What people ask of runs."""
        from shared.commands import Commands

        return Commands(self.runs, self.queue, now)

    @cached_property
    def screening(self) -> "Screening":
        """Looking through datasets for harm."""
        from shared.core.screening import Mode
        from shared.screening import Screening

        mode, sample = Mode(self.settings.screening), int(self.settings.screening_sample)
        return Screening(self.datasets, self._safety_in_a_loop_of_its_own, now, mode, sample)

    @asynccontextmanager
    async def _safety_in_a_loop_of_its_own(self) -> AsyncIterator[Safety]:
        async with self.http:
            yield self.safety

    @cached_property
    def guard(self) -> "Guard":
        """Who may ask."""
        from shared.guard import Guard

        return Guard(self.keys, now, signed_in=self.settings.people_sign_in)

    @cached_property
    def inference(self) -> "Inference":
        """Moderated chat completions; may be used in several event loops."""
        from shared.gateways.chat_model import AzureChatModel
        from shared.gateways.endpoint_keys import EndpointKeys
        from shared.inference import Inference

        chat = AzureChatModel(self.http, EndpointKeys(self.settings, self.http, self.tokens))
        policy = default_policy(self.settings.policy)
        spare_the_collector()
        return Inference(self.models, self.policies, self.safety, chat, now, policy=policy)

    @cached_property
    def health(self) -> "Health":
        """What /health asks."""
        from shared.gateways.content_safety_check import ContentSafetyCheck
        from shared.health import Health, unchecked_models, undelivered

        checks: dict[str, Callable[[], object]] = {
            "blob storage": lambda: self.datasets.find("health"),
            "run table": lambda: self.runs.history("health"),
            "notifications": lambda: undelivered(self.letters.count()),
            "policy table": lambda: unchecked_models(self.policies.all(), now()),
            "content safety": ContentSafetyCheck(self.settings, self.credential).ask,
        }
        return Health(checks, now)

    def retire_previous(self) -> None:
        """Delete the endpoints that newer ones replaced; names whose newer run ended otherwise point back."""
        from shared.retiring import retire_previous

        retire_previous(self.models, self.endpoints, self.runs)

    def report_idle(self) -> None:
        """Tell of endpoints that nobody asks."""
        from shared.idle import report_idle

        report_idle(self.models, self.runs, self.topic, now(), int(self.settings.idle_days))

    def verify(self, deployment: Deployment, run: Run) -> str | None:
        """Return what is wrong with the new deployment's moderated answer, or None; runs its own event loop."""
        return asyncio.run(self._verify(deployment, run))

    async def _verify(self, deployment: Deployment, run: Run) -> str | None:
        from shared.verification import problem_of

        async with self.http:
            return await problem_of(deployment, run, self.inference.ask)


def spare_the_collector() -> None:
    """Keep the garbage collector from looking through all modules time and again: a fifth of a chat's cost."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
