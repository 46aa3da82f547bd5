#!/usr/bin/env python3
"""Checks of the plain text of our sources: what a formatter does not see.

Usage: tests/style/text.py [ROOT]      check
       tests/style/text.py --self-test  check the check
"""
import os
import re
import subprocess
import sys

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 450

# (which files, what, why)
RULES = (
    (r'(libs|services|simulators|deploy)/.*\.(cc|h|sql|py)$', r'\bSELECT\s+(\w+\.)?\*', 'name the columns: a new one must not reach old code'),
    (r'.*\.(cc|h|py|sql|proto|md|yaml|yml|txt)$|.*/run$', r'\b(TODO|FIXME|XXX|HACK)\b|\bnot (yet )?implemented\b',
     'no promises: do it, or write an issue'),
    (r'(libs|services|tests/(libs|services|support))/.*\.(cc|h)$', r'\bstd::string_view\b|#include <string_view>', "Debian's Abseil has its own absl::string_view"),
    (r'(libs|services|simulators)/.*\.(cc|h)$|tests/.*\.(cc|h)$', r'\bstd::this_thread::sleep|\b(u|nano)?sleep\(',
     'wait for a condition, or move the clock'),
    (r'tests/.*\.(cc|h)$', r'\babsl::SleepFor\b', 'wait for a condition, or move the clock'),
    (r'services/\w+/rpc/.*\.(cc|h)$', r'static_cast<(\w+::)*v1::\w+>\(', 'enums are mapped by exhaustive switches'),
    (r'.*', r'(^|[\s"\'=:(])/(home|Users|work)/\w', "a path of somebody's machine"),
)
# This file names what it forbids.
SELF = 'tests/style/text.py'

NO_FUNCTION = re.compile(r'^(namespace|class|struct|enum|union|extern|#|//|})')


def functions(lines):
    """(first line's number, how many lines) of each function that begins in column 0, as clang-format lays them out."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None:
            if line[:1].strip() and not NO_FUNCTION.match(line):
                start = number
        if start is not None:
            if line.startswith('}') or (line.rstrip().endswith((';', '}')) and number == start):
                yield start, number - start + 1
                start = None
            elif line.rstrip() == '' and not lines[start - 1].rstrip().endswith(('{', '(', ',')) and number - start < 3:
                start = None  # a declaration or a macro


def check(files):
    """`files`: {path: text}. All breaches, as lines to print."""
    found = []
    for path, text in sorted(files.items()):
        if path == SELF:
            continue
        lines = text.splitlines()
        if path.endswith(('.cc', '.h', '.py')) and len(lines) > MAX_FILE_LINES:
            found.append(f'{path}: {len(lines)} lines, at most {MAX_FILE_LINES}')
        if path.endswith(('.cc', '.h')):
            for start, count in functions(lines):
                if count > MAX_FUNCTION_LINES:
                    found.append(f'{path}:{start}: a function of {count} lines, at most {MAX_FUNCTION_LINES}')
        for pattern, what, why in RULES:
            if not re.match(pattern, path):
                continue
            for number, line in enumerate(lines, 1):
                if re.search(what, line):
                    found.append(f'{path}:{number}: {why}: {line.strip()}')
    return found


def read(root):
    """What git tracks or would track: not what was built."""
    listed = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], cwd=root, check=True,
                            capture_output=True, text=True).stdout
    files = {}
    for path in listed.split('\0'):
        try:
            with open(os.path.join(root, path), encoding='utf-8') as stream:
                files[path] = stream.read()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            pass  # pictures, and files just deleted
    return files


def self_test():
    long_body = '\n'.join(['  x();'] * 80)
    for path, text, expected in (
        ('libs/a.cc', f'void Long() {{\n{long_body}\n}}\n', 'a function of 82 lines'),
        ('libs/a.cc', f'int a;\n\nvoid Long(int a,\n          int b) {{\n{long_body}\n}}\n', 'a function of 83 lines'),
        ('tests/a.cc', f'TEST_CASE("x") {{\n{long_body}\n}}\n', 'a function of 82 lines'),
        ('libs/a.cc', f'namespace a {{\n\nvoid Short() {{\n  x();\n}}\n\n}}\n{chr(10) * 90}', ''),
        ('libs/a.h', f'class A {{\n{long_body}\n}};\n', ''),
        ('libs/a.cc', '\n' * 451, '451 lines'),
        ('services/a/storage/b.cc', '"SELECT * FROM x"', 'name the columns'),
        ('services/a/storage/b.cc', '"SELECT o.* FROM x AS o"', 'name the columns'),
        ('services/a/storage/b.cc', '"SELECT count(*) FROM x"', ''),
        ('libs/a.cc', '// TODO: later', 'no promises'),
        ('libs/a.cc', '  return Refusal("not implemented");', 'no promises'),
        ('libs/a.h', 'std::string_view x;', 'absl::string_view'),
        ('simulators/a/b.h', 'std::string_view x;', ''),  # has no Abseil
        ('tests/a.cc', 'absl::SleepFor(absl::Seconds(1));', 'wait for'),
        ('libs/a.cc', 'std::this_thread::sleep_for(x);', 'wait for'),
        ('tests/a.cc', 'Query("SELECT pg_sleep(20)")', ''),
        ('services/a/rpc/b.cc', 'x = static_cast<v1::State>(state);', 'exhaustive'),
        ('README.md', 'cd /' + 'work/main', 'machine'),
        ('README.md', 'https://example.org/work/main and /workspace', ''),
    ):
        breaches = check({path: text})
        right = breaches == [] if not expected else len(breaches) == 1 and expected in breaches[0]
        assert right, (path, text[:60], expected, breaches)
    print('text.py: samples judged right')


def main():
    if sys.argv[1:] == ['--self-test']:
        return self_test()
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    found = check(read(os.path.normpath(root)))
    print('\n'.join(found) if found else 'text: no breach')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
