# The default set becomes part of the program.
set(file ${CMAKE_CURRENT_SOURCE_DIR}/suppress/default.supp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
file(READ ${file} DEFAULT_SUPPRESSIONS)
configure_file(${CMAKE_CURRENT_SOURCE_DIR}/suppress/defaults.cpp.in
               ${CMAKE_CURRENT_BINARY_DIR}/generated/suppress/defaults.cpp @ONLY)
target_sources(sonde_suppress PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated/suppress/defaults.cpp)
