# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of JSON Schema 2020-12 that schemas/ uses. An unknown keyword is an error, so that nothing is skipped in silence."""

import json
import pathlib
import re

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas"
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
NOTES = {"$schema", "$id", "title", "description", "$comment"}


def _is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def _properties(value, schema):
    for name in schema.get("required", ()):
        if name not in value:
            yield "", f"lacks '{name}'"
    known = schema.get("properties", {})
    for name, member in value.items():
        rule = known.get(name, schema.get("additionalProperties", True))
        if rule is False:
            yield "", f"has the unknown member '{name}'"
        elif rule is not True:
            for path, reason in _errors(member, rule):
                yield f".{name}{path}", reason


def _errors(value, schema):
    unknown = schema.keys() - NOTES - {"type", "const", "enum", "pattern", "minimum", "maximum", "minItems", "maxItems",
                                       "items", "prefixItems", "required", "properties", "additionalProperties", "oneOf"}
    if unknown:
        yield "", f"the schema uses {sorted(unknown)}, which this checker does not know"
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is_type(value, name) for name in types):
        yield "", f"is {type(value).__name__}, expected {types}"
        return
    if "const" in schema and value != schema["const"]:
        yield "", f"is {value!r}, expected {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield "", f"is {value!r}, expected one of {schema['enum']}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield "", f"{value!r} does not match {schema['pattern']}"
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield "", f"{value} is out of range"
    if isinstance(value, dict):
        yield from _properties(value, schema)
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield "", f"has {len(value)} items"
        rules = schema.get("prefixItems", [])
        for index, item in enumerate(value):
            for path, reason in _errors(item, rules[index] if index < len(rules) else schema.get("items", {})):
                yield f"[{index}]{path}", reason
    if "oneOf" in schema and sum(not list(_errors(value, rule)) for rule in schema["oneOf"]) != 1:
        yield "", "does not match exactly one of the alternatives"


def check(document, name):
    """Raises AssertionError that lists all violations of schemas/<name>.schema.json."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    found = [f"${path}: {reason}" for path, reason in _errors(document, schema)]
    if found:
        raise AssertionError(f"not as schemas/{name}.schema.json says:\n" + "\n".join(found[:20]))
