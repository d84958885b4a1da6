"""Small data and models that the tests of all formats share."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def numbers():
    """Five columns of numbers, and answers of two and of three classes."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(160, 5))
    two = (matrix[:, 0] + 0.3 * rng.normal(size=160) > 0).astype(int)
    three = np.digitize(matrix[:, 1], [-0.5, 0.5])
    return matrix, two, three


@pytest.fixture(scope="session")
def table():
    """A table as pandas reads it from a file: numbers with gaps, whole numbers, words with gaps, and free text."""
    import pandas

    rng = np.random.default_rng(1)
    rows = 160
    distance = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows))
    carrier = [word or None for word in rng.choice(["AA", "UA", "B6", ""], rows)]
    text = rng.choice(["late again today", "on time", "early and on time"], rows)
    frame = pandas.DataFrame({"dep hour": rng.integers(0, 24, rows), "distance": distance, "carrier": carrier, "remark": text})
    late = ((np.nan_to_num(distance) > 0) ^ (frame["carrier"] == "AA").to_numpy()).astype(int)
    return frame, late


@pytest.fixture
def request_of():
    """Turns a DataFrame, or a matrix, into a request as the store gives it: words as objects, missing ones NaN."""

    def turn(data):
        if isinstance(data, np.ndarray):
            return {f"c{place}": np.ascontiguousarray(data[:, place]) for place in range(data.shape[1])}
        numeric = {name: data[name].dtype.kind in "fiub" for name in data}
        return {name: data[name].to_numpy() if numeric[name] else data[name].to_numpy(object, na_value=np.nan) for name in data}

    return turn
