-- What Athena's functions are called in DuckDB, for arrays, so that the same SQL
-- runs in both. Statements end with a semicolon at the end of a line.
CREATE MACRO cardinality(a) AS len(a);
CREATE MACRO element_at(a, i) AS a[i];
CREATE MACRO sequence(first, last) AS generate_series(first, last);
CREATE MACRO array_join(a, separator) AS array_to_string(a, separator);
CREATE MACRO arrays_overlap(a, b) AS list_has_any(a, b);
CREATE MACRO approx_distinct(x) AS approx_count_distinct(x);

-- A macro that hands a lambda on can't be created: DuckDB checks the body with
-- arguments that are not lambdas. The check is met by stand-ins, dropped below,
-- and by then the names mean DuckDB's own functions.
CREATE MACRO list_transform(a, f) AS a;

CREATE MACRO transform(a, f) AS list_transform(a, f);
-- As in Trino: a NULL leaves the answer open, unless another element settles it.
CREATE MACRO any_match(a, f) AS CASE
  WHEN list_contains(list_transform(a, f), true) THEN true
  WHEN list_count(list_transform(a, f)) = len(a) THEN false END;
CREATE MACRO all_match(a, f) AS CASE
  WHEN list_contains(list_transform(a, f), false) THEN false
  WHEN list_count(list_transform(a, f)) = len(a) THEN true END;
CREATE MACRO none_match(a, f) AS NOT any_match(a, f);

DROP MACRO list_transform;
