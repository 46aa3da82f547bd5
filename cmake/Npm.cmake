# FOLDER_npm: the npm packages of FOLDER/package.json, in FOLDER/node_modules, as the lock file pins them.
# Whoever only builds services needs no npm: without it the tests that use them fail and say so, the build does not.
find_program(NPM npm)
function(perennial_npm FOLDER)
  if(NOT NPM)
    return()
  endif()
  set(PLACE ${PROJECT_SOURCE_DIR}/${FOLDER})
  set(STAMP ${PLACE}/node_modules/.package-lock.json)
  add_custom_command(
    OUTPUT ${STAMP}
    COMMAND ${NPM} ci --no-audit --no-fund --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${STAMP}
    DEPENDS ${PLACE}/package.json ${PLACE}/package-lock.json
    WORKING_DIRECTORY ${PLACE}
    COMMENT "npm ci in ${FOLDER}" VERBATIM)
  add_custom_target(${FOLDER}_npm ALL DEPENDS ${STAMP})
endfunction()
