"""The canonical text of a body, held against the reference implementation of RFC 8785."""

from __future__ import annotations

from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.ledger.canonical import canonical, sha256

_LARGEST = 2**53 - 1
_PLAIN = st.none() | st.booleans() | st.integers(-_LARGEST, _LARGEST) | st.text()
_BODIES = st.dictionaries(
    st.text(),
    st.recursive(_PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20),
)


@given(body=_BODIES)
def test_canonical_text_equals_the_reference(body: dict[str, object]) -> None:
    """Every allowed body has byte for byte the text that the rfc8785 package gives it."""
    assert rfc8785.dumps(body) == canonical(body).encode()


def test_keys_are_ordered_by_utf16_units() -> None:
    """A sign beyond the basic plane sorts before U+FB33, as in JavaScript, at every depth."""
    assert (
        canonical({"\ufb33": 3, "\U0001f600": {"\ufb33": 2, "\U0001f600": 1}})
        == '{"\U0001f600":{"\U0001f600":1,"\ufb33":2},"\ufb33":3}'
    )


def test_order_of_insertion_does_not_count() -> None:
    """Two dicts that are equal have one text."""
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


@pytest.mark.parametrize("value", [1.5, float("nan"), Decimal("1.5"), (1, 2), b"x", {1, 2}])
def test_a_value_that_is_not_plain_is_refused(value: object) -> None:
    """Floats, decimals, tuples and bytes are a TypeError that names the key, not the value."""
    with pytest.raises(TypeError, match="progress is a ") as refused:
        canonical({"key_result": [{"progress": value}]})
    assert "1.5" not in str(refused.value)


def test_a_key_that_is_no_text_is_refused() -> None:
    """json.dumps would turn the key 1 into "1" in silence."""
    with pytest.raises(TypeError, match="loads has a key of type int"):
        canonical({"loads": {1: 2}})


@pytest.mark.parametrize("value", [2**53, -(2**53)])
def test_an_integer_beyond_the_exact_range_is_refused(value: int) -> None:
    """Other languages would read it as another number."""
    with pytest.raises(ValueError, match="rows is an integer beyond"):
        canonical({"rows": value})


def test_half_a_surrogate_pair_is_refused_without_its_text() -> None:
    """A text that UTF-8 cannot write is refused, and the error does not carry it."""
    with pytest.raises(ValueError, match="surrogate") as refused:
        canonical({"note": "secret \ud800"})
    assert refused.value.__cause__ is None
    assert "secret" not in str(refused.value)


def test_sha256_is_of_the_utf8_bytes() -> None:
    """The digest can be recomputed with any tool: `printf é | sha256sum`."""
    assert sha256("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
