"""Texts: upper and lower case, normal forms, patterns, and what becomes text."""

from __future__ import annotations

import re

from sqlglot import exp

from pipelines.spark.rules.building import (
    NoRule,
    build,
    call,
    is_list,
    literal,
    must_be_spelled_alike,
    once,
    text,
)

# The characters of a text beyond ASCII, one by one: DuckDB changes the case of each by itself, and
# Spark looks at its neighbours, and may make two of one. What Unicode 16 added stays different
BY_CHARACTER = """
case when one rlike '[^ -~]'
then array_join(transform(regexp_extract_all(one, '(?s).', 0), c -> {one}), '')
else {all} end
"""
LOWER = BY_CHARACTER.format(one="case c when 'İ' then 'i' else lower(c) end", all="lower(one)")
UPPER = BY_CHARACTER.format(
    one="case when length(upper(c)) = 1 then upper(c) when c = 'ß' then 'ẞ'"
    " when length(initcap(c)) = 1 then initcap(c) else c end",
    all="upper(one)",
)
NORMAL_FORMS = "duckdb_normal_forms"
# What RE2 and Java read alike. The others differ, or nobody has looked at them
TOKEN = re.compile(
    r"(?P<flag>^\(\?i\))|(?P<word>\\b)|(?P<end>\$)|(?P<any>\.)"
    r"|\\x\{[0-9A-F]+\}|\\[.\[\](){}|*+?^$d/-]|\[\^?(?:[^\[\]\\&]|\\x\{[0-9A-F]+\})+\]"
    r"|\(\?:|\((?!\?)|[|)^]|[*+?]\??|[^\\\[\](){}|*+?^$.]"
)
WORD = "[0-9A-Za-z_]"
JAVA = {
    "flag": "(?iu)",
    "word": f"(?-i:(?<={WORD})(?!{WORD})|(?<!{WORD})(?={WORD}))",  # Java's \b knows more letters
    "end": "\\z",  # Java's $ also stands before a last line break
    "any": "[^\\n]",  # Java's . leaves out more line breaks
}


def java_pattern(node: exp.Expression) -> str:
    """Return Java's pattern for one of RE2. Raises NoRule for what they may read differently."""
    pattern = literal(node, "a regular expression")
    written, at = [], 0
    while at < len(pattern):
        token = TOKEN.match(pattern, at)
        if token is None:
            raise NoRule(f"the regular expression {pattern}, from {pattern[at:]} on")
        written.append(JAVA.get(token.lastgroup or "", token.group()))
        at = token.end()
    return "".join(written)


def change_case(node: exp.Lower | exp.Upper) -> exp.Expression:
    return once(LOWER if isinstance(node, exp.Lower) else UPPER, node.this)


def normalize(node: exp.Anonymous) -> exp.Expression:
    """Spark has no normal forms: `session` declares the texts of this build, and what to write."""
    replaced = f"aggregate({NORMAL_FORMS}, :x, (known, one) -> replace(known, one.old, one.new))"
    return build(replaced, x=node.expressions[0])


def trim(node: exp.Trim) -> exp.Expression:
    if not node.expression:
        raise NoRule("trim() without the characters, because each engine has blanks of its own")
    return node


def matches(node: exp.RegexpLike) -> exp.Expression:
    return build(":x rlike :pattern", x=node.this, pattern=text(java_pattern(node.expression)))


def extract(node: exp.RegexpExtract) -> exp.Expression:
    group = node.args.get("group") or exp.Literal.number(0)
    pattern = text(java_pattern(node.expression))
    return build("regexp_extract(:x, :pattern, :n)", x=node.this, pattern=pattern, n=group)


def replace_matches(node: exp.RegexpReplace) -> exp.Expression:
    """Replace all matches with the option g, else the first. Spark always replaces all."""
    pattern, new = java_pattern(node.expression), literal(node.args["replacement"], "a replacement")
    options = node.args.get("modifiers")
    if "\\" in new or "$" in new:
        raise NoRule("a replacement with \\ or $")
    if options is None:
        pattern, new = f"^((?s:.*?))(?:{pattern})", f"$1{new}"
    elif options.name != "g":
        raise NoRule(f"regexp_replace() with the options {options.name}")
    parts = {"x": node.this, "pattern": text(pattern), "new": text(new)}
    return build("regexp_replace(:x, :pattern, :new)", **parts)


def like(node: exp.Like) -> exp.Expression:
    """Spark takes \\ for an escape character where none is named."""
    if not isinstance(node.parent, exp.Escape) and "\\" in literal(node.expression, "a pattern"):
        raise NoRule("like with \\ in the pattern and without `escape`")
    return node


def take_left(node: exp.Left) -> exp.Expression:
    """Of a negative number, DuckDB makes all but the last characters, and Spark nothing."""
    literal(node.expression, "the number of left()")
    return node


def measure(node: exp.Length) -> exp.Expression:
    return build("size(:x)" if is_list(node.this) else "length(:x)", x=node.this)


def join_texts(node: exp.DPipe) -> exp.Expression:
    for side in (node.left, node.right):
        must_be_spelled_alike(side, "||")
    return node


def concatenate(node: exp.Concat) -> exp.Expression:
    """DuckDB passes over nulls."""
    parts = []
    for part in node.expressions:
        must_be_spelled_alike(part, "concat()")
        is_text = isinstance(part, exp.Literal) and part.is_string
        parts.append(part if is_text else build("coalesce(cast(:x as string), '')", x=part))
    return call("concat", *parts)


def concatenate_with(node: exp.ConcatWs) -> exp.Expression:
    for part in node.expressions:
        must_be_spelled_alike(part, "concat_ws()")
    return call("concat_ws", *node.expressions)


RULES = {
    exp.Concat: concatenate,
    exp.ConcatWs: concatenate_with,
    exp.DPipe: join_texts,
    exp.Left: take_left,
    exp.Length: measure,
    exp.Like: like,
    exp.Lower: change_case,
    exp.RegexpExtract: extract,
    exp.RegexpLike: matches,
    exp.RegexpReplace: replace_matches,
    exp.Trim: trim,
    exp.Upper: change_case,
}
NAMED = {
    # Other numbers than DuckDB's: a model may only compare hashes with each other
    "hash": lambda node: call("xxhash64", *node.expressions),
    "nfc_normalize": normalize,
}
