"""Every bug of `make planted`: each removes one guard, and names the tests that must notice."""

from __future__ import annotations

from tests.planted import (
    analysts,
    deploy,
    files,
    first_steps,
    histories,
    install,
    models,
    models_okta,
    monitoring,
    people,
    push,
    push_models,
    push_plans,
    review,
    secret_files,
    sources,
    sources_okta,
    sync,
    unattended,
    unattended_watch,
    write_back,
    writes_okta,
)
from tests.planted.bug import Bug

BUGS: list[Bug] = [
    *sources.BUGS,
    *deploy.BUGS,
    *sources_okta.BUGS,
    *sync.BUGS,
    *monitoring.BUGS,
    *models.BUGS,
    *people.BUGS,
    *push.BUGS,
    *push_models.BUGS,
    *push_plans.BUGS,
    *models_okta.BUGS,
    *review.BUGS,
    *secret_files.BUGS,
    *files.BUGS,
    *write_back.BUGS,
    *writes_okta.BUGS,
    *unattended.BUGS,
    *unattended_watch.BUGS,
    *histories.BUGS,
    *install.BUGS,
    *analysts.BUGS,
    *first_steps.BUGS,
]
