"""Every model has a translation for Spark, and what has none is refused by name. Without Spark."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from pipelines.failures import Refused
from pipelines.spark import dialect
from pipelines.spark.dialect import Recursion, name_view, translate
from pipelines.spark.recursion import Recursion as Found
from pipelines.spark.rules import json_shapes, json_values, lists
from pipelines.spark.rules.allowed import ALLOWED
from pipelines.spark.session import SETTINGS, find_forms, prepare_session
from pipelines.spark.types import name_type
from tests.spark.translated import FILE, translate_all
from tests.support.compiled import Compiled
from tests.support.engines import ROWS, SHAPES, fill, read_expressions

EXPRESSIONS = read_expressions()
REFUSED = {
    "levenshtein(s, v)": "levenshtein()",
    "list_reduce(l, lambda x, y: x || y)": "list_reduce()",
    "(select max(array_length(l)) from main.t)": "array_length()",
    "s similar to 'a'": "similarto",
    "left(s, -1)": "the number of left() that is no literal",
    "trim(s)": "trim() without the characters",
    "s like 'a\\%'": "like with \\",
    "regexp_matches(s, v)": "a regular expression that is no literal",
    "regexp_matches(s, '\\d+(?=x)')": "the regular expression \\d+(?=x), from (?=x) on",
    "regexp_replace(s, '(a)', '\\1')": "a replacement with \\",
    "regexp_replace(s, 'a', 'b', 'i')": "regexp_replace() with the options i",
    "'at ' || moment": "|| of a TIMESTAMPTZ",
    "concat('at ', moment)": "concat() of a TIMESTAMPTZ",
    "moment::varchar": "the text of a TIMESTAMPTZ",
    "n::double": "a cast from INT to DOUBLE",
    "strftime(d, '%A')": "strftime() with the format %A",
    "strftime(d, '%Y week')": "strftime() with the format %Y week",
    "moment - moment": "a TIMESTAMPTZ - a TIMESTAMPTZ",
    "n / n": "a division whose divisor may be zero",
    "v in (select v from main.t)": "`in (select …)` as a value",
    'from_json(j, \'{"a": {"b": "varchar"}}\').a is null': "`is null` of a struct",
    'from_json(j, \'{"a": "double"}\').a': "from_json() with a double",
    "from_json(j, v)": "the shape of a from_json() that is no literal",
    "j ->> v": "->> with a path that is no literal",
    "j ->> '$.a[0]'": "the path",
    "json_object('a', moment)": "JSON of a TIMESTAMPTZ",
    "list_aggregate(l, 'max')": "list_aggregate() with max",
    "l[2:3]": "a slice of a list that does not start at the first element",
    "[x for x in l if x > 'a']": "a list comprehension with `if`",
    "select n, unnest(l) as x, unnest(l) as y from main.t": "two unnest() in one select",
    "select list(v order by n desc) as x from main.t": "an aggregate with `order by … desc`",
    "select list(distinct v order by n) as x from main.t": "`distinct` and another order",
    "select n, list(v) over () as x from main.t": "over a window",
    "select n, sum(n) filter (b) over () as x from main.t": "with a filter over a window",
    "select a as x from main.nowhere": "the table main.nowhere, whose columns are not known,",
    "with recursive r as (select 1 as x union all select x from r) select x from r": "`union`",
}
CHAIN = """
with recursive
edges as (select s as above, v as below from main.t),
reached (top, name, steps) using key (top, name) as (
    select above, above, 0 from edges
    union
    select reached.top, edges.below, min(reached.steps) + 1
    from reached
    join edges on reached.name = edges.above
    left join recurring.reached as known on reached.top = known.top and edges.below = known.name
    where known.name is null
    group by reached.top, edges.below
)
select top, name from reached where steps > 0
"""
INSIDE = """
with
pairs as (select s as child, v as parent from main.t),
nested as (
    with recursive nested as (
        select child, parent from pairs
        union
        select nested.child, pairs.parent from nested join pairs on nested.parent = pairs.child
    )
    select * from nested
)
select nested.child, again.parent from nested join nested as again on nested.parent = again.child
"""


def _mark(sql: str) -> exp.Expression:
    """Return DuckDB's query as the rules see it."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for node in reversed([*tree.dfs()]):
        for mark in (json_values.mark, json_shapes.mark, lists.mark):
            if (new := mark(node)) is not node:
                node.replace(new)
                break
    return tree


def test_every_model_has_a_translation(compiled: Compiled):
    """Every model has a translation: of its first build, and of a later one."""
    assert len(compiled.again) > 100 and compiled.first.keys() == compiled.again.keys()
    for queries in (compiled.first, compiled.again):
        found = {
            table: translate(sql, compiled.shapes, table.split(".")[1])
            for table, sql in queries.items()
            if sql != compiled.first[table] or queries is compiled.first
        }
        recursive = {table for table, query in found.items() if isinstance(query, Recursion)}
        assert recursive <= {"intermediate.int_entitlement_closure", "staging.stg_pingone__grants"}


def test_the_expressions_become_what_was_read_and_run():
    """A translation changes only together with the file in which somebody reads the change."""
    assert FILE.read_text(encoding="utf-8") == translate_all()


def test_every_rule_and_every_allowed_construct_has_an_expression():
    """Nothing is allowed that the two engines do not compare, and no rule is without use."""
    trees = [sqlglot.parse_one(sql, dialect="duckdb") for sql in EXPRESSIONS.values()]
    trees += [_mark(sql) for sql in EXPRESSIONS.values()]
    nodes = [node for tree in trees for node in tree.walk()]
    names = {node.name.lower() for node in nodes if isinstance(node, exp.Anonymous)}

    assert set() == {*ALLOWED, *dialect.RULES} - {type(node) for node in nodes}
    assert set() == dialect.NAMED.keys() - names


@pytest.mark.parametrize("sql", REFUSED)
def test_what_has_no_rule_is_refused_by_name(sql):
    """The failure names the model, the construct and what to do."""
    query = sql if sql.startswith(("select", "with")) else f"select n, {sql} as x from main.t"

    with pytest.raises(Refused) as refused:
        translate(f"with a as ({query}) select * from a", SHAPES, "int_people")

    assert "transform: model int_people" == refused.value.what
    assert REFUSED[sql] in refused.value.why
    assert "pipelines/spark/rules" in refused.value.next


def test_sql_that_sqlglot_cannot_read_is_refused():
    """sqlglot's parser knows not all of DuckDB; a pair of brackets often helps."""
    with pytest.raises(Refused, match="sqlglot cannot read it"):
        translate("select json_object('a', n = 1) as x from main.t", SHAPES, "int_people")


def test_a_table_becomes_a_view_under_its_own_name():
    """A table keeps its name in the query, and is read from the view of its schema and name."""
    sql = translate('select t.n from "access"."main"."t" as t', SHAPES, "int_people")

    assert "SELECT `t`.`n` AS `n` FROM `main__t` AS `t`" == sql
    assert "main__t" == name_view("main", "t")


def test_a_recursion_becomes_its_steps():
    """The start and the step have the columns that the recursive query names, and its keys."""
    found = translate(CHAIN, SHAPES, "int_chain")

    assert isinstance(found, Found)
    assert (["top", "name"], "int_chain__found", "int_chain__known") == (
        found.keys,
        found.found,
        found.known,
    )
    for query in (found.start, found.step):
        assert ["top", "name", "steps"] == sqlglot.parse_one(query, dialect="spark").named_selects
        assert "WITH `edges` AS" in query
    assert "FROM `int_chain__found` AS `reached`" in found.step
    assert "LEFT JOIN `int_chain__known` AS `known`" in found.step
    assert "FROM `int_chain__known` AS `reached`" in found.final
    assert "RECURSIVE" not in found.final


def test_a_recursion_inside_of_a_query_of_its_name():
    """Only the inner name is replaced; what reads the outer one stays."""
    found = translate(INSIDE, SHAPES, "int_chain")

    assert isinstance(found, Found) and [] == found.keys
    assert 1 == found.final.count("`int_chain__known`")
    assert "JOIN `nested` AS `again`" in found.final


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("VARCHAR", "string"),
        ("JSON", "string"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp"),
        ("HUGEINT", "decimal(38, 0)"),
        ("VARCHAR[]", "array<string>"),
        ("MAP(VARCHAR, JSON)", "map<string, string>"),
        ("STRUCT(id VARCHAR, is_on BOOLEAN)[]", "array<struct<`id`: string, `is_on`: boolean>>"),
    ],
)
def test_a_type_has_its_counterpart(type_, expected):
    """Each type of the warehouse has one in Spark."""
    assert expected == name_type(type_)


def test_a_type_without_counterpart_is_refused():
    """A type that nobody has compared is refused by name."""
    with pytest.raises(Refused, match="INTERVAL"):
        name_type("INTERVAL")


def test_every_column_of_the_warehouse_has_a_type(compiled: Compiled):
    """Every column of every table can go to Spark."""
    types = {type_ for columns in compiled.shapes.values() for _, type_ in columns}

    assert all(map(name_type, types))


@pytest.fixture
def texts():
    with duckdb.connect() as connection:
        fill(connection, ROWS)
        yield connection


def test_only_texts_that_change_have_a_normal_form(texts):
    """The normal forms are those of the texts in the tables, in lower case too, long ones first."""
    texts.execute("create table main.o (name varchar, names varchar[], payload json)")
    texts.execute(
        """insert into main.o values ('E\u0301 a\u0301\u0323\u00a0', ['o\u0308', 'plain'],
        '{"a": "u\\u0308", "b": "\u00e9"}')"""
    )
    shape = [["name", "VARCHAR"], ["names", "VARCHAR[]"], ["payload", "JSON"]]

    assert [
        ("a\u0301\u0323", "\u1ea1\u0301"),
        ("E\u0301", "\u00c9"),
        ("e\u0301", "\u00e9"),
        ("o\u0308", "\u00f6"),
        ("u\u0308", "\u00fc"),
    ] == find_forms(texts, {"main.o": shape})
    assert [] == find_forms(texts, {"main.none": [["n", "INTEGER"]]})


def test_a_session_begins_with_settings_zones_and_forms(texts):
    """Statements for Spark: its settings, DuckDB's time zones, and the normal forms."""
    *settings, zones, forms = prepare_session(texts, SHAPES)

    assert len(SETTINGS) == len(settings) and "set spark.sql.ansi.enabled = true" in settings
    assert "duckdb__time_zones" in zones and "('Europe/Berlin')" in zones
    assert "named_struct('old', 'e\u0301', 'new', '\u00e9')" in forms
