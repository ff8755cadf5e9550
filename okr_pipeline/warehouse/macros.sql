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

-- n / d with nine places; an error where d is 0.
CREATE OR REPLACE TEMP MACRO exact_div(n, d) AS
    CAST(half_even(ninths(n) * 1000000000, ninths(d)) AS DECIMAL(38, 0)) * 0.000000001;

-- n / d with nine places; null where d is 0.
CREATE OR REPLACE TEMP MACRO exact_ratio(n, d) AS exact_div(n, nullif(nine(d), 0));

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
