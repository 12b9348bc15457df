"""Read the company's TOML files: a wrong entry or an unknown name ends the command.

A rule that is silently ignored would hide access, or give it.
"""

from __future__ import annotations

import difflib
import inspect
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from pipelines import settings
from pipelines.failures import Misconfigured, storage_failure

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """A part of a file in which an unknown name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def find_folder(setting: str, default: Path) -> Path:
    """Return the folder that a setting names, such as `review.folder`, else the default one.

    Both begin in the project directory. Raises Misconfigured if the setting names a folder that is
    missing.
    """
    if given := settings.read_setting(setting):
        folder = Path(given).expanduser().absolute()
        if not folder.is_dir():
            variable = setting.replace(".", "__").upper()
            raise Misconfigured(variable, f"there is no folder {folder}", "correct it")
        return folder
    return default.absolute()


def parse_toml(path: Path, kind: type[Model]) -> Model:
    """Read a TOML file as `kind`. Raises Misconfigured for the first wrong entry."""
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(str(path), f"it is not TOML ({error})", "correct that line") from None
    except OSError as error:
        raise storage_failure(path, error, "make the file readable") from None
    except ValidationError as error:
        raise describe_error(str(path), error, kind) from None


def describe_error(what: str, error: ValidationError, kind: type[BaseModel]) -> Misconfigured:
    """Return the first error with its place, but not its value, which may be a person's name."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    steps = first["loc"]
    place = ".".join(str(step + 1) if isinstance(step, int) else str(step) for step in steps)
    if first["type"] != "extra_forbidden":
        why = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        return Misconfigured(what, f"{place}: {why}" if place else why, "correct that entry")
    known = _find_names(kind, steps[:-1])
    near = difflib.get_close_matches(str(steps[-1]), known, 1)
    remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
    return Misconfigured(what, f"{place}: unknown name", remedy)


def _find_names(kind: type[BaseModel], steps: Iterable[int | str]) -> list[str]:
    """Return the names that an entry may have; a place in a list or a table leads no deeper."""
    for step in steps:
        if step in kind.model_fields:
            kind = next(_find_models(kind.model_fields[str(step)].annotation), kind)
    return [*kind.model_fields]


def _find_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _find_models(part)
