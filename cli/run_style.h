/*
 * run_style.h - how a run's state looks, and how a run is shown after something was done to it.
 */
#ifndef CLI_RUN_STYLE_H
#define CLI_RUN_STYLE_H

#include <cjson/cJSON.h>

#include "base/page.h"

/* promoted is good, failed is bad, what waits or was taken back wants a look. */
enum style run_style(const char *state);

/* Id, model, state, reason and the next command. A show_page. */
void run_show_brief(struct page *page, const cJSON *run, void *user);

#endif
