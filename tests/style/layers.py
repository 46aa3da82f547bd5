#!/usr/bin/env python3
"""Reads the #include lines of libs/, services/ and simulators/ and fails on one that crosses a layer.

Headers lie in the system's include path, so linking does not keep the layers (docs/architecture.md) apart; this does.
Usage: tests/style/layers.py [ROOT]      check
       tests/style/layers.py --self-test  check the check: each rule against a made-up breach
"""
import os
import re
import sys
import tempfile

SERVICES = ('account', 'subscription', 'billing', 'payment_token', 'domain_mailbox')
LAYERS = ('core', 'app', 'storage', 'rpc', 'gateways')

# (file, included) of breaches that are accepted for now. One that is no breach any more fails the check.
EXCEPTIONS = []

# Which libs a lib may include; its README says why.
LIBS = {
    'base': (),
    'tax': ('base',),
    'telemetry': ('base',),
    'redis': ('base',),
    'crypto': ('base',),
    'pg': ('base', 'telemetry'),
    'work': ('base', 'telemetry'),
    'events': ('base', 'telemetry', 'pg', 'redis'),
    'rpc': ('base', 'telemetry', 'crypto', 'work'),
    'process': ('base', 'telemetry', 'crypto', 'pg', 'redis', 'events', 'work', 'rpc'),
}

# Which layers of its own service, and which libs, a layer may include. Main (the service's top folder) may all.
OWN = {
    'core': ('core',),
    'app': ('app', 'core'),
    'storage': ('storage', 'app', 'core'),
    'rpc': ('rpc', 'app', 'core'),
    'gateways': ('gateways', 'app', 'core'),
}
LIBS_OF_LAYER = {
    'core': ('base', 'tax'),
    'app': ('base', 'tax'),
    'storage': ('base', 'tax', 'pg', 'events', 'redis', 'crypto', 'telemetry'),
    'rpc': ('base', 'rpc', 'crypto', 'telemetry'),
    'gateways': ('base', 'pg', 'redis', 'crypto', 'telemetry'),  # a simulated back end keeps its state in Postgres
}

# Third-party libraries that one place alone may use.
DRIVERS = (
    (r'pqxx(/|$)|libpq|postgresql/', 'libpq', r'libs/pg/'),
    (r'grpc|grpcpp/|grpc\+\+/', 'gRPC', r'libs/rpc/'),
    (r'hiredis/', 'hiredis', r'libs/redis/'),
    (r'prometheus/', 'prometheus-cpp', r'libs/telemetry/'),
    (r'sodium(\.h|/)', 'libsodium', r'libs/crypto/'),
    (r'curl/', 'libcurl', r'services/[a-z_]+/gateways/'),
)
GENERATED = re.compile(r'.*\.pb\.h$|google/(protobuf|rpc|type)/|grpc/health/')
MAY_SEE_GENERATED = re.compile(r'services/[a-z_]+/rpc/|libs/(rpc|process)/')

# core is a function of its arguments: no clock, thread, random source or configuration.
NOT_IN_CORE = re.compile(
    r'libs/base/(clock|environment|call_scope|request_log)\.h$|absl/(time/clock\.h|random/|synchronization/|base/call_once)'
    r'|(thread|mutex|shared_mutex|atomic|condition_variable|future|semaphore|latch|barrier|stop_token|random|chrono|ctime'
    r'|time\.h|fstream|iostream|filesystem|cstdio|unistd\.h|pthread\.h|nlohmann/.*|openssl/.*)$|sys/')
NOT_IN_APP = re.compile(
    r'absl/(time/clock\.h|random/)|libs/base/environment\.h$|(thread|random|chrono|fstream|iostream|unistd\.h|nlohmann/.*)$|sys/')
TEXT_NOT_IN_CORE = re.compile(r'\babsl::(Now|GetCurrentTimeNanos|SleepFor)\b|\bTimedIdSource\b|\bstd::(rand|random_device)\b')
TEXT_NOT_IN_APP = re.compile(r'\babsl::(Now|SleepFor)\b|\bTimedIdSource\b|\bOffsetClock\b|\bstd::(rand|random_device)\b')
SQL = re.compile(r'"\s*(SELECT\s|INSERT INTO\s|UPDATE\s+\w+\s+SET\s|DELETE FROM\s|WITH\s+\w+\s+AS\s)')

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def sources(root):
    for top in ('libs', 'services', 'simulators'):
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in sorted(files):
                if name.endswith(('.h', '.cc')):
                    yield os.path.relpath(os.path.join(folder, name), root)


def breach_of_lib(lib, included):
    """Why a file of libs/`lib` may not include it; None if it may."""
    if included.startswith('services/'):
        return 'libs never include services'
    match = re.match(r'libs/(\w+)/', included)
    if match and match[1] != lib and match[1] not in LIBS[lib]:
        return f'libs/{lib} does not depend on libs/{match[1]}'
    return None


def breach_of_service(service, layer, included):
    match = re.match(r'services/(\w+)/(?:(\w+)/)?', included)
    if match:
        if match[1] != service:
            return 'a service never includes another service'
        if layer and (match[2] or 'main') not in OWN[layer]:
            return f'{layer} never sees {match[2] or "main"}'
        return None
    match = re.match(r'libs/(\w+)/', included)
    if match and layer and match[1] not in LIBS_OF_LAYER[layer]:
        return f'{layer} never sees libs/{match[1]}'
    if layer == 'core' and NOT_IN_CORE.match(included):
        return 'core takes time, ids and randomness as arguments, and does no I/O'
    if layer == 'app' and NOT_IN_APP.match(included):
        return 'app has ports for what lies outside'
    return None


def breach(file, included):
    if included.startswith('tests/'):
        return 'what runs never includes tests'
    if file.startswith('simulators/'):
        shared = included.startswith(('services/', 'libs/'))
        return 'a simulator shares no code with what it is tested with' if shared else None
    for pattern, name, place in DRIVERS:
        if re.match(pattern, included) and not re.match(place, file) and not GENERATED.match(included):
            return f'{name} is used in {place.rstrip("/")} only'
    if included.startswith('simulators/'):
        return 'a simulator shares no code with what it is tested with'
    if GENERATED.match(included) and not MAY_SEE_GENERATED.match(file):
        return 'contracts are seen in rpc and libs/process only'
    part = file.split('/')
    if part[0] == 'libs':
        return breach_of_lib(part[1], included)
    return breach_of_service(part[1], part[2] if len(part) > 3 else None, included)


def breach_in_text(file, line):
    part = file.split('/')
    layer = part[2] if part[0] == 'services' and len(part) > 3 else None
    if layer == 'core' and TEXT_NOT_IN_CORE.search(line):
        return 'core takes time, ids and randomness as arguments'
    if layer == 'app' and TEXT_NOT_IN_APP.search(line):
        return 'app has a Clock and an IdSource'
    if layer in ('core', 'app', 'rpc') and SQL.search(line):
        return f'{layer} never sees SQL'
    return None


def misplaced(file):
    part = file.split('/')
    if part[0] == 'libs' and (len(part) < 3 or part[1] not in LIBS):
        return 'not one of the libs: say in tests/style/layers.py what it may include'
    if part[0] == 'services' and (part[1] not in SERVICES or (len(part) > 3 and part[2] not in LAYERS)):
        return 'not in one of the folders that every service has: ' + ', '.join(LAYERS)
    return None


def check(root, exceptions=tuple(EXCEPTIONS)):
    """All breaches, as lines to print."""
    found = []
    stale = set(exceptions)
    for file in sources(root):
        why = misplaced(file)
        if why:
            found.append(f'{file}: {why}')
            continue
        with open(os.path.join(root, file), encoding='utf-8') as stream:
            for number, line in enumerate(stream, 1):
                match = INCLUDE.match(line)
                why = breach(file, match[2]) if match else breach_in_text(file, line)
                if not why:
                    continue
                key = (file, match[2] if match else line.strip())
                stale.discard(key)
                if key not in exceptions:
                    found.append(f'{file}:{number}: {why}: {line.strip()}')
    return found + [f'{file}: no breach any more, take it off the list of exceptions: {what}' for file, what in sorted(stale)]


# (file, line, a part of what must be said); '' where nothing must be.
SAMPLES = (
    ('services/billing/main.cc', '#include "services/billing/storage/x.h"', ''),
    ('services/billing/main.cc', '#include "libs/process/process.h"', ''),
    ('services/billing/rpc/a.cc', '#include "perennial/billing/v1/x.pb.h"', ''),
    ('services/billing/rpc/a.cc', '#include "services/billing/app/x.h"', ''),
    ('services/billing/storage/a.cc', '#include "libs/pg/database.h"', ''),
    ('services/billing/storage/a.cc', 'db.Query("SELECT id FROM x")', ''),
    ('services/billing/gateways/a.cc', '#include <curl/curl.h>', ''),
    ('services/billing/app/a.h', '#include "libs/base/clock.h"', ''),
    ('services/billing/core/a.h', '#include <vector>', ''),
    ('simulators/gateway/a.cc', '#include <sodium.h>', ''),
    ('services/billing/core/a.h', '#include "absl/time/time.h"', ''),
    ('services/billing/core/a.h', '// "select what is due"', ''),
    ('libs/process/a.cc', '#include "perennial/testing/v1/x.pb.h"', ''),
    ('libs/pg/a.cc', '#include <libpq-fe.h>', ''),
    ('libs/events/a.cc', '#include "libs/pg/database.h"', ''),
    ('services/billing/core/a.cc', '#include "services/billing/app/x.h"', 'core never sees app'),
    ('services/billing/core/a.cc', '#include "perennial/type/money.pb.h"', 'contracts'),
    ('services/billing/core/a.cc', '#include "libs/base/clock.h"', 'core takes'),
    ('services/billing/core/a.cc', '#include "absl/time/clock.h"', 'core takes'),
    ('services/billing/core/a.cc', '#include <thread>', 'core takes'),
    ('services/billing/core/a.cc', '#include <random>', 'core takes'),
    ('services/billing/core/a.cc', '  return absl::Now();', 'core takes'),
    ('services/billing/core/a.cc', '  TimedIdSource ids;', 'core takes'),
    ('services/billing/core/a.cc', '#include "libs/pg/database.h"', 'core never sees libs/pg'),
    ('services/billing/core/a.cc', 'x = "SELECT id FROM x";', 'core never sees SQL'),
    ('services/billing/app/a.cc', '#include "services/billing/storage/x.h"', 'app never sees storage'),
    ('services/billing/app/a.cc', '#include "services/billing/rpc/x.h"', 'app never sees rpc'),
    ('services/billing/app/a.cc', '#include <google/protobuf/empty.pb.h>', 'contracts'),
    ('services/billing/app/a.cc', '#include "libs/telemetry/log.h"', 'app never sees libs/telemetry'),
    ('services/billing/app/a.cc', 'x = "INSERT INTO x";', 'app never sees SQL'),
    ('services/billing/app/a.cc', '  clock = OffsetClock();', 'app has a Clock'),
    ('services/billing/app/a.cc', '#include "services/billing/config.h"', 'app never sees main'),
    ('services/billing/storage/a.cc', '#include "perennial/billing/v1/x.pb.h"', 'contracts'),
    ('services/billing/storage/a.cc', '#include "services/billing/rpc/x.h"', 'storage never sees rpc'),
    ('services/billing/storage/a.cc', '#include "libs/rpc/service.h"', 'storage never sees libs/rpc'),
    ('services/billing/storage/a.cc', '#include <libpq-fe.h>', 'libpq'),
    ('services/billing/storage/a.cc', '#include <pqxx/pqxx>', 'libpq'),
    ('services/billing/rpc/a.cc', '#include "libs/pg/database.h"', 'rpc never sees libs/pg'),
    ('services/billing/rpc/a.cc', '#include "services/billing/storage/x.h"', 'rpc never sees storage'),
    ('services/billing/rpc/a.cc', 'x = "UPDATE x SET y = 1";', 'rpc never sees SQL'),
    ('services/billing/rpc/a.cc', '#include <grpcpp/grpcpp.h>', 'gRPC'),
    ('services/billing/gateways/a.cc', '#include "services/billing/storage/x.h"', 'gateways never sees storage'),
    ('services/billing/rpc/a.cc', '#include "services/account/app/x.h"', 'another service'),
    ('services/billing/main.cc', '#include "services/account/app/x.h"', 'another service'),
    ('services/billing/main.cc', '#include "perennial/billing/v1/x.pb.h"', 'contracts'),
    ('services/billing/main.cc', '#include <hiredis/hiredis.h>', 'hiredis'),
    ('services/billing/main.cc', '#include "tests/support/fakes.h"', 'tests'),
    ('services/billing/rpc/a.cc', '#include <curl/curl.h>', 'libcurl'),
    ('services/billing/helpers/a.cc', '', 'folders that every service has'),
    ('services/shop/main.cc', '', 'folders that every service has'),
    ('libs/util/a.cc', '', 'not one of the libs'),
    ('libs/base/a.cc', '#include "libs/telemetry/log.h"', 'libs/base does not depend on libs/telemetry'),
    ('libs/base/a.cc', '#include "services/billing/core/x.h"', 'libs never include services'),
    ('libs/rpc/a.cc', '#include "libs/pg/database.h"', 'libs/rpc does not depend on libs/pg'),
    ('libs/events/a.cc', '#include <hiredis/hiredis.h>', 'hiredis'),
    ('libs/work/a.cc', '#include <prometheus/counter.h>', 'prometheus'),
    ('libs/base/a.cc', '#include <sodium.h>', 'libsodium'),
    ('libs/crypto/a.cc', '#include "perennial/type/money.pb.h"', 'contracts'),
    ('simulators/gateway/a.cc', '#include "services/payment_token/gateways/x.h"', 'simulator'),
    ('services/billing/gateways/a.cc', '#include "simulators/gateway/x.h"', 'simulator'),
)


def checked(files, exceptions=()):
    with tempfile.TemporaryDirectory() as root:
        for file, text in files.items():
            path = os.path.join(root, file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as stream:
                stream.write(text)
        return check(root, exceptions)


def self_test():
    for file, line, expected in SAMPLES:
        found = checked({file: f'// A file.\n{line}\n'})
        right = found == [] if not expected else len(found) == 1 and expected in found[0]
        if not right:
            sys.exit(f'{file}: {line!r} must say {expected!r}, says {found}')
    file, line = 'services/billing/core/a.cc', '#include <thread>'
    excused = ((file, 'thread'),)
    if checked({file: line}, excused) != []:
        sys.exit('an exception does not count')
    if not any('no breach any more' in text for text in checked({file: ''}, excused)):
        sys.exit('a stale exception does not fail')
    print(f'layers.py: {len(SAMPLES) + 2} samples judged right')


def main():
    if sys.argv[1:] == ['--self-test']:
        return self_test()
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    found = check(os.path.normpath(root))
    print('\n'.join(found) if found else 'layers: no breach')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
