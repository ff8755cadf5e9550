-- Exact arithmetic over DECIMAL. DuckDB's own `/` is floating point as soon as a side is DECIMAL.
-- Operands are rounded half-even to nine places first; so is the quotient.

-- x to DECIMAL(38,9), rounded half-even.
CREATE OR REPLACE TEMP MACRO nine(x) AS CAST(round_even(x, 9) AS DECIMAL(38, 9));

-- x itself; an error where it is no exact number. Types are known before the first row.
CREATE OR REPLACE TEMP MACRO exact(x) AS
    CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT', 'BIGNUM') THEN error('floating point') ELSE x END;

-- x in units of its ninth place.
CREATE OR REPLACE TEMP MACRO ninths(x) AS CAST(nine(x) * 1000000000 AS HUGEINT);

-- Integer quotient of n and d, rounded half-even. `//` cuts towards zero, `%` has the sign of n.
CREATE OR REPLACE TEMP MACRO half_even(n, d) AS
    n // d + CASE
        WHEN 2 * abs(n % d) > abs(d) OR (2 * abs(n % d) = abs(d) AND abs(n // d) % 2 = 1)
        THEN CASE WHEN (n < 0) = (d < 0) THEN 1 ELSE -1 END
        ELSE 0
    END;

-- n / d, right to about fifteen digits.
CREATE OR REPLACE TEMP MACRO guess(n, d) AS CAST(CAST(n AS DOUBLE) / CAST(d AS DOUBLE) AS DECIMAL(24, 9));

-- n / d rounded half-even, from q, which is within a unit of the ninth place: what is left over is
-- exact, and compared with half a unit.
CREATE OR REPLACE TEMP MACRO settled(n, d, q) AS
    q + CASE
        WHEN 2 * abs(n - q * d) > abs(d) * 0.000000001
          OR (2 * abs(n - q * d) = abs(d) * 0.000000001 AND (q * 1000000000) % 2 <> 0)
        THEN CASE WHEN (n - q * d < 0) = (d < 0) THEN 0.000000001 ELSE -0.000000001 END
        ELSE 0
    END;

-- n / d below 10^14, exactly: a guess, mended once by what it leaves over, then settled. An
-- eighteenth of the cost of dividing 128-bit integers.
CREATE OR REPLACE TEMP MACRO small_quotient(n, d) AS
    CAST(settled(n, d, guess(n, d) + guess(n - guess(n, d) * d, d)) AS DECIMAL(38, 9));

-- n / d up to 20 digits before the point, by integers: slow a row, and quick to plan.
CREATE OR REPLACE TEMP MACRO long_quotient(n, d) AS
    CAST(CAST(half_even(ninths(n) * 1000000000, ninths(d)) AS DECIMAL(38, 0)) * 0.000000001 AS DECIMAL(38, 9));

-- n / d with nine places, for rows; an error where d is 0.
CREATE OR REPLACE TEMP MACRO exact_div(n, d) AS
    CASE
        WHEN abs(CAST(nine(n) AS DOUBLE)) < 1e14 * abs(CAST(nine(d) AS DOUBLE)) THEN small_quotient(nine(n), nine(d))
        ELSE long_quotient(n, d)
    END;

-- The same for operands that are divisions themselves. A macro writes its operands out many times:
-- here they are computed once and passed on.
CREATE OR REPLACE TEMP MACRO exact_div_nested(n, d) AS
    list_transform([{'n': nine(n), 'd': nine(d)}], lambda p: long_quotient(p.n, p.d))[1];

-- n / d with nine places, for results, which are few; null where d is 0.
CREATE OR REPLACE TEMP MACRO exact_ratio(n, d) AS exact_div_nested(n, nullif(nine(d), 0));

-- The element at share q (0..1) of sorted, a list in ascending order; null of an empty one.
CREATE OR REPLACE TEMP MACRO exact_quantile_disc(sorted, q) AS
    sorted[greatest(1, CAST(ceil(len(sorted) * q) AS BIGINT))];

-- The value at share q (0..1) of the way through sorted, on a straight line between neighbours.
CREATE OR REPLACE TEMP MACRO exact_quantile(sorted, q) AS
    nine(sorted[CAST(floor((len(sorted) - 1) * q) AS BIGINT) + 1])
    + nine(
        (nine(sorted[CAST(ceil((len(sorted) - 1) * q) AS BIGINT) + 1])
         - nine(sorted[CAST(floor((len(sorted) - 1) * q) AS BIGINT) + 1]))
        * ((len(sorted) - 1) * q - floor((len(sorted) - 1) * q))
    );
