"""What DuckDB says and Spark says otherwise: one function per construct, one module per theme.

A rule takes a node of DuckDB's SQL, whose parts are already rewritten, and returns Spark's. Without
a rule, and not in `allowed`, a construct is refused. sqlglot alone would write what Spark rejects,
or what means something else, and warn of neither.
"""
