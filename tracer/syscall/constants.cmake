# The tables of constants, made from the installed kernel headers: see constants.py.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(folder ${CMAKE_CURRENT_BINARY_DIR}/generated/syscall)
set(source ${CMAKE_CURRENT_SOURCE_DIR}/syscall)
file(MAKE_DIRECTORY ${folder})
# Other headers, other constants: this one changes with each version of them.
set(headers_version)
if(EXISTS /usr/include/linux/version.h)
  set(headers_version /usr/include/linux/version.h)
endif()
add_custom_command(
  OUTPUT ${folder}/sets.cpp ${folder}/sets.hpp ${folder}/names.hpp ${folder}/calls.inc
  COMMAND Python3::Interpreter ${source}/constants.py --cc ${CMAKE_C_COMPILER} --spec ${source}/constants.spec
          --into ${folder}
  DEPENDS ${source}/constants.py ${source}/constants.spec ${headers_version}
  COMMENT "Looking up constants in the kernel headers"
  VERBATIM)
target_sources(sonde_syscall PRIVATE
  ${folder}/sets.cpp ${folder}/sets.hpp ${folder}/names.hpp ${folder}/calls.inc)
target_include_directories(sonde_syscall PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
