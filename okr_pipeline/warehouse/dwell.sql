-- Which status is published where one has to hold for some days first.
-- Grain: one row a (key_result, cut) of `judged`.
-- judged:  key_result, cut (any number that orders them), day_end (whether a whole day ends with it), status (a
--          code of progress.sql), dwell (days). Days without a verdict on progress have no row: they neither
--          count nor interrupt.
-- Results: key_result, cut, published. The first status is published at once.
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY key_result ORDER BY cut) AS n,
        row_number() OVER (PARTITION BY key_result, status ORDER BY cut) AS same
    FROM judged
    WHERE day_end
),
lasting AS (
    SELECT *, row_number() OVER (PARTITION BY key_result, status, n - same ORDER BY cut) AS lasted FROM numbered
),
ends AS (
    SELECT
        key_result, cut, status, lasted,
        last_value(CASE WHEN lasted >= dwell OR n = 1 THEN status END IGNORE NULLS)
            OVER (PARTITION BY key_result ORDER BY cut) AS published
    FROM lasting
)
SELECT key_result, cut, published FROM ends
UNION ALL
-- An instant within a day counts as that day's end would.
SELECT
    j.key_result, j.cut,
    CASE WHEN e.cut IS NULL OR (e.status = j.status AND e.lasted + 1 >= j.dwell) THEN j.status ELSE e.published END
FROM (SELECT * FROM judged WHERE NOT day_end) AS j
ASOF LEFT JOIN ends AS e ON j.key_result = e.key_result AND j.cut > e.cut
