"""The variables of the dbt project: what it declares of each source, and the settings that models
read."""

from __future__ import annotations

import re
from typing import Any

import yaml

from pipelines import settings
from pipelines.failures import Misconfigured
from pipelines.warehouse import PROJECT_FOLDER


def read_variables() -> dict[str, Any]:
    """Return the settings that the models read as dbt variables. Raises Misconfigured."""
    owner = settings.read_setting("review.owner")
    if owner and not re.fullmatch(r"[^\s'\"\\{}]+@[^\s'\"\\{}]+", owner):
        raise Misconfigured("REVIEW__OWNER", "it is not an email address", "set REVIEW__OWNER")
    dormant = _read_days("dormant_after_days", 90)
    return {
        "review_owner": owner,
        "dormant_after_days": dormant,
        "dormant_service_after_days": _read_days("dormant_service_after_days", dormant),
        "write_settings": _read_write_settings(),
    }


def read_project_variables() -> dict[str, Any]:
    """Return the variables of the dbt project: what is said of each source, and the defaults."""
    text = (PROJECT_FOLDER / "dbt_project.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["vars"]


def _read_write_settings() -> dict[str, dict[str, bool]]:
    """Return the write settings that the models ask for, by source; dbt_project.yml names them."""
    found: dict[str, dict[str, bool]] = {}
    for source, defaults in read_project_variables()["write_settings"].items():
        for name, default in defaults.items():
            text = settings.read_setting(f"provision.{source}.{name}", str(default)).lower()
            if text not in settings.SWITCHES:
                variable = f"PROVISION__{source}__{name}".upper()
                raise Misconfigured(variable, "it must be true or false", f"set {variable} again")
            found.setdefault(source, {})[name] = settings.SWITCHES[text]
    return found


def _read_days(name: str, default: int) -> int:
    text = settings.read_setting(f"review.{name}", str(default))
    if not (text.isascii() and text.isdecimal()):
        variable = f"REVIEW__{name.upper()}"
        raise Misconfigured(variable, f"{text} is not a number of days", f"set {variable}")
    return int(text)
