# Third-party libraries, all from Debian 12. deploy/install-packages lists the packages.
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl REQUIRED)
find_package(gRPC REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Catch2 2 REQUIRED)
find_package(rapidcheck REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(pq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(pqxx REQUIRED IMPORTED_TARGET libpqxx)  # tests only: a client that is not ours
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET libidn2)

# google/rpc and google/type, as Debian packages them; compiled once (protos/CMakeLists.txt).
set(GOOGLEAPIS_DIR /usr/share/gocode/src/github.com/gogo/googleapis)
if(NOT EXISTS ${GOOGLEAPIS_DIR}/google/rpc/error_details.proto)
  message(FATAL_ERROR "google/rpc protos not found: apt-get install golang-github-gogo-googleapis-dev")
endif()
set(GRPC_PROTO_DIR /usr/share/grpc-proto)
