import pytest

from effaudit.core.candidate import Step
from effaudit.core.errors import InputError
from effaudit.reading.plan import read_plan

BASE = """\
apiVersion: effaudit/v1
kind: AuditPlan
name: flights
task: classification
workload: {train: train.csv, certify: test.csv, answer: late}
candidates:
  - {name: forest, path: forest.skops}
  - {name: gbm, path: gbm.txt}
  - {name: graph, path: net.onnx}
baseline: gbm
ladder: [linear]
compress:
"""


def recipes(write, known, *entries, base=BASE):
    plan = read_plan(write(base + "".join(f"  - {entry}\n" for entry in entries)), known)
    return tuple(job for job in plan.jobs if job.parent is not None)


def refusal(write, known, *entries, base=BASE):
    with pytest.raises(InputError) as caught:
        recipes(write, known, *entries, base=base)
    return caught.value


def test_a_recipe_is_a_chain_of_techniques_with_their_options(write, known):
    (recipe,) = recipes(
        write, known, "{of: forest, recipe: [{to_onnx: {dtype: float64, layers: [a, b]}}, static_int8], name: tiny}"
    )
    assert (recipe.parent, recipe.name) == ("forest", "tiny")
    assert recipe.steps == (Step("to_onnx", {"dtype": "float64", "layers": ("a", "b")}), Step("static_int8", {}))


@pytest.mark.parametrize(("of", "parents"), [("gbm", ["gbm"]), ("ladder-linear", ["ladder-linear"]), ('"*"', ["forest", "gbm"])])
def test_a_recipe_starts_from_a_candidate_a_ladder_model_or_from_each(write, known, of, parents):
    found = recipes(write, known, f"{{of: {of}, recipe: [to_onnx]}}")
    assert [job.parent for job in found] == parents
    assert [job.name for job in found] == [f"{parent}-to_onnx" for parent in parents]


def test_a_recipe_may_start_from_the_product_of_an_earlier_one(write, known):
    two = recipes(write, known, "{of: gbm, recipe: [to_onnx]}", "{of: gbm-to_onnx, recipe: [static_int8]}")
    assert [job.parent for job in two] == ["gbm", "gbm-to_onnx"]
    assert two[1].name == "gbm-to_onnx-static_int8"


def test_the_ladder_is_made_before_the_recipes_and_from_data_alone(write, known):
    first = read_plan(write(BASE + "  - {of: ladder-linear, recipe: [to_onnx]}\n"), known).jobs[0]
    assert (first.name, first.parent, first.steps) == ("ladder-linear", None, (known.ladder["linear"],))


@pytest.mark.parametrize(
    ("entry", "keys", "said"),
    [
        ("{of: gmb, recipe: [to_onnx]}", "compress[0].of", "there is no candidate 'gmb'. Did you mean 'gbm'?"),
        ("{of: gbm, recipe: [to_onx]}", "compress[0].recipe[0]", "there is no technique 'to_onx'. Did you mean 'to_onnx'?"),
        ("{of: gbm, recipe: [{to_onnx: {dtpe: float64}}]}", "compress[0].recipe[0].to_onnx.dtpe", "Did you mean 'dtype'?"),
        ("{of: gbm, recipe: [{distillation: {x: 1}}]}", "compress[0].recipe[0].distillation.x", "It has none."),
        ("{of: gbm, recipe: [{to_onnx: {dtype: float46}}]}", "compress[0].recipe[0].to_onnx.dtype", "Did you mean 'float64'?"),
        (
            "{of: graph, recipe: [{static_int8: {per_channel: 1}}]}",
            "compress[0].recipe[0].static_int8.per_channel",
            "expected true or false, found 1",
        ),
        ("{of: graph, recipe: [{static_int8: {rows: 2.5}}]}", "compress[0].recipe[0].static_int8.rows", "expected a whole number"),
        ("{of: graph, recipe: [{static_int8: {rows: 0}}]}", "compress[0].recipe[0].static_int8", "rows must be at least 1"),
        (
            "{of: gbm, recipe: [static_int8]}",
            "compress[0].recipe[0]",
            "static_int8 does not accept lightgbm models, and gbm is one",
        ),
        ("{of: graph, recipe: [to_onnx]}", "compress[0].recipe[0]", "to_onnx does not accept onnx models, and graph is one"),
        (
            "{of: gbm, recipe: [to_onnx, to_onnx]}",
            "compress[0].recipe[1]",
            "to_onnx does not accept onnx models, and to_onnx makes one",
        ),
        ("{of: gbm, recipe: []}", "compress[0].recipe", "expected at least 1 of them"),
        ("{of: gbm}", "compress[0]", "`recipe` is missing"),
        ('{of: "*", recipe: [to_onnx], name: tiny}', "compress[0].name", "a name fits one product"),
        ("{of: gbm, search: {budget: 10 min}}", "compress[0].search", "not available in this version"),
        ("{of: gbm, recipe: [to_onnx], name: forest}", "compress[0]", "'forest' is the name of something else already"),
        ("{of: gbm, recipe: [to_onnx], name: ladder-linear}", "compress[0]", "is the name of something else already"),
    ],
)
def test_a_wrong_recipe_is_told_at_its_step(write, known, entry, keys, said):
    error = refusal(write, known, entry)
    assert said in error.what
    assert (error.place.line, error.place.keys) == (13, keys)


def test_a_step_that_does_not_fit_names_the_techniques_that_do(write, known):
    assert refusal(write, known, "{of: gbm, recipe: [static_int8]}").advice == "Techniques that do: distillation, to_onnx."


def test_each_stands_for_the_candidates_that_the_first_technique_accepts(write, known):
    text = BASE.replace("baseline: gbm", "baseline: graph-static_int8")
    (job,) = recipes(write, known, '{of: "*", recipe: [static_int8]}', base=text)
    assert (job.name, job.parent) == ("graph-static_int8", "graph")
    error = refusal(write, known, '{of: "*", recipe: [static_int8]}', base=BASE.replace("  - {name: graph, path: net.onnx}\n", ""))
    assert "no candidate is of a kind that static_int8 accepts" in error.what
    assert "forest (sklearn), gbm (lightgbm)" in error.advice


def test_a_candidate_of_no_known_format_is_not_audited_and_not_held_against_a_recipe(write, known, folder):
    (folder / "model.bin").write_text("x")
    plan = read_plan(write(BASE.replace("net.onnx", "model.bin") + "  - {of: graph, recipe: [to_onnx, static_int8]}\n"), known)
    assert "no format recognises 'model.bin'" in plan.refused["graph"].reason
    assert plan.jobs[-1].name == "graph-to_onnx-static_int8"


def test_two_products_of_one_name_need_names(write, known):
    error = refusal(write, known, "{of: gbm, recipe: [to_onnx]}", "{of: gbm, recipe: [{to_onnx: {dtype: float64}}]}")
    assert "'gbm-to_onnx' is the name of something else already" in error.what
    assert "`name:`" in error.advice


def test_a_product_s_name_must_be_a_name(write, known):
    text = BASE.replace("name: gbm", f"name: {'g' * 60}").replace("baseline: gbm", "baseline: forest")
    assert "too long" in refusal(write, known, f"{{of: {'g' * 60}, recipe: [to_onnx]}}", base=text).what


def test_a_technique_that_learns_needs_the_train_split(write, known):
    text = BASE.replace("train: train.csv, ", "").replace("ladder: [linear]\n", "")
    error = refusal(write, known, "{of: gbm, recipe: [distillation]}", base=text)
    assert "distillation learns from the train split" in error.what
    assert error.place.keys == "compress[0].recipe[0]"
    assert recipes(write, known, "{of: gbm, recipe: [to_onnx]}", base=text)  # search can always be cut
