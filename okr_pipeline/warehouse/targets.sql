-- Targets that are counted from their baselines, as numbers.
-- Grain: one row a key_result of `declared`. All numbers are in units of the ninth place.
-- declared: key_result, baseline, how ('ratio', 'points' or 'times'), amount.
-- Results:  key_result, target; null where the product may not be exact.
SELECT
    key_result,
    CASE
        WHEN abs(CAST(baseline AS DOUBLE)) >= 1e24 OR abs(CAST(amount AS DOUBLE)) >= 1e13 THEN NULL
        WHEN how = 'ratio' THEN baseline + half_even(baseline * amount, 1000000000)
        WHEN how = 'points' THEN baseline + amount
        WHEN how = 'times' THEN half_even(baseline * amount, 1000000000)
    END AS target
FROM (SELECT * REPLACE (CAST(baseline AS HUGEINT) AS baseline, CAST(amount AS HUGEINT) AS amount) FROM declared)
