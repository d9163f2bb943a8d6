/*
 * show.h - the shape of most commands: ask leewayd, then print its document (--json) or a page for
 * people; with --watch again and again.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <cjson/cJSON.h>

#include "base/opt.h"
#include "cli.h"
#include "control_client.h"
#include "base/page.h"

typedef void show_page(struct page *page, const cJSON *answer, void *user);

struct watch_options {
    bool on;
    int64_t every_ms;
};

#define WATCH_DEFAULT ((struct watch_options){.every_ms = 2000})
#define WATCH_OPTS(w)                                                                              \
    {.name = "watch",                                                                              \
     .letter = 'w',                                                                                \
     .kind = OPT_FLAG,                                                                             \
     .dest = &(w)->on,                                                                             \
     .help = "Show it again and again until Ctrl-C."},                                             \
    {                                                                                              \
        .name = "every", .kind = OPT_DURATION, .dest = &(w)->every_ms, .arg = "TIME", .min = 100,  \
        .max = 3600e3, .help = "Pause between two looks with --watch."                             \
    }

/* GETs path and shows it. Returns the exit code. */
int show_get(const struct cli *cli, const char *path, const struct watch_options *watch,
             show_page *show, void *user);

/* Shows an answer that is there already. */
void show_answer(const struct cli *cli, const struct control_answer *answer, show_page *show,
                 void *user);

/* Prints JSON made here, indented, and frees it; returns the exit code. */
int show_json(const struct cli *cli, cJSON *json);

#endif
