# embed.cmake - cmake -DOUT=assets.c -DFILES="a;b" -P embed.cmake: writes the files as C arrays.
# The names in C are the files' own; what a browser must be told of their type goes by their ending.
set(types_html "text/html; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_svg "image/svg+xml")
set(types_yaml "application/yaml")

set(arrays "")
set(table "")
set(i 0)
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  get_filename_component(ending ${file} LAST_EXT)
  string(SUBSTRING ${ending} 1 -1 ending)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "static const unsigned char asset_${i}[] = {\n${bytes}0x00};\n")
  string(APPEND table "    {\"${name}\", \"${types_${ending}}\", asset_${i}, sizeof(asset_${i}) - 1},\n")
  math(EXPR i "${i} + 1")
endforeach()
file(WRITE ${OUT} "/* Written by embed.cmake. */\n#include \"dashboard/assets.h\"\n\n${arrays}\n"
  "const struct dashboard_asset dashboard_assets[] = {\n${table}};\n"
  "const size_t dashboard_n_assets = ${i};\n")
