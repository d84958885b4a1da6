"""Candidates as records show them: no folder of the machine that measured."""

from __future__ import annotations

from pathlib import Path

from effaudit.core.artifacts import shown
from effaudit.core.candidate import Artifact, Candidate, Contract

PLANS = Path("/home/dana/secret/plans")


def test_paths_are_told_from_the_plans_folder_or_by_name_alone():
    given = Candidate(
        "gbm",
        Artifact(str(PLANS / "models" / "gbm.txt"), "lightgbm", code=str(PLANS), files=("/home/dana/other/words.txt",)),
        Contract(preprocess=str(PLANS / "models" / "codes.skops")),
        Artifact(str(PLANS / "models" / "codes.skops"), "sklearn"),
    )
    told = shown(given, PLANS)
    assert "dana" not in repr(told)
    assert (told.artifact.path, told.contract.preprocess) == ("models/gbm.txt", "models/codes.skops")
    assert "secret" not in repr(shown(given, Path("/elsewhere")))


def test_a_contract_without_preprocessing_stays_without():
    assert shown(Candidate("gbm", Artifact("/x/gbm.txt", "lightgbm")), PLANS).contract.preprocess is None
