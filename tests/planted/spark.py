"""Bugs in what the models say to Spark. Each is noticed without Spark."""

from __future__ import annotations

from functools import partial

from tests.planted.bug import Bug

READ = "tests/spark/test_dialect.py -k become_what_was_read"
REFUSED = "tests/spark/test_dialect.py -k refused_by_name"
FOUND = "tests/spark/test_dialect.py -k"

dialect = partial(Bug, file="pipelines/spark/dialect.py")
aggregates = partial(Bug, file="pipelines/spark/rules/aggregates.py", tests=READ)
json_shapes = partial(Bug, file="pipelines/spark/rules/json_shapes.py", tests=READ)
json_values = partial(Bug, file="pipelines/spark/rules/json_values.py", tests=READ)
lists = partial(Bug, file="pipelines/spark/rules/lists.py", tests=READ)
queries = partial(Bug, file="pipelines/spark/rules/queries.py")
recursion = partial(Bug, file="pipelines/spark/recursion.py")
session = partial(Bug, file="pipelines/spark/session.py")
texts = partial(Bug, file="pipelines/spark/rules/texts.py")
times = partial(Bug, file="pipelines/spark/rules/times.py")

BUGS = [
    dialect(
        "spark: a function without a rule goes to Spark as it is",
        old="        check_constructs(tree)\n",
        new="",
        tests=REFUSED,
    ),
    dialect(
        "spark: blanks of a text become the letters f and v",
        old='return text.replace("\\\\", "\\\\\\\\").replace("\'", "\\\\\'")',
        new="return super().escape_str(text, *_, **__)",
        tests=READ,
    ),
    dialect(
        "spark: inner queries move to the top",
        old="    EXPRESSIONS_WITHOUT_NESTED_CTES: ClassVar = set()\n",
        new="",
        tests=READ,
    ),
    dialect(
        "spark: a table that nobody knows is read",
        old="        if name not in tables:\n",
        new="        if False:\n",
        tests=REFUSED,
    ),
    aggregates(
        "spark: the newest row wins though it has no value",
        old="return _filter(_pick(name, node.this, node.expression), condition)",
        new="return _pick(name, node.this, node.expression)",
    ),
    aggregates(
        "spark: nulls come first in a list",
        old='part for key in keys for part in (build("isnull(:x)", x=key), key)',
        new="part for key in keys for part in (key,)",
    ),
    aggregates(
        "spark: an empty list stands for none",
        old='    return build("nullif(:x, array())", x=found)',
        new="    return found",
    ),
    json_shapes(
        "spark: a truth that is a text is unknown",
        old='return as_json if shape == "json" else "string"',
        new='return as_json if shape == "json" else shape if shape == "boolean" else "string"',
    ),
    json_shapes(
        "spark: a single object is a list of one",
        old="    if isinstance(shape, list):  # Spark takes",
        new="    if False:  # Spark takes",
    ),
    json_shapes("spark: a time may end in a line break", old='END = r"\\\\z"', new='END = "$"'),
    json_shapes(
        "spark: a year alone is a moment",
        old="case when {SLASHES} rlike '^{BLANK}*{DAY}([ Tt]{TIME})?{END}'",
        new="case when true",
    ),
    json_values(
        "spark: JSON's null is a text",
        old="found = build(\"case when :x <> 'null' then :found end\", x=node.this, found=found)",
        new="pass",
    ),
    lists(
        "spark: a list with a null contains nobody knows what",
        old='found = "case when :y is not null then exists(:x, _e -> _e <=> :y) end"',
        new='found = "array_contains(:x, :y)"',
    ),
    queries(
        "spark: null and false are one in a value",
        old="    if isinstance(around, exp.Select):\n",
        new="    if False:\n",
        tests=REFUSED,
    ),
    queries(
        "spark: a struct may be null",
        old="node.this.type.is_type(exp.DType.STRUCT)",
        new="False",
        tests=REFUSED,
    ),
    recursion(
        "spark: a step of a recursion sees all rows as new",
        old="KNOWN if table.db == RECURRING else FOUND",
        new="FOUND",
        tests=f"{FOUND} becomes_its_steps",
    ),
    recursion(
        "spark: a recursion replaces the outer query of its name",
        old="    owner, with_ = cte.parent.parent, cte.parent\n",
        new="    owner, with_ = tree, cte.parent\n",
        tests=f"{FOUND} query_of_its_name",
    ),
    session(
        "spark: a part of an accent is replaced first",
        old="order by length(run) desc, run",
        new="order by length(run), run",
        tests=f"{FOUND} normal_form",
    ),
    session(
        "spark: accents in an escape are not seen",
        old="""f'json("{name}")::varchar' if type_ == "JSON" else """,
        new="",
        tests=f"{FOUND} normal_form",
    ),
    texts(
        "spark: the end of a text is before its last line",
        old='"end": "\\\\z",',
        new='"end": "$",',
        tests=READ,
    ),
    texts(
        "spark: all matches are replaced",
        old="    if options is None:\n",
        new="    if False:\n",
        tests=READ,
    ),
    texts(
        "spark: times become text as each engine likes",
        old='        must_be_spelled_alike(side, "||")\n',
        new="        pass\n",
        tests=REFUSED,
    ),
    times(
        "spark: the hour that comes twice is the first",
        old="to_utc_timestamp(:x, :zone) + interval 1 hour\nelse",
        new="to_utc_timestamp(:x, :zone)\nelse",
        tests=READ,
    ),
]
