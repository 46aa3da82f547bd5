#!/usr/bin/env python3
"""Keeps the reasons of refusals and their registry, protos/perennial/type/error_reason.proto, the same.

- A reason that C++ code gives is in the registry, and is given with the gRPC code that its documentation begins with.
- A reason of the registry is given by some C++ code.
Usage: tests/style/reasons.py [ROOT]      check
       tests/style/reasons.py --self-test  check the check
"""
import os
import re
import sys

REGISTRY = 'protos/perennial/type/error_reason.proto'

SERVICES = ('account', 'subscription', 'billing', 'payment_token', 'domain_mailbox')

# Documented, and given by nothing yet. One that is given fails the check.
NOT_GIVEN = ()

# What each way of refusing has for a code.
CODE_OF = {'NotFound': 'NOT_FOUND', 'Precondition': 'FAILED_PRECONDITION', 'Unavailable': 'UNAVAILABLE'}
CALL = re.compile(
    r'\b(?:(?P<short>NotFound|Precondition|Unavailable)\(\s*|Refusal\(\s*absl::StatusCode::k(?P<code>\w+),\s*)"(?P<reason>[^"]*)"')
LITERAL = re.compile(r'"([A-Z][A-Z0-9_]+)"')


def registry(text):
    """{reason: codes its documentation allows}. "ABORTED or UNAVAILABLE. …" allows two."""
    reasons = {}
    comment = ''
    for line in text.splitlines():
        line = line.strip()
        if line.startswith('//'):
            comment += ' ' + line.lstrip('/ ')
        elif match := re.match(r'ERROR_REASON_(\w+)\s*=', line):
            first_sentence = comment.split('.')[0]
            reasons[match[1]] = set(re.findall(r'\b[A-Z]+(?:_[A-Z]+)*\b', first_sentence))
            comment = ''
        elif not line:
            comment = ''
    reasons.pop('UNSPECIFIED', None)
    return reasons


def upper_snake(camel):
    return re.sub(r'(?<!^)(?=[A-Z])', '_', camel).upper()


def check(reasons, files, not_given=NOT_GIVEN, complete=True):
    """`files`: {path: text}; `complete`: all services are there. All mistakes, as lines to print."""
    found = []
    given = set()
    for path, text in sorted(files.items()):
        given.update(LITERAL.findall(text))
        for match in CALL.finditer(text):
            reason = match['reason']
            code = CODE_OF[match['short']] if match['short'] else upper_snake(match['code'])
            where = f'{path}:{text.count(chr(10), 0, match.start()) + 1}'
            if reason not in reasons:
                found.append(f'{where}: {reason} is not in {REGISTRY}')
            elif code not in reasons[reason]:
                found.append(f'{where}: {reason} is documented with {" or ".join(sorted(reasons[reason]))}, given with {code}')
    for reason in reasons:
        if reason not in given and reason not in not_given and complete:
            found.append(f'{REGISTRY}: ERROR_REASON_{reason} is given by nothing')
        if reason in given and reason in not_given:
            found.append(f'tests/style/reasons.py: {reason} is given: take it off the list')
    return found


def read(root):
    files = {}
    for top in ('libs', 'services'):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith(('.h', '.cc')):
                    path = os.path.join(folder, name)
                    with open(path, encoding='utf-8') as stream:
                        # Comments may show reasons as examples.
                        files[os.path.relpath(path, root)] = re.sub(r'//.*', '', stream.read())
    return files


def self_test():
    reasons = registry('''enum ErrorReason {
  // Not given.
  ERROR_REASON_UNSPECIFIED = 0;

  // A heading.

  // NOT_FOUND. No such ORDER.
  ERROR_REASON_ORDER_NOT_FOUND = 1;
  // ABORTED or UNAVAILABLE. Two.
  ERROR_REASON_TRY_AGAIN = 2;
}''')
    assert reasons == {'ORDER_NOT_FOUND': {'NOT_FOUND'}, 'TRY_AGAIN': {'ABORTED', 'UNAVAILABLE'}} | {}, reasons
    good = 'NotFound("ORDER_NOT_FOUND", "x"); Refusal(absl::StatusCode::kAborted,\n "TRY_AGAIN", "x");'
    assert check(reasons, {'a.cc': good}, ()) == []
    for text, expected in (
        ('Precondition("ORDER_NOT_FOUND", "")', 'given with FAILED_PRECONDITION'),
        ('Refusal(absl::StatusCode::kNotFound, "TRY_AGAIN", "")', 'given with NOT_FOUND'),
        ('NotFound("NO_SUCH_REASON", "")', 'is not in'),
        ('Unavailable(\n    "lower", "")', 'is not in'),
    ):
        mistakes = check(reasons, {'a.cc': good, 'b.cc': text}, ())
        assert len(mistakes) == 1 and expected in mistakes[0], (text, mistakes)
    assert 'given by nothing' in check(reasons, {'a.cc': 'f("TRY_AGAIN")'}, ())[0]
    assert check(reasons, {'a.cc': 'f("TRY_AGAIN")'}, ('ORDER_NOT_FOUND',)) == []
    assert 'take it off' in check(reasons, {'a.cc': good}, ('TRY_AGAIN',))[0]
    print('reasons.py: samples judged right')


def main():
    if sys.argv[1:] == ['--self-test']:
        return self_test()
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    root = os.path.normpath(root)
    with open(os.path.join(root, REGISTRY), encoding='utf-8') as stream:
        reasons = registry(stream.read())
    complete = all(os.path.exists(os.path.join(root, 'services', name, 'main.cc')) for name in SERVICES)
    found = check(reasons, read(root), complete=complete)
    print('\n'.join(found) if found else f'reasons: {len(reasons)} documented, all given as documented')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
