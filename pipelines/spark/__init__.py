"""The models on Apache Spark: the SQL that dbt compiles for DuckDB, rewritten and run elsewhere."""
