# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of at most 500 lines, functions of at most 60."""

import ast
import re

from lint_sources import blank_comments_and_strings, files, read

FILE_LIMIT = 500
FUNCTION_LIMIT = 60
CONTAINER = re.compile(r"^\s*(inline\s+)?(namespace|extern\s*\"|class|struct|enum|union)\b|^\s*template\b.*\b(class|struct)\s+\w+[^()]*$",
                       re.DOTALL)


def cpp_functions(text):
    """(first line, length) of each function body. A block counts as a function when its head has a parameter list and
    it is not inside another function."""
    text = blank_comments_and_strings(text)
    text = re.sub(r"^\s*#.*?(?<!\\)$", lambda match: "\n" * match.group(0).count("\n"), text, flags=re.M | re.S)
    stack, head_start, parentheses = [], 0, 0
    for position, character in enumerate(text):
        if character in "()":
            parentheses += 1 if character == "(" else -1
        elif character == "{":
            head = text[head_start:position]
            inside = any(kind == "function" for kind, _ in stack)
            is_function = "(" in head and not inside and not CONTAINER.match(head.strip())
            first = head_start + len(head) - len(head.lstrip())
            stack.append(("function" if is_function else "other", first))
            head_start = position + 1
        elif character == "}" and stack:
            kind, first = stack.pop()
            if kind == "function":
                yield text.count("\n", 0, first) + 1, text.count("\n", first, position) + 1
            head_start = position + 1
        elif character == ";" and parentheses <= 0:
            head_start = position + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def findings(root):
    for path in files(root, ".cpp", ".hpp", ".py", ".sh", "dev"):
        text = read(root, path)
        lines = text.count("\n")
        if lines > FILE_LIMIT:
            yield f"{path}:{FILE_LIMIT + 1}: {lines} lines, at most {FILE_LIMIT}"
        measure = {"cpp": cpp_functions, "hpp": cpp_functions, "py": python_functions}.get(path.rsplit(".", 1)[-1])
        for first, length in measure(text) if measure else ():
            if length > FUNCTION_LIMIT:
                yield f"{path}:{first}: a function of {length} lines, at most {FUNCTION_LIMIT}"
