import json

import pytest

from effaudit.reading import plan_model, policy_model


@pytest.mark.parametrize("module", [plan_model, policy_model])
def test_the_schema_is_json_and_says_what_every_key_means(module):
    schema = module.schema()
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$id"].startswith("urn:effaudit:")
    assert schema["title"].startswith("effaudit ")
    parts = [schema, *(part for part in schema["$defs"].values() if "enum" not in part)]
    for part in parts:
        assert part["additionalProperties"] is False
        for name, described in part["properties"].items():
            assert described.get("description"), name


def test_the_schema_takes_what_users_write_and_not_what_becomes_of_it():
    measure = plan_model.schema()["$defs"]["MeasurePart"]["properties"]
    assert {"type": "string"} in measure["budget"]["anyOf"]
    assert {"type": "number"} not in measure["budget"]["anyOf"]
    assert "apiVersion" in plan_model.schema()["required"]


def test_models_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        plan_model.MeasurePart().threads = 3
