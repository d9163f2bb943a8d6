/*
 * assets.h - the files that the build embeds into leewayd; assets.c is written by embed.cmake.
 */
#ifndef DASHBOARD_ASSETS_H
#define DASHBOARD_ASSETS_H

#include <stddef.h>

struct dashboard_asset {
    const char *name; /* "index.html" */
    const char *content_type;
    const unsigned char *data;
    size_t size_bytes;
};

extern const struct dashboard_asset dashboard_assets[];
extern const size_t dashboard_n_assets;

#endif
