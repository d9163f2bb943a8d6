# Every third-party library, found once, as an imported target lw::NAME. scripts/install-deps installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(leeway_dependency name module)
  pkg_check_modules(DEP_${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  add_library(lw::${name} ALIAS PkgConfig::DEP_${name})
endfunction()

leeway_dependency(uv libuv)
leeway_dependency(cjson libcjson)
leeway_dependency(fyaml libfyaml)
leeway_dependency(gnutls gnutls)
leeway_dependency(microhttpd libmicrohttpd)
leeway_dependency(curl libcurl)
leeway_dependency(sqlite sqlite3)

leeway_dependency(zlib zlib)


leeway_dependency(openblas openblas)
# gsl.pc asks for gslcblas, whose symbols are OpenBLAS's too: one CBLAS in a program, the fast one.
find_library(GSL_LIBRARY gsl REQUIRED)
add_library(lw_gsl INTERFACE)
target_link_libraries(lw_gsl INTERFACE ${GSL_LIBRARY} lw::openblas m)
add_library(lw::gsl ALIAS lw_gsl)
