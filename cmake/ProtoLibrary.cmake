# perennial_proto_library(NAME ROOT dir PROTOS a.proto b.proto [DEPS lib...])
# C++ messages of some .proto files, in a target of their own: system includes, no warnings as errors.
# Only messages: libs/rpc serves and calls methods by their descriptors, so no gRPC stubs are generated.
function(perennial_proto_library NAME)
  cmake_parse_arguments(ARG "" "ROOT" "PROTOS;DEPS" ${ARGN})
  set(OUT ${PROJECT_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${OUT})
  set(SOURCES)
  foreach(PROTO ${ARG_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" STEM ${PROTO})
    add_custom_command(
      OUTPUT ${OUT}/${STEM}.pb.cc ${OUT}/${STEM}.pb.h
      COMMAND protobuf::protoc --cpp_out=${OUT} -I${ARG_ROOT} -I${PROJECT_SOURCE_DIR}/protos -I${GOOGLEAPIS_DIR} ${ARG_ROOT}/${PROTO}
      DEPENDS ${ARG_ROOT}/${PROTO}
      COMMENT "protoc ${PROTO}" VERBATIM)
    list(APPEND SOURCES ${OUT}/${STEM}.pb.cc ${OUT}/${STEM}.pb.h)
  endforeach()
  add_library(${NAME} STATIC ${SOURCES})
  target_include_directories(${NAME} SYSTEM PUBLIC ${OUT})
  target_link_libraries(${NAME} PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  foreach(DEP ${ARG_DEPS})
    add_dependencies(${NAME} ${DEP})
  endforeach()
endfunction()
