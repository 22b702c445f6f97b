"""The Function App: lists the functions; nothing else."""

import azure.functions as func

from functions import (
    advance_run,
    advance_run_poison,
    advance_runs,
    api_description,
    chat_completions,
    dataset_uploaded,
    health,
    job_changed,
    models,
    notify_email,
    notify_teams,
    report_idle,
    run_page,
    runs,
)

# Every HTTP function checks its own keys: OpenAI's clients cannot send Functions' host keys.
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

for module in (
    dataset_uploaded,
    advance_run,
    advance_run_poison,
    advance_runs,
    report_idle,
    job_changed,
    notify_teams,
    notify_email,
    chat_completions,
    models,
    runs,
    run_page,
    health,
    api_description,
):
    app.register_functions(module.bp)
