-- What tests/spark/expressions.sql become on Spark. After a change of a rule, read the difference
-- that `python -m tests.spark.translated` makes here; `make soak` runs both on both engines.

-- lower
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY((`t`.`s` || COALESCE(`t`.`v`, ''))), one -> CASE WHEN one RLIKE '[^ -~]' THEN ARRAY_JOIN(TRANSFORM(REGEXP_EXTRACT_ALL(one, '(?s).', 0), c -> CASE c WHEN 'İ' THEN 'i' ELSE LOWER(c) END), '') ELSE LOWER(one) END), 0) AS `x` FROM `main__t` AS `t`

-- upper
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY((`t`.`s` || COALESCE(`t`.`v`, ''))), one -> CASE WHEN one RLIKE '[^ -~]' THEN ARRAY_JOIN(TRANSFORM(REGEXP_EXTRACT_ALL(one, '(?s).', 0), c -> CASE WHEN LENGTH(UPPER(c)) = 1 THEN UPPER(c) WHEN c = 'ß' THEN 'ẞ' WHEN LENGTH(INITCAP(c)) = 1 THEN INITCAP(c) ELSE c END), '') ELSE UPPER(one) END), 0) AS `x` FROM `main__t` AS `t`

-- trim
SELECT `t`.`n` AS `n`, TRIM('BLANKS' FROM `t`.`s`) AS `x` FROM `main__t` AS `t`

-- normal form
SELECT `t`.`n` AS `n`, AGGREGATE(duckdb_normal_forms, GET(TRANSFORM(ARRAY(`t`.`s`), one -> CASE WHEN one RLIKE '[^ -~]' THEN ARRAY_JOIN(TRANSFORM(REGEXP_EXTRACT_ALL(one, '(?s).', 0), c -> CASE c WHEN 'İ' THEN 'i' ELSE LOWER(c) END), '') ELSE LOWER(one) END), 0), (known, one) -> REPLACE(known, one.old, one.new)) AS `x` FROM `main__t` AS `t`

-- length of text
SELECT `t`.`n` AS `n`, LENGTH(`t`.`s`) AS `x` FROM `main__t` AS `t`

-- left, substr
SELECT `t`.`n` AS `n`, LEFT(`t`.`s`, 2) || '|' || SUBSTRING(`t`.`s`, 3) AS `x` FROM `main__t` AS `t`

-- concat
SELECT `t`.`n` AS `n`, CONCAT(COALESCE(CAST(`t`.`s` AS STRING), ''), COALESCE(CAST(`t`.`n` AS STRING), ''), COALESCE(CAST(`t`.`b` AS STRING), ''), COALESCE(CAST(`t`.`d` AS STRING), ''), '!') AS `x` FROM `main__t` AS `t`

-- concat_ws
SELECT `t`.`n` AS `n`, CONCAT_WS('; ', `t`.`s`, `t`.`v`, `t`.`n`, `t`.`b`, NULL) AS `x` FROM `main__t` AS `t`

-- ||
SELECT `t`.`n` AS `n`, `t`.`s` || `t`.`v` || `t`.`n` || `t`.`b` || `t`.`d` AS `x` FROM `main__t` AS `t`

-- replace
SELECT `t`.`n` AS `n`, REPLACE(`t`.`s`, 'a', '\\') AS `x` FROM `main__t` AS `t`

-- contains
SELECT `t`.`n` AS `n`, CONTAINS(`t`.`s`, COALESCE(`t`.`v`, 'd')) AS `x` FROM `main__t` AS `t`

-- starts_with
SELECT `t`.`n` AS `n`, STARTSWITH(`t`.`s`, 'a') AS `x` FROM `main__t` AS `t`

-- split_part
SELECT `t`.`n` AS `n`, SPLIT_PART(`t`.`s`, 'a', 2) AS `x` FROM `main__t` AS `t`

-- sha256
SELECT `t`.`n` AS `n`, SHA2(`t`.`s`, 256) AS `x` FROM `main__t` AS `t`

-- hash
SELECT `t`.`n` AS `n`, XXHASH64(`t`.`s`, `t`.`v`) = XXHASH64(`t`.`s`, `t`.`v`) AS `x` FROM `main__t` AS `t`

-- like
SELECT `t`.`n` AS `n`, `t`.`s` LIKE '%_d%' AS `x` FROM `main__t` AS `t`

-- like with escape
SELECT `t`.`n` AS `n`, `t`.`s` LIKE REPLACE(REPLACE('a.b**', '_', '\\_'), '*', '%') ESCAPE '\\' AS `x` FROM `main__t` AS `t`

-- pattern of a word
SELECT `t`.`n` AS `n`, (`t`.`s` RLIKE '(?iu)(?-i:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))ADMIN') AS `x` FROM `main__t` AS `t`

-- pattern of an end
SELECT `t`.`n` AS `n`, (`t`.`s` RLIKE 'admin\\z') AS `x` FROM `main__t` AS `t`

-- pattern of any
SELECT `t`.`n` AS `n`, (`t`.`s` RLIKE 'e[^\\n]a') AS `x` FROM `main__t` AS `t`

-- pattern of a class
SELECT `t`.`n` AS `n`, (`t`.`s` RLIKE '[^a-z /.]\\z|^[\\x{10000}-\\x{10FFFF}]') AS `x` FROM `main__t` AS `t`

-- extract
SELECT `t`.`n` AS `n`, REGEXP_EXTRACT(`t`.`s`, '(a)([a-z]+)', 2) AS `x` FROM `main__t` AS `t`

-- extract from an end
SELECT `t`.`n` AS `n`, REGEXP_EXTRACT(`t`.`s`, '(admin)\\z') AS `x` FROM `main__t` AS `t`

-- extract all of it
SELECT `t`.`n` AS `n`, REGEXP_EXTRACT(`t`.`s`, '^(vice|[^-]*)', 0) AS `x` FROM `main__t` AS `t`

-- replace the first
SELECT `t`.`n` AS `n`, REGEXP_REPLACE(`t`.`s`, '^((?s:.*?))(?:a|0)', '$1-') AS `x` FROM `main__t` AS `t`

-- replace an end
SELECT `t`.`n` AS `n`, REGEXP_REPLACE(`t`.`s`, '^((?s:.*?))(?:^[-{}0.]*\\z|\\.0+\\z)', '$1') AS `x` FROM `main__t` AS `t`

-- replace all
SELECT `t`.`n` AS `n`, REGEXP_REPLACE(GET(TRANSFORM(ARRAY(`t`.`s`), one -> CASE WHEN one RLIKE '[^ -~]' THEN ARRAY_JOIN(TRANSFORM(REGEXP_EXTRACT_ALL(one, '(?s).', 0), c -> CASE c WHEN 'İ' THEN 'i' ELSE LOWER(c) END), '') ELSE LOWER(one) END), 0), '[^a-z0-9]+', '_') AS `x` FROM `main__t` AS `t`

-- a text of JSON
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string, `b`: string, `l`: array<string>, `o`: struct<`p`: string>>') AS s, NULL AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END AS a, CASE WHEN LOWER(one.s.`b`) IN ('true', 't', 'yes', 'y', '1') THEN TRUE WHEN LOWER(one.s.`b`) IN ('false', 'f', 'no', 'n', '0') THEN FALSE WHEN one.s.`b` RLIKE '^-?[0-9]+([.][0-9]+)?(E-?[0-9]+)?\\z' THEN CAST(one.s.`b` AS DOUBLE) <> 0 END AS b, TRANSFORM(one.s.`l`, s0 -> CASE WHEN s0 RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s0 AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s0, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s0, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s0, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s0 END) AS l, CASE WHEN NOT one.s.`o` IS NULL THEN STRUCT(CASE WHEN one.s.`o`.`p` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`o`.`p` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`o`.`p`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`o`.`p`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`o`.`p`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`o`.`p` END AS p) END AS o) END), 0).`a` AS `x` FROM `main__t` AS `t`

-- a list of JSON
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string, `b`: string, `l`: array<string>, `o`: struct<`p`: string>>') AS s, NULL AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END AS a, CASE WHEN LOWER(one.s.`b`) IN ('true', 't', 'yes', 'y', '1') THEN TRUE WHEN LOWER(one.s.`b`) IN ('false', 'f', 'no', 'n', '0') THEN FALSE WHEN one.s.`b` RLIKE '^-?[0-9]+([.][0-9]+)?(E-?[0-9]+)?\\z' THEN CAST(one.s.`b` AS DOUBLE) <> 0 END AS b, TRANSFORM(one.s.`l`, s0 -> CASE WHEN s0 RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s0 AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s0, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s0, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s0, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s0 END) AS l, CASE WHEN NOT one.s.`o` IS NULL THEN STRUCT(CASE WHEN one.s.`o`.`p` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`o`.`p` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`o`.`p`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`o`.`p`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`o`.`p`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`o`.`p` END AS p) END AS o) END), 0).`l`)), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- an object of JSON
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string, `b`: string, `l`: array<string>, `o`: struct<`p`: string>>') AS s, NULL AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END AS a, CASE WHEN LOWER(one.s.`b`) IN ('true', 't', 'yes', 'y', '1') THEN TRUE WHEN LOWER(one.s.`b`) IN ('false', 'f', 'no', 'n', '0') THEN FALSE WHEN one.s.`b` RLIKE '^-?[0-9]+([.][0-9]+)?(E-?[0-9]+)?\\z' THEN CAST(one.s.`b` AS DOUBLE) <> 0 END AS b, TRANSFORM(one.s.`l`, s0 -> CASE WHEN s0 RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s0 AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s0, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s0, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s0, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s0 END) AS l, CASE WHEN NOT one.s.`o` IS NULL THEN STRUCT(CASE WHEN one.s.`o`.`p` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`o`.`p` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`o`.`p`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`o`.`p`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`o`.`p`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`o`.`p` END AS p) END AS o) END), 0).`o`.`p` AS `x` FROM `main__t` AS `t`

-- JSON in JSON
SELECT `t`.`n` AS `n`, CAST((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string, `l`: array<string>, `o`: struct<`p`: string>>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant, `l`: array<variant>, `o`: struct<`p`: variant>>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a, ZIP_WITH(one.s.`l`, one.v.`l`, (s0, v0) -> CASE WHEN SCHEMA_OF_VARIANT(v0) IN ('STRING') THEN TO_JSON(v0) ELSE CASE WHEN s0 RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s0 AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s0, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s0, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s0, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s0 END END) AS l, CASE WHEN NOT one.s.`o` IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`o`.`p`) IN ('STRING') THEN TO_JSON(one.v.`o`.`p`) ELSE CASE WHEN one.s.`o`.`p` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`o`.`p` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`o`.`p`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`o`.`p`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`o`.`p`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`o`.`p` END END AS p) END AS o) END), 0).`a`) AS STRING) AS `x` FROM `main__t` AS `t`

-- JSON in a list
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(CAST((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string, `l`: array<string>, `o`: struct<`p`: string>>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant, `l`: array<variant>, `o`: struct<`p`: variant>>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a, ZIP_WITH(one.s.`l`, one.v.`l`, (s0, v0) -> CASE WHEN SCHEMA_OF_VARIANT(v0) IN ('STRING') THEN TO_JSON(v0) ELSE CASE WHEN s0 RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s0 AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s0, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s0, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s0, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s0 END END) AS l, CASE WHEN NOT one.s.`o` IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`o`.`p`) IN ('STRING') THEN TO_JSON(one.v.`o`.`p`) ELSE CASE WHEN one.s.`o`.`p` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`o`.`p` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`o`.`p`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`o`.`p`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`o`.`p`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`o`.`p` END END AS p) END AS o) END), 0).`l`) AS ARRAY<STRING>)), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- JSON in an object
SELECT `t`.`n` AS `n`, CAST((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string, `l`: array<string>, `o`: struct<`p`: string>>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant, `l`: array<variant>, `o`: struct<`p`: variant>>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a, ZIP_WITH(one.s.`l`, one.v.`l`, (s0, v0) -> CASE WHEN SCHEMA_OF_VARIANT(v0) IN ('STRING') THEN TO_JSON(v0) ELSE CASE WHEN s0 RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s0 AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s0, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s0, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s0, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s0 END END) AS l, CASE WHEN NOT one.s.`o` IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`o`.`p`) IN ('STRING') THEN TO_JSON(one.v.`o`.`p`) ELSE CASE WHEN one.s.`o`.`p` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`o`.`p` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`o`.`p`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`o`.`p`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`o`.`p`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`o`.`p` END END AS p) END AS o) END), 0).`o`.`p`) AS STRING) AS `x` FROM `main__t` AS `t`

-- a list of objects
SELECT `t`.`n` AS `n`, TRY_ELEMENT_AT(CASE WHEN LTRIM(`t`.`j`) LIKE '[%' THEN GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'array<struct<`a`: string>>') AS s, NULL AS v)), one -> TRANSFORM(one.s, s0 -> CASE WHEN NOT s0 IS NULL THEN STRUCT(CASE WHEN s0.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s0.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s0.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s0.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s0.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s0.`a` END AS a) END)), 0) END, 1).`a` AS `x` FROM `main__t` AS `t`

-- ->>
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(((GET_JSON_OBJECT(`t`.`j`, '$.a')))), one -> CASE WHEN one RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one END), 0) AS `x` FROM `main__t` AS `t`

-- ->> a field of a field
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(((GET_JSON_OBJECT(`t`.`j`, '$.o.p')))), one -> CASE WHEN one RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one END), 0) AS `x` FROM `main__t` AS `t`

-- ->> itself
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(CASE WHEN ((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`)) <> 'null' THEN ((GET_JSON_OBJECT(((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`)), '$'))) END), one -> CASE WHEN one RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one END), 0) AS `x` FROM `main__t` AS `t`

-- ->
SELECT `t`.`n` AS `n`, CAST(((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`)) AS STRING) AS `x` FROM `main__t` AS `t`

-- -> a field of a field
SELECT `t`.`n` AS `n`, CAST(((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`o`: struct<`p`: string>>') AS s, FROM_JSON(`t`.`j`, 'struct<`o`: struct<`p`: variant>>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN NOT one.s.`o` IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`o`.`p`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`o`.`p`) ELSE CASE WHEN one.s.`o`.`p` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`o`.`p` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`o`.`p`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`o`.`p`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`o`.`p`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`o`.`p` END END AS p) END AS o) END), 0).`o`.`p`)) AS STRING) AS `x` FROM `main__t` AS `t`

-- -> with a path made of text
SELECT `t`.`n` AS `n`, CAST(((AGGREGATE(REGEXP_EXTRACT_ALL((('$."' || CASE WHEN `t`.`n` = 13 THEN 'a.b' ELSE 'a' END || '"')), '"([^"]*)"'), `t`.`j`, (known, name) -> CASE WHEN SCHEMA_OF_VARIANT(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, variant>'), name)) IN ('STRING', 'VOID') THEN TO_JSON(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, variant>'), name)) ELSE CASE WHEN TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name) RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name) AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name), '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name), '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name), (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name) END END))) AS STRING) AS `x` FROM `main__t` AS `t`

-- -> with two names
SELECT `t`.`n` AS `n`, CAST(((AGGREGATE(REGEXP_EXTRACT_ALL((('$."' || REPLACE('o.p', '.', '"."') || '"')), '"([^"]*)"'), `t`.`j`, (known, name) -> CASE WHEN SCHEMA_OF_VARIANT(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, variant>'), name)) IN ('STRING', 'VOID') THEN TO_JSON(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, variant>'), name)) ELSE CASE WHEN TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name) RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name) AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name), '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name), '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name), (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE TRY_ELEMENT_AT(FROM_JSON(known, 'map<string, string>'), name) END END))) AS STRING) AS `x` FROM `main__t` AS `t`

-- from_json of an arrow
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(CASE WHEN LTRIM((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`l`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`l`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`l`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`l`) ELSE CASE WHEN one.s.`l` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`l` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`l`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`l`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`l`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`l` END END AS l) END), 0).`l`)) LIKE '[%' THEN GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`l`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`l`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`l`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`l`) ELSE CASE WHEN one.s.`l` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`l` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`l`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`l`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`l`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`l` END END AS l) END), 0).`l`), 'array<string>') AS s, NULL AS v)), one -> TRANSFORM(one.s, s0 -> CASE WHEN s0 RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s0 AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s0, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s0, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s0, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s0 END)), 0) END), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- type of JSON
SELECT `t`.`n` AS `n`, CASE WHEN `t`.`j` LIKE '"%' THEN 'VARCHAR' WHEN `t`.`j` LIKE '{%' THEN 'OBJECT' WHEN `t`.`j` LIKE '[%' THEN 'ARRAY' WHEN `t`.`j` = 'null' THEN 'NULL' WHEN `t`.`j` IN ('true', 'false') THEN 'BOOLEAN' WHEN `t`.`j` RLIKE '^[0-9]+$' THEN 'UBIGINT' WHEN `t`.`j` RLIKE '^-[0-9]+$' THEN 'BIGINT' WHEN NOT `t`.`j` IS NULL THEN 'DOUBLE' END AS `x` FROM `main__t` AS `t`

-- type of a field
SELECT `t`.`n` AS `n`, CASE WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) LIKE '"%' THEN 'VARCHAR' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) LIKE '{%' THEN 'OBJECT' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) LIKE '[%' THEN 'ARRAY' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) = 'null' THEN 'NULL' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) IN ('true', 'false') THEN 'BOOLEAN' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) RLIKE '^[0-9]+$' THEN 'UBIGINT' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) RLIKE '^-[0-9]+$' THEN 'BIGINT' WHEN NOT (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) IS NULL THEN 'DOUBLE' END AS `x` FROM `main__t` AS `t`

-- keys
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(CASE WHEN NOT `t`.`j` IS NULL THEN COALESCE(JSON_OBJECT_KEYS(`t`.`j`), ARRAY()) END), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- a map of JSON
SELECT `t`.`n` AS `n`, CAST(TRY_ELEMENT_AT(MAP_ZIP_WITH(FROM_JSON(`t`.`j`, 'map<string, string>'), FROM_JSON(`t`.`j`, 'map<string, variant>'), (k, s, v) -> CASE WHEN SCHEMA_OF_VARIANT(v) IN ('STRING') THEN TO_JSON(v) ELSE CASE WHEN s RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s END END), CASE `t`.`n` WHEN 8 THEN 'o' ELSE 'a' END) AS STRING) AS `x` FROM `main__t` AS `t`

-- json_object
SELECT `t`.`n` AS `n`, CAST(CONCAT('{', CONCAT_WS(',', ARRAY(CONCAT('"s":', COALESCE(TO_JSON(CAST(`t`.`s` AS VARIANT)), 'null')), CONCAT('"n":', COALESCE(CAST(`t`.`n` AS STRING), 'null')), CONCAT('"b":', COALESCE(CAST(`t`.`b` AS STRING), 'null')), CONCAT('"j":', COALESCE(CAST((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`o`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`o`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`o`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`o`) ELSE CASE WHEN one.s.`o` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`o` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`o`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`o`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`o`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`o` END END AS o) END), 0).`o`) AS STRING), 'null')), CONCAT('"none":', 'null'))), '}') AS STRING) AS `x` FROM `main__t` AS `t`

-- to_json
SELECT `t`.`n` AS `n`, CAST(CASE WHEN NOT `t`.`s` IS NULL THEN COALESCE(TO_JSON(CAST(`t`.`s` AS VARIANT)), 'null') END AS STRING) AS `x` FROM `main__t` AS `t`

-- to_json of a map
SELECT 1 AS `n`, CAST(CONCAT('{', ARRAY_JOIN(TRANSFORM(MAP_ENTRIES(MAP_FROM_ENTRIES(NULLIF(TRANSFORM(ARRAY_SORT(COLLECT_LIST(NAMED_STRUCT('k0', ISNULL(`t`.`n`), 'k1', `t`.`n`, 'k2', ISNULL(STRUCT(`t`.`s`, GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`)), 'v', STRUCT(`t`.`s`, GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`t`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`)))), e -> e.v), ARRAY()))), e -> CONCAT(TO_JSON(CAST(e.key AS VARIANT)), ':', COALESCE(e.value, 'null'))), ','), '}') AS STRING) AS `x` FROM `main__t` AS `t` WHERE NOT `t`.`s` IS NULL

-- a day and a number
SELECT `t`.`n` AS `n`, CAST(((`t`.`d` - 1 + 2)) AS STRING) AS `x` FROM `main__t` AS `t`

-- days between
SELECT `t`.`n` AS `n`, DATEDIFF(`t`.`d`, CAST('2025-12-31' AS DATE)) AS `x` FROM `main__t` AS `t`

-- a moment and days
SELECT `t`.`n` AS `n`, UNIX_MICROS((`t`.`moment` + MAKE_DT_INTERVAL(CAST(`t`.`n` AS INT)) - INTERVAL '1' DAY)) AS `x` FROM `main__t` AS `t`

-- a day as a moment
SELECT `t`.`n` AS `n`, UNIX_MICROS(CAST(`t`.`d` AS TIMESTAMP)) AS `x` FROM `main__t` AS `t`

-- a moment as a day
SELECT `t`.`n` AS `n`, CAST(CAST(`t`.`moment` AS DATE) AS STRING) AS `x` FROM `main__t` AS `t`

-- epoch
SELECT `t`.`n` AS `n`, (UNIX_MILLIS(`t`.`moment`) / CAST(1000 AS DOUBLE) + PMOD(UNIX_MICROS(`t`.`moment`), 1000) / CAST(1000000 AS DOUBLE)) AS `x` FROM `main__t` AS `t`

-- to a zone
SELECT `t`.`n` AS `n`, CAST(CAST(((FROM_UTC_TIMESTAMP(CAST(`t`.`moment` AS TIMESTAMP), 'Europe/Berlin'))) AS DATE) AS STRING) AS `x` FROM `main__t` AS `t`

-- from a zone
SELECT `t`.`n` AS `n`, UNIX_MICROS(CASE WHEN FROM_UTC_TIMESTAMP(CAST(TO_UTC_TIMESTAMP(CAST(CAST(((`t`.`d` + 297)) AS TIMESTAMP) AS TIMESTAMP), 'Europe/Berlin') + INTERVAL '1' HOUR AS TIMESTAMP), 'Europe/Berlin') = CAST(((`t`.`d` + 297)) AS TIMESTAMP) THEN TO_UTC_TIMESTAMP(CAST(CAST(((`t`.`d` + 297)) AS TIMESTAMP) AS TIMESTAMP), 'Europe/Berlin') + INTERVAL '1' HOUR ELSE TO_UTC_TIMESTAMP(CAST(CAST(((`t`.`d` + 297)) AS TIMESTAMP) AS TIMESTAMP), 'Europe/Berlin') END) AS `x` FROM `main__t` AS `t`

-- from the night with two
SELECT `t`.`n` AS `n`, UNIX_MICROS(CASE WHEN FROM_UTC_TIMESTAMP(CAST(TO_UTC_TIMESTAMP(CAST(((FROM_UTC_TIMESTAMP(CAST(`t`.`moment` AS TIMESTAMP), 'Europe/Berlin'))) AS TIMESTAMP), 'Europe/Berlin') + INTERVAL '1' HOUR AS TIMESTAMP), 'Europe/Berlin') = ((FROM_UTC_TIMESTAMP(CAST(`t`.`moment` AS TIMESTAMP), 'Europe/Berlin'))) THEN TO_UTC_TIMESTAMP(CAST(((FROM_UTC_TIMESTAMP(CAST(`t`.`moment` AS TIMESTAMP), 'Europe/Berlin'))) AS TIMESTAMP), 'Europe/Berlin') + INTERVAL '1' HOUR ELSE TO_UTC_TIMESTAMP(CAST(((FROM_UTC_TIMESTAMP(CAST(`t`.`moment` AS TIMESTAMP), 'Europe/Berlin'))) AS TIMESTAMP), 'Europe/Berlin') END) AS `x` FROM `main__t` AS `t`

-- ISO 8601
SELECT `t`.`n` AS `n`, DATE_FORMAT(FROM_UTC_TIMESTAMP(CAST(`t`.`moment` AS TIMESTAMP), 'UTC'), 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSS\'Z\'') AS `x` FROM `main__t` AS `t`

-- a day in words
SELECT `t`.`n` AS `n`, DATE_FORMAT(`t`.`d`, 'd MMMM yyyy') AS `x` FROM `main__t` AS `t`

-- forever
SELECT `t`.`n` AS `n`, COALESCE(`t`.`moment`, CAST('9999-12-31 23:59:59' AS TIMESTAMP)) > CAST('2099-01-01' AS TIMESTAMP) AS `x` FROM `main__t` AS `t`

-- never
SELECT `t`.`n` AS `n`, COALESCE(`t`.`moment`, CAST('0001-01-01 00:00:00' AS TIMESTAMP)) < CAST('1900-01-01' AS TIMESTAMP) AS `x` FROM `main__t` AS `t`

-- isfinite
SELECT `t`.`n` AS `n`, ((COALESCE(`t`.`moment`, CAST('9999-12-31 23:59:59' AS TIMESTAMP)) < CAST('9999-12-31 23:59:59' AS TIMESTAMP) AND COALESCE(`t`.`moment`, CAST('9999-12-31 23:59:59' AS TIMESTAMP)) > CAST('0001-01-01 00:00:00' AS TIMESTAMP))) AS `x` FROM `main__t` AS `t`

-- time zones
SELECT 1 AS `n`, COUNT(*) AS `x` FROM `duckdb__time_zones` AS `pg_timezone_names` WHERE `pg_timezone_names`.`name` IN ('UTC', 'Europe/Berlin', 'Nowhere')

-- length of a list
SELECT `t`.`n` AS `n`, SIZE(`t`.`l`) AS `x` FROM `main__t` AS `t`

-- an element
SELECT `t`.`n` AS `n`, TRY_ELEMENT_AT(`t`.`l`, 2) AS `x` FROM `main__t` AS `t`

-- a slice
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(SLICE(`t`.`l`, 1, 2)), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- list_contains
SELECT `t`.`n` AS `n`, CASE WHEN NOT `t`.`v` IS NULL THEN EXISTS(`t`.`l`, _e -> _e IS NOT DISTINCT FROM `t`.`v`) END AS `x` FROM `main__t` AS `t`

-- list_has_all
SELECT `t`.`n` AS `n`, (SIZE(ARRAY_EXCEPT(ARRAY_COMPACT(ARRAY('a', NULL)), `t`.`l`)) = 0) AS `x` FROM `main__t` AS `t`

-- list_has_all of the list
SELECT `t`.`n` AS `n`, (SIZE(ARRAY_EXCEPT(ARRAY_COMPACT(`t`.`l`), ARRAY('a', 'b'))) = 0) AS `x` FROM `main__t` AS `t`

-- list_concat
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(CONCAT(COALESCE(`t`.`l`, ARRAY()), COALESCE(ARRAY(`t`.`v`), ARRAY()))), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- list_concat of nulls
SELECT `t`.`n` AS `n`, SIZE(CONCAT(COALESCE(`t`.`l`, ARRAY()), COALESCE(NULL, ARRAY()))) AS `x` FROM `main__t` AS `t`

-- list_distinct
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(ARRAY_SORT(ARRAY_DISTINCT(ARRAY_COMPACT(`t`.`l`)))), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- list_sort
SELECT `t`.`n` AS `n`, TRY_ELEMENT_AT(ARRAY_SORT(`t`.`l`), 1) || '|' || SIZE(ARRAY_SORT(`t`.`l`)) AS `x` FROM `main__t` AS `t`

-- list_filter
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(FILTER(`t`.`l`, `x` -> `x` <> 'a')), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- list_transform
SELECT `t`.`n` AS `n`, GET(TRANSFORM(ARRAY(TRANSFORM(`t`.`l`, `x` -> 'id ' || `x`)), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- list_aggregate
SELECT `t`.`n` AS `n`, ARRAY_JOIN(NULLIF(ARRAY_COMPACT(`t`.`l`), ARRAY()), ', ') AS `x` FROM `main__t` AS `t`

-- list_bool_or
SELECT `t`.`n` AS `n`, ARRAY_MAX(TRANSFORM(`t`.`l`, `x` -> `x` = 'b')) AS `x` FROM `main__t` AS `t`

-- list_bool_and
SELECT `t`.`n` AS `n`, ARRAY_MIN(TRANSFORM(`t`.`l`, `x` -> NOT `x` IS NULL)) AS `x` FROM `main__t` AS `t`

-- not in a list comprehension
SELECT `t`.`n` AS `n`, ARRAY_MAX(TRANSFORM(`t`.`l`, `x` -> NOT CONTAINS(x, 'a'))) AS `x` FROM `main__t` AS `t`

-- structs
SELECT `t`.`n` AS `n`, TRY_ELEMENT_AT(TRANSFORM(ARRAY(STRUCT(`t`.`v` AS `k`, `t`.`n` AS `i`)), `x` -> `x`.`k` || `x`.`i`), 1) AS `x` FROM `main__t` AS `t`

-- rows
SELECT `t`.`n` AS `n`, STRUCT(`t`.`s`, `t`.`v`) IS DISTINCT FROM STRUCT(`t`.`s`, 'w') AS `x` FROM `main__t` AS `t`

-- coalesce of a list
SELECT `t`.`n` AS `n`, SIZE(COALESCE(`t`.`l`, ARRAY())) AS `x` FROM `main__t` AS `t`

-- an empty list
SELECT `t`.`n` AS `n`, SIZE(CAST(ARRAY() AS ARRAY<STRING>)) AS `x` FROM `main__t` AS `t`

-- unnest
SELECT `t`.`n` AS `n`, _list._element AS `x` FROM `main__t` AS `t` LATERAL VIEW EXPLODE(`t`.`l`) _list AS _element WHERE `t`.`n` IN (7, 9, 3, 2)

-- unnest of structs
SELECT `t`.`n` AS `n`, _list._element.`p` AS `x` FROM `main__t` AS `t` LATERAL VIEW EXPLODE(GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`t`.`j`, 'struct<`o`: array<struct<`p`: string>>>') AS s, NULL AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(TRANSFORM(one.s.`o`, s0 -> CASE WHEN NOT s0 IS NULL THEN STRUCT(CASE WHEN s0.`p` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(s0.`p` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(s0.`p`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(s0.`p`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), s0.`p`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE s0.`p` END AS p) END) AS o) END), 0).`o`) _list AS _element

-- list
SELECT 1 AS `n`, SIZE(NULLIF(TRANSFORM(COLLECT_LIST(NAMED_STRUCT('v', `t`.`v`)), e -> e.v), ARRAY())) AS `x` FROM `main__t` AS `t`

-- list of none
SELECT 1 AS `n`, NULLIF(TRANSFORM(COLLECT_LIST(NAMED_STRUCT('v', `t`.`v`)), e -> e.v), ARRAY()) IS NULL AS `x` FROM `main__t` AS `t` WHERE `t`.`n` > 99

-- list in order
SELECT 1 AS `n`, GET(TRANSFORM(ARRAY(NULLIF(TRANSFORM(ARRAY_SORT(COLLECT_LIST(NAMED_STRUCT('k0', ISNULL(`t`.`v`), 'k1', `t`.`v`, 'k2', ISNULL(`t`.`n`), 'k3', `t`.`n`, 'k4', ISNULL(COALESCE(`t`.`s`, '-')), 'v', COALESCE(`t`.`s`, '-')))), e -> e.v), ARRAY())), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- list distinct
SELECT 1 AS `n`, GET(TRANSFORM(ARRAY(NULLIF(ARRAY_DISTINCT(TRANSFORM(ARRAY_SORT(COLLECT_LIST(NAMED_STRUCT('k0', ISNULL(`t`.`v`), 'k1', `t`.`v`, 'k2', ISNULL(`t`.`v`), 'v', `t`.`v`))), e -> e.v)), ARRAY())), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) || SIZE(NULLIF(ARRAY_DISTINCT(TRANSFORM(COLLECT_LIST(NAMED_STRUCT('v', `t`.`v`)), e -> e.v)), ARRAY())) AS `x` FROM `main__t` AS `t`

-- list filtered
SELECT CAST(`t`.`b` AS INT) AS `n`, SIZE(NULLIF(TRANSFORM(COLLECT_LIST(NAMED_STRUCT('v', `t`.`v`)) FILTER(WHERE NOT `t`.`v` IS NULL), e -> e.v), ARRAY())) AS `x` FROM `main__t` AS `t` WHERE NOT `t`.`b` IS NULL GROUP BY `t`.`b`

-- flatten
SELECT 1 AS `n`, GET(TRANSFORM(ARRAY(ARRAY_SORT(FLATTEN(ARRAY_COMPACT(NULLIF(TRANSFORM(COLLECT_LIST(NAMED_STRUCT('v', `t`.`l`)), e -> e.v), ARRAY()))))), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM `main__t` AS `t`

-- string_agg
SELECT 1 AS `n`, ARRAY_JOIN(NULLIF(TRANSFORM(ARRAY_SORT(COLLECT_LIST(NAMED_STRUCT('k0', ISNULL(`t`.`s`), 'k1', `t`.`s`, 'k2', ISNULL(`t`.`n`), 'k3', `t`.`n`, 'k4', ISNULL(`t`.`v`), 'v', `t`.`v`)) FILTER(WHERE (NOT `t`.`v` IS NULL))), e -> e.v), ARRAY()), '; ') AS `x` FROM `main__t` AS `t`

-- string_agg distinct
SELECT 1 AS `n`, ARRAY_JOIN(NULLIF(ARRAY_DISTINCT(TRANSFORM(ARRAY_SORT(COLLECT_LIST(NAMED_STRUCT('k0', ISNULL(`t`.`v`), 'k1', `t`.`v`, 'k2', ISNULL(`t`.`v`), 'v', `t`.`v`)) FILTER(WHERE (NOT `t`.`v` IS NULL))), e -> e.v)), ARRAY()), '; ') AS `x` FROM `main__t` AS `t`

-- string_agg distinct beside another distinct
SELECT 1 AS `n`, ARRAY_JOIN(NULLIF(ARRAY_DISTINCT(TRANSFORM(ARRAY_SORT(COLLECT_LIST(NAMED_STRUCT('k0', ISNULL(`t`.`v`), 'k1', `t`.`v`, 'k2', ISNULL(`t`.`v`), 'v', `t`.`v`)) FILTER(WHERE (NOT `t`.`v` IS NULL))), e -> e.v)), ARRAY()), '; ') || COUNT(DISTINCT `t`.`s`) AS `x` FROM `main__t` AS `t`

-- string_agg filtered
SELECT 1 AS `n`, ARRAY_JOIN(NULLIF(TRANSFORM(ARRAY_SORT(COLLECT_LIST(NAMED_STRUCT('k0', ISNULL(`t`.`n`), 'k1', `t`.`n`, 'k2', ISNULL(`t`.`v`), 'v', `t`.`v`)) FILTER(WHERE `t`.`b` AND (NOT `t`.`v` IS NULL))), e -> e.v), ARRAY()), ', ') AS `x` FROM `main__t` AS `t`

-- string_agg of none
SELECT 1 AS `n`, ARRAY_JOIN(NULLIF(TRANSFORM(ARRAY_SORT(COLLECT_LIST(NAMED_STRUCT('k0', ISNULL(`t`.`v`), 'k1', `t`.`v`, 'k2', ISNULL(`t`.`v`), 'v', `t`.`v`)) FILTER(WHERE (NOT `t`.`v` IS NULL))), e -> e.v), ARRAY()), ', ') AS `x` FROM `main__t` AS `t` WHERE `t`.`v` IS NULL

-- max_by
SELECT 1 AS `n`, MAX_BY(`t`.`v`, `t`.`d`) FILTER(WHERE (NOT `t`.`v` IS NULL)) AS `x` FROM `main__t` AS `t`

-- min_by a row
SELECT 1 AS `n`, MIN_BY(`t`.`v`, STRUCT(ISNULL(`t`.`b`), `t`.`b`, ISNULL(`t`.`n`), `t`.`n`)) FILTER(WHERE (NOT `t`.`v` IS NULL)) AS `x` FROM `main__t` AS `t`

-- max_by a row with nulls
SELECT 1 AS `n`, MAX_BY(`t`.`n`, STRUCT(ISNULL(`t`.`d`), `t`.`d`, ISNULL(`t`.`n`), `t`.`n`)) FILTER(WHERE (NOT `t`.`n` IS NULL)) AS `x` FROM `main__t` AS `t`

-- max_by filtered
SELECT 1 AS `n`, MAX_BY(`t`.`v`, `t`.`n`) FILTER(WHERE `t`.`b` AND (NOT `t`.`v` IS NULL)) AS `x` FROM `main__t` AS `t`

-- arg_max_null
SELECT 1 AS `n`, MAX_BY(`t`.`v`, `t`.`n`) FILTER(WHERE `t`.`n` < 8) AS `x` FROM `main__t` AS `t`

-- arg_max_null of a row
SELECT 1 AS `n`, MAX_BY(`t`.`v`, STRUCT(ISNULL((`t`.`d` IS NULL)), `t`.`d` IS NULL, ISNULL(`t`.`n`), `t`.`n`)) AS `x` FROM `main__t` AS `t`

-- arg_min_null
SELECT 1 AS `n`, MIN_BY(`t`.`v`, `t`.`n`) AS `x` FROM `main__t` AS `t`

-- bool_or
SELECT 1 AS `n`, BOOL_OR(`t`.`b`) AS `x` FROM `main__t` AS `t` WHERE `t`.`b` IS NULL

-- median
SELECT 1 AS `n`, MEDIAN(`t`.`n`) FILTER(WHERE `t`.`b`) AS `x` FROM `main__t` AS `t`

-- avg
SELECT 1 AS `n`, AVG(CAST(`t`.`b` AS INT)) AS `x` FROM `main__t` AS `t`

-- a list as a key
SELECT SIZE(`found`.`ways`) AS `n`, `sets`.`x` AS `x` FROM (SELECT `t`.`b` AS `b`, ARRAY_SORT(NULLIF(TRANSFORM(COLLECT_LIST(NAMED_STRUCT('v', -`t`.`n`)), e -> e.v), ARRAY())) AS `ways` FROM `main__t` AS `t` GROUP BY `t`.`b`) AS `found` JOIN (SELECT `_2`.`ways` AS `ways`, GET(TRANSFORM(ARRAY(ARRAY_SORT(NULLIF(TRANSFORM(COLLECT_LIST(NAMED_STRUCT('v', `_2`.`n`)), e -> e.v), ARRAY()))), one -> CASE WHEN SIZE(one) = 0 OR SIZE(ARRAY_COMPACT(one)) > 0 THEN ARRAY_JOIN(one, '|') END), 0) AS `x` FROM (SELECT `_1`.`ways` AS `ways`, _list._element AS `n` FROM (SELECT DISTINCT `_0`.`ways` AS `ways` FROM (SELECT ARRAY_SORT(NULLIF(TRANSFORM(COLLECT_LIST(NAMED_STRUCT('v', -`t`.`n`)), e -> e.v), ARRAY())) AS `ways` FROM `main__t` AS `t` GROUP BY `t`.`b`) AS `_0`) AS `_1` LATERAL VIEW EXPLODE(`_1`.`ways`) _list AS _element) AS `_2` GROUP BY `_2`.`ways`) AS `sets` ON `found`.`ways` = `sets`.`ways`

-- any_value
SELECT 1 AS `n`, ANY_VALUE(`t`.`v`) IGNORE NULLS IS NULL AS `x` FROM `main__t` AS `t` WHERE `t`.`n` IN (1, 2)

-- counts
SELECT 1 AS `n`, COUNT(DISTINCT `t`.`v`) * 100 + COUNT(`t`.`v`) FILTER(WHERE `t`.`b`) AS `x` FROM `main__t` AS `t`

-- filter in a window
SELECT `t`.`n` AS `n`, COUNT(CASE WHEN `t`.`b` THEN `t`.`v` END) OVER (PARTITION BY `t`.`d`) * 10 + COUNT(CASE WHEN `t`.`b` THEN 1 END) OVER (PARTITION BY `t`.`d`) AS `x` FROM `main__t` AS `t`

-- max filtered in a window
SELECT `t`.`n` AS `n`, MAX(CASE WHEN `t`.`b` THEN `t`.`v` END) OVER (PARTITION BY `t`.`d`) AS `x` FROM `main__t` AS `t`

-- order
SELECT `t`.`n` AS `n`, ROW_NUMBER() OVER (ORDER BY `t`.`v` NULLS LAST, `t`.`n` NULLS LAST) AS `x` FROM `main__t` AS `t`

-- order by, descending
SELECT `t`.`n` AS `n`, ROW_NUMBER() OVER (ORDER BY `t`.`v` DESC, `t`.`b` DESC, `t`.`n` NULLS LAST) AS `x` FROM `main__t` AS `t`

-- order by text
SELECT `t`.`n` AS `n`, ROW_NUMBER() OVER (ORDER BY `t`.`s` NULLS LAST, `t`.`n` NULLS LAST) AS `x` FROM `main__t` AS `t`

-- dense rank
SELECT `t`.`n` AS `n`, (SELECT COUNT(*) AS `_col_0` FROM `main__t` AS `t`) + DENSE_RANK() OVER (ORDER BY `t`.`v` NULLS LAST, `t`.`b` DESC, `t`.`d` NULLS LAST) AS `x` FROM `main__t` AS `t`

-- first, last, next
SELECT `t`.`n` AS `n`, CONCAT_WS('|', FIRST_VALUE(`t`.`s`) OVER `w`, LAG(`t`.`v`) OVER `w`, LEAD(`t`.`v`) OVER `w`) AS `x` FROM `main__t` AS `t` WINDOW `w` AS (PARTITION BY `t`.`b` ORDER BY `t`.`n` NULLS LAST)

-- qualify
SELECT `n`, `x` FROM (SELECT `t`.`n` AS `n`, `t`.`v` AS `x`, ROW_NUMBER() OVER (PARTITION BY `t`.`b` ORDER BY `t`.`n` DESC) = 1 AS _is_kept FROM `main__t` AS `t`) AS _rows WHERE _is_kept

-- qualify in a with
WITH `a` AS (SELECT `n`, `v` FROM (SELECT `t`.`n` AS `n`, `t`.`v` AS `v`, COUNT(*) OVER (PARTITION BY `t`.`v`) > 1 AS _is_kept FROM `main__t` AS `t`) AS _rows WHERE _is_kept) SELECT `a`.`n` AS `n`, `a`.`v` AS `x` FROM `a` AS `a`

-- union by name
SELECT `n`, `x`, NULL AS `y` FROM (SELECT `t`.`n` AS `n`, `t`.`s` AS `x` FROM `main__t` AS `t`) AS _this UNION ALL SELECT `n`, NULL AS `x`, `y` FROM (SELECT `t`.`v` AS `y`, `t`.`n` AS `n` FROM `main__t` AS `t`) AS _expression

-- exclude and replace
SELECT `t`.`n` + 1 AS `n`, `t`.`v` AS `x` FROM `main__t` AS `t`

-- anti join
SELECT `t`.`n` AS `n`, `t`.`s` AS `x` FROM `main__t` AS `t` ANTI JOIN (SELECT `t`.`v` AS `v` FROM `main__t` AS `t` WHERE `t`.`b`) AS `o` ON `t`.`v` = `o`.`v`

-- in a condition
SELECT `t`.`n` AS `n`, `t`.`s` AS `x` FROM `main__t` AS `t` WHERE NOT `t`.`v` IN (SELECT `t`.`v` AS `v` FROM `main__t` AS `t` WHERE `t`.`b`)

-- in a coalesce
SELECT `t`.`n` AS `n`, COALESCE(`t`.`v` IN (SELECT `t`.`v` AS `v` FROM `main__t` AS `t` WHERE `t`.`b`), FALSE) AS `x` FROM `main__t` AS `t`

-- except
SELECT `t`.`n` AS `n`, `t`.`v` AS `x` FROM `main__t` AS `t` EXCEPT SELECT `t`.`n` AS `n`, `t`.`v` AS `v` FROM `main__t` AS `t` WHERE `t`.`b`

-- group by all
SELECT COUNT(*) AS `n`, `t`.`v` AS `x` FROM `main__t` AS `t` GROUP BY ALL

-- inner with of the same name
WITH `a` AS (WITH `a` AS (SELECT `t`.`n` AS `n`, `t`.`v` AS `v` FROM `main__t` AS `t`) SELECT `a`.`n` AS `n`, `a`.`v` AS `v` FROM `a` AS `a`) SELECT `a`.`n` AS `n`, `a`.`v` AS `x` FROM `a` AS `a`

-- comparisons
SELECT `t`.`n` AS `n`, `t`.`n` >= 3 AND -`t`.`n` <= -5 AND COALESCE(`t`.`v` >= 'w', TRUE) AS `x` FROM `main__t` AS `t`

-- having
SELECT `t`.`n` AS `n`, SUM(`t`.`n`) AS `x` FROM `main__t` AS `t` GROUP BY `t`.`n` HAVING BOOL_AND(`t`.`b`) AND NOT MIN(`t`.`v`) IS NULL

-- exists
SELECT `t`.`n` AS `n`, `t`.`v` AS `x` FROM `main__t` AS `t` WHERE EXISTS(SELECT 1 AS `1` FROM `main__told` AS `told` WHERE `told`.`n` = `t`.`n` - 2)

-- limit
SELECT `t`.`n` AS `n`, `t`.`v` AS `x` FROM `main__t` AS `t` ORDER BY `n` DESC LIMIT 3

-- is distinct from
SELECT `t`.`n` AS `n`, `t`.`v` IS DISTINCT FROM `t`.`s` OR `t`.`v` IS NOT DISTINCT FROM 'w' AS `x` FROM `main__t` AS `t`

-- least, greatest
SELECT `t`.`n` AS `n`, LEAST(`t`.`v`, 'm', NULL) || GREATEST(`t`.`v`, 'm') AS `x` FROM `main__t` AS `t`

-- case of a value
SELECT `t`.`n` AS `n`, CASE `t`.`v` WHEN 'x' THEN 1 WHEN 'W' THEN 2 ELSE `t`.`n` END AS `x` FROM `main__t` AS `t`

-- division
SELECT `t`.`n` AS `n`, `t`.`n` / NULLIF(`t`.`n` - 3, 0) AS `x` FROM `main__t` AS `t`

-- round
SELECT `t`.`n` AS `n`, ROUND(`t`.`n` / 8, 1) AS `x` FROM `main__t` AS `t`

-- nullif
SELECT `t`.`n` AS `n`, NULLIF(`t`.`v`, '') AS `x` FROM `main__t` AS `t`

-- casts of numbers
SELECT `t`.`n` AS `n`, CAST(((CAST(`t`.`n` AS BIGINT))) AS STRING) || CAST(CAST(`t`.`b` AS INT) AS STRING) || (CASE WHEN `t`.`n` > 8 THEN `t`.`v` END) AS `x` FROM `main__t` AS `t`

-- an alias in another column
SELECT `t`.`n` AS `n`, `t`.`s` || '!' AS `y`, (`t`.`s` || '!') || (`t`.`s` || '!') AS `x` FROM `main__t` AS `t`

-- a moment in JSON
SELECT `told`.`n` AS `n`, UNIX_MICROS((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, NULL AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN REGEXP_REPLACE(one.s.`a`, '^[\\x09-\\x0D ]*([0-9]+)/([0-9]+)/([0-9]+)', '$1-$2-$3') RLIKE '^[\\x09-\\x0D ]*[0-9]{4,5}-[0-9]{1,2}-[0-9]{1,2}([ Tt][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]*)?((Z| [Uu][Tt][Cc]|[+-][0-9]{2}(:?[0-9]{2}(:[0-9]{2})?)?)[\\x09-\\x0D ]*| [\\x09-\\x0D ]*)?)?)?\\z' THEN TRY_CAST(UPPER(REGEXP_REPLACE(one.s.`a`, '^[\\x09-\\x0D ]*([0-9]+)/([0-9]+)/([0-9]+)', '$1-$2-$3')) AS TIMESTAMP) END AS a) END), 0).`a`)) AS `x` FROM `main__told` AS `told`

-- a day in JSON
SELECT `told`.`n` AS `n`, DATEDIFF((GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, NULL AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN REGEXP_REPLACE(one.s.`a`, '^[\\x09-\\x0D ]*([0-9]+)/([0-9]+)/([0-9]+)', '$1-$2-$3') RLIKE '^[\\x09-\\x0D ]*[0-9]{4,5}-[0-9]{1,2}-[0-9]{1,2}($|[^0-9])' THEN TRY_CAST(REGEXP_EXTRACT(REGEXP_REPLACE(one.s.`a`, '^[\\x09-\\x0D ]*([0-9]+)/([0-9]+)/([0-9]+)', '$1-$2-$3'), '[0-9]{4,5}-[0-9]{1,2}-[0-9]{1,2}', 0) AS DATE) END AS a) END), 0).`a`), CAST('2000-01-01' AS DATE)) AS `x` FROM `main__told` AS `told`

-- a truth in JSON
SELECT `told`.`n` AS `n`, GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, NULL AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN LOWER(one.s.`a`) IN ('true', 't', 'yes', 'y', '1') THEN TRUE WHEN LOWER(one.s.`a`) IN ('false', 'f', 'no', 'n', '0') THEN FALSE WHEN one.s.`a` RLIKE '^-?[0-9]+([.][0-9]+)?(E-?[0-9]+)?\\z' THEN CAST(one.s.`a` AS DOUBLE) <> 0 END AS a) END), 0).`a` AS `x` FROM `main__told` AS `told` WHERE CASE WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) LIKE '"%' THEN 'VARCHAR' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) LIKE '{%' THEN 'OBJECT' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) LIKE '[%' THEN 'ARRAY' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) = 'null' THEN 'NULL' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) IN ('true', 'false') THEN 'BOOLEAN' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) RLIKE '^[0-9]+$' THEN 'UBIGINT' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) RLIKE '^-[0-9]+$' THEN 'BIGINT' WHEN NOT (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) IS NULL THEN 'DOUBLE' END <> 'VARCHAR' OR NOT (GET(TRANSFORM(ARRAY(((GET_JSON_OBJECT(`told`.`j`, '$.a')))), one -> CASE WHEN one RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one END), 0) RLIKE '^([2-9]|[0-9.][0-9.]+)\\z')

-- a number in JSON
SELECT `told`.`n` AS `n`, GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, NULL AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(COALESCE(TRY_CAST(one.s.`a` AS BIGINT), CAST(RINT(TRY_CAST(one.s.`a` AS DOUBLE)) AS BIGINT)) AS a) END), 0).`a` AS `x` FROM `main__told` AS `told` WHERE CASE WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) LIKE '"%' THEN 'VARCHAR' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) LIKE '{%' THEN 'OBJECT' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) LIKE '[%' THEN 'ARRAY' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) = 'null' THEN 'NULL' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) IN ('true', 'false') THEN 'BOOLEAN' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) RLIKE '^[0-9]+$' THEN 'UBIGINT' WHEN (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) RLIKE '^-[0-9]+$' THEN 'BIGINT' WHEN NOT (GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, FROM_JSON(`told`.`j`, 'struct<`a`: variant>') AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN SCHEMA_OF_VARIANT(one.v.`a`) IN ('STRING', 'VOID') THEN TO_JSON(one.v.`a`) ELSE CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END END AS a) END), 0).`a`) IS NULL THEN 'DOUBLE' END <> 'BOOLEAN'

-- a text in JSON
SELECT `told`.`n` AS `n`, GET(TRANSFORM(ARRAY(STRUCT(FROM_JSON(`told`.`j`, 'struct<`a`: string>') AS s, NULL AS v)), one -> CASE WHEN NOT one.s IS NULL THEN STRUCT(CASE WHEN one.s.`a` RLIKE '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4)\\z' THEN REGEXP_REPLACE(CAST(CAST(one.s.`a` AS DECIMAL(38, 18)) AS STRING), '([.][0-9]+?)0+$', '$1') WHEN CONTAINS(one.s.`a`, '\\uD') THEN AGGREGATE(REGEXP_EXTRACT_ALL(one.s.`a`, '\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]', 0), one.s.`a`, (known, pair) -> REPLACE(known, pair, GET_JSON_OBJECT(CONCAT('"', pair, '"'), '$'))) ELSE one.s.`a` END AS a) END), 0).`a` AS `x` FROM `main__told` AS `told`
