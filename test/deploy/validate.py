"""Holds YAML documents (stdin) against the schemas that Kubernetes publishes, and KEDA's own definition (argv[1]).

Prints kind and name of each that is valid; ends with 1 and what is wrong at the first that isn't. Properties that the
schema doesn't know are wrong.
"""
import sys

import jsonschema
import kubernetes_validate
import yaml


def strictly(schema):
    if isinstance(schema, list):
        return [strictly(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strictly(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    # Kubernetes' own: an integer, or text.
    if made.pop("x-kubernetes-int-or-string", False):
        made["type"] = ["integer", "string"]
    return made


with open(sys.argv[1], encoding="utf-8") as file:
    [version] = yaml.safe_load(file)["spec"]["versions"]
schema = strictly(version["schema"]["openAPIV3Schema"])
schema["properties"]["metadata"] = {"type": "object"}
for document in yaml.safe_load_all(sys.stdin):
    if document["apiVersion"] == f"keda.sh/{version['name']}":
        jsonschema.validate(document, schema)
    else:
        kubernetes_validate.validate(document, "1.37", strict=True)
    print(document["kind"], document["metadata"]["name"])
