# The page of leewayd: plain JavaScript, Chart.js from Debian's libjs-chart.js, all embedded.
find_file(LEEWAY_CHART_JS NAMES chart.min.js Chart.min.js chart.umd.js
  PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist NO_DEFAULT_PATH)
if(NOT LEEWAY_CHART_JS)
  message(FATAL_ERROR "Chart.js was not found: install libjs-chart.js, or set LEEWAY_CHART_JS to chart.min.js (3.9)")
endif()
set(dashboard_dir ${CMAKE_CURRENT_SOURCE_DIR}/dashboard)
file(GLOB dashboard_files CONFIGURE_DEPENDS ${dashboard_dir}/*.html ${dashboard_dir}/*.css ${dashboard_dir}/*.js)
configure_file(${LEEWAY_CHART_JS} ${CMAKE_CURRENT_BINARY_DIR}/chart.js COPYONLY)
set(dashboard_files ${dashboard_files} ${CMAKE_CURRENT_BINARY_DIR}/chart.js ${CMAKE_CURRENT_SOURCE_DIR}/api/openapi.yaml)
add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/assets.c
  COMMAND ${CMAKE_COMMAND} -DOUT=${CMAKE_CURRENT_BINARY_DIR}/assets.c "-DFILES=${dashboard_files}" -P ${dashboard_dir}/embed.cmake
  DEPENDS ${dashboard_files} ${dashboard_dir}/embed.cmake VERBATIM)
target_sources(orchestrator_lib PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/assets.c)
