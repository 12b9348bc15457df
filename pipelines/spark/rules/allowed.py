"""What DuckDB and Spark say alike, or what sqlglot by itself translates rightly.

Each stands here because both engines were seen to agree on it, on rows that are hard on purpose:
tests/spark/test_engines.py. A construct that is in neither this list nor the rules is refused.
"""

from sqlglot import exp

QUERIES = {
    *(exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Window),
    *(exp.Order, exp.Ordered, exp.Limit, exp.Distinct, exp.Union, exp.Except, exp.Subquery),
    *(exp.With, exp.CTE, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Star, exp.Exists),
    *(exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Tuple, exp.Var),
    *(exp.DataType, exp.Lambda, exp.Dot, exp.Explode, exp.Slice),
}
OPERATORS = {
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
    *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.Neg, exp.Mul, exp.Escape, exp.Interval),
    *(exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Least, exp.Greatest),
}
TEXTS = {*(exp.Contains, exp.StartsWith, exp.Substring, exp.Replace, exp.SplitPart), exp.SHA2}
LISTS = {exp.Array, exp.ArrayFilter, exp.Transform, exp.MapFromEntries, exp.Struct}
AGGREGATES = {
    *(exp.Count, exp.Max, exp.Min, exp.Sum, exp.Avg, exp.Median, exp.LogicalAnd, exp.LogicalOr),
    *(exp.AnyValue, exp.IgnoreNulls, exp.Round),
    *(exp.RowNumber, exp.DenseRank, exp.FirstValue, exp.Lag, exp.Lead),
}
# Parts of constructs that a rule rewrites as a whole
PARTS = {*(exp.Comprehension, exp.FromJson, exp.JSONPath, exp.JSONKeyValue, exp.PropertyEQ)}
ALLOWED = QUERIES | OPERATORS | TEXTS | LISTS | AGGREGATES | PARTS
