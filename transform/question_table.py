"""The reference of a question file: every key with its type and meaning, made from the shape that the loader checks."""

from collections.abc import Iterator, Mapping
from typing import Any

from transform.question_file import QuestionFile


def definition_table() -> str:
    """Every key of a question file as a Markdown table: key, type, whether it is needed, what it means."""
    schema = QuestionFile.model_json_schema(by_alias=True)
    rows = ["| key | type | needed | meaning |", "|---|---|---|---|"]
    rows += [f"| `{key}` | {kind} | {need} | {meaning} |" for key, kind, need, meaning in _keys(schema, schema, "")]
    return "\n".join(rows) + "\n"


def _keys(schema: Mapping[str, Any], table: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str, str]]:
    for name, found in table["properties"].items():
        options = [o for o in found.get("anyOf", [found]) if o.get("type") != "null"]
        own = options[0] if len(options) == 1 else found
        of = own.get("items", own)
        inner = schema["$defs"].get(str(of.get("$ref", "")).rpartition("/")[2])
        many = own.get("type") == "array"
        key = f"{path}{name}"
        meaning = found.get("description") or (inner or {}).get("description") or ""
        need = "yes" if name in table.get("required", []) else ""
        kind = "table" if inner else _kind(of)
        yield (
            key,
            (f"list: {kind}" if "`" in kind else f"list of {kind}s") if many else kind,
            need,
            _cell(meaning, name),
        )
        if inner and name == "drop":
            continue  # it has the keys of `keep`
        if inner:
            yield from _keys(schema, inner, f"{key}[]." if many else f"{key}.")


def _cell(meaning: str, name: str) -> str:
    more = " Has the same keys as `keep`." if name == "drop" else ""
    return (" ".join(meaning.split()) + more).replace("|", "\\|")


def _kind(found: Mapping[str, Any]) -> str:
    if "const" in found:
        return f"`{found['const']}`"
    if "enum" in found:
        return " or ".join(f"`{value}`" for value in found["enum"])
    named = {"date": "day", "date-time": "day and time"}
    words = {"string": "text", "integer": "number", "boolean": "true or false", "object": "table", "array": "list"}
    return named.get(found.get("format", "")) or words.get(found.get("type", ""), "number or `no data`")
