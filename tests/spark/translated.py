"""`python -m tests.spark.translated`: write what the expressions become on Spark, to be read."""

from pathlib import Path

from pipelines.spark.dialect import translate
from tests.support.engines import BLANKS, SHAPES, read_expressions

FILE = Path(__file__).with_name("translated.sql")
ABOUT = """\
-- What tests/spark/expressions.sql become on Spark. After a change of a rule, read the difference
-- that `python -m tests.spark.translated` makes here; `make soak` runs both on both engines.
"""


def translate_all() -> str:
    """Return all expressions in Spark's SQL."""
    queries = read_expressions().items()
    blocks = (f"-- {name}\n{translate(sql, SHAPES, name)}\n" for name, sql in queries)
    return "\n".join([ABOUT, *blocks]).replace(BLANKS, "BLANKS")


if __name__ == "__main__":
    FILE.write_text(translate_all(), encoding="utf-8")
