"""Take settings from files, so that no secret has to stand in the environment.

`REVIEW__SEAL_KEY_FILE=/run/secrets/seal_key` sets `REVIEW__SEAL_KEY` to the content of the file. As
files, Docker, Kubernetes and systemd hand secrets to a program. Every setting that has a section
can come from a file.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dlt.common.configuration import plugins
from dlt.common.configuration.providers import ConfigProvider, EnvironProvider
from dlt.common.runtime.run_context import RunContext

from pipelines.failures import Misconfigured
from pipelines.redact import hide

SUFFIX = "_FILE"


class SecretFiles(EnvironProvider):
    """dlt's provider of settings whose variable, with `_FILE` behind it, names a file."""

    @property
    def name(self) -> str:
        return "Files that environment variables name"

    @property
    def is_empty(self) -> bool:
        # then dlt does not ask here, which it would do several times for each of its settings
        return not any(variable.endswith(SUFFIX) for variable in os.environ)

    def get_value(
        self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str
    ) -> tuple[str | None, str]:
        name = self.get_key_name(key, pipeline_name or "", *sections)
        # Without a section, the variable may be one of another program: CLIENT_SECRET_FILE.
        is_set = "__" in name and os.environ.get(name + SUFFIX)
        return read_secret_file(name + SUFFIX) if is_set else None, name


class Context(RunContext):
    """dlt's context, in which secret files win over the settings files, as variables do."""

    def initial_providers(self) -> list[ConfigProvider]:
        return [SecretFiles(), *super().initial_providers()]


@plugins.hookimpl
def plug_run_context(run_dir: str | None, runtime_kwargs: dict[str, Any] | None) -> Context:
    """Give dlt the context of Rollcall. dlt calls this function when it reads the first setting."""
    return Context(run_dir)


plugins.manager().register(sys.modules[__name__])


def find_file_variables(sections: Iterable[str]) -> Iterator[str]:
    """Yield the variables that name a file for a setting of these sections."""
    for variable in sorted(os.environ):
        section, _, name = variable.partition("__")
        if name.endswith(SUFFIX) and section.lower() in sections and os.environ[variable]:
            yield variable


def read_secret_file(variable: str) -> str:
    """Return the content of the file that a variable names, without the newline at its end.

    The content is hidden from the log from now on. Raises Misconfigured if the file cannot be read
    or is empty, or if the setting has a value as well.
    """
    name, path = variable.removesuffix(SUFFIX), Path(os.environ[variable]).expanduser()
    if os.environ.get(name):
        why = f"{name} is set, too, and only one of the two can hold"
        raise Misconfigured(variable, why, f"unset {name}")
    why = ""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            why = "is not a regular file"
        elif not (text := path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")):
            why = "is empty"
    except OSError as error:
        why = f"cannot be read: {(error.strerror or str(error)).lower()}"
    except UnicodeDecodeError:
        why = "is not UTF-8 text"
    if why:
        remedy = f"correct {variable}, or the file: the user of rollcall must be able to read it"
        raise Misconfigured(variable, f"the file {path} {why}", remedy)
    hide(text)
    return text
