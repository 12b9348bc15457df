"""The SQL of a model over other tables, to try a rule on data that is not in the warehouse."""

from __future__ import annotations

from jinja2 import Environment

from pipelines.warehouse import PROJECT_FOLDER

MACROS = "macros/text.sql"  # the only macros that such a model may use


def render_model(name: str, relations: dict[str, str], rows: str = "") -> str:
    """Return the SQL of a model that reads these relations instead of other models.

    `relations` has a relation for each model that it reads, and `rows` is the query that stands for
    the rows of all sources.
    """
    [path] = PROJECT_FOLDER.glob(f"models/**/{name}.sql")
    text = (PROJECT_FOLDER / MACROS).read_text(encoding="utf-8") + path.read_text(encoding="utf-8")
    template = Environment(autoescape=False).from_string(text)
    return template.render(ref=relations.__getitem__, union_sources=lambda entity: rows)
