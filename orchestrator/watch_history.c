/*
 * watch_history.c - each signal of a closed window among the last hundred of its own kind: "larger
 * than 97 % of its last 100 values" needs no threshold and no knowledge of the statistic.
 *
 * Nothing is saved for it: a window's signals are stored with the window, and the history is what
 * the champion's stored windows say. Another champion has another reference, so its history is its
 * own. What windows say together (watch_drift.c) has no rank: only those that drift are kept, and a
 * rank among the worst would mislead.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "store/window_store.h"
#include "watch_private.h"

#define KEEP_VALUES 100
#define MAX_SERIES (1 << 16) /* some 70 MB; signals beyond them have no history */

enum err_code watch_note_history(struct model_watch *m, struct mon_signal *signal, struct err *e)
{
    enum err_code rc = mon_history_note(m->history, signal, e);
    if (rc != ERR_LIMIT)
        return rc;
    err_clear(e);
    return ERR_OK;
}

/* Those that were noted say so: windows together, and windows of a leewayd that kept no history,
 * have no history_n. */
static enum err_code note_stored(struct model_watch *m, const cJSON *item, struct err *e)
{
    struct mon_signal signal;
    const char *monitor = "", *statistic = "", *feature = "";
    if (!json_at(item, "history_n"))
        return ERR_OK;
    json_opt_string(item, "monitor", &monitor, NULL);
    json_opt_string(item, "statistic", &statistic, NULL);
    json_opt_string(item, "feature", &feature, NULL);
    mon_signal_init(&signal, monitor, MON_KIND_DRIFT, statistic);
    snprintf(signal.feature, sizeof(signal.feature), "%s", feature);
    json_opt_double(item, "value", -1e300, 1e300, &signal.value, NULL);
    return watch_note_history(m, &signal, e);
}

static enum err_code note_windows(struct model_watch *m, const cJSON *windows, struct err *e)
{
    const cJSON *window = NULL, *signal = NULL;
    enum err_code rc = ERR_OK;
    cJSON_ArrayForEach(window, windows)
    {
        const char *champion = "";
        json_opt_string(window, "champion", &champion, NULL);
        if (strcmp(champion, m->champion_sha256) != 0)
            continue;
        cJSON_ArrayForEach(signal, json_at(window, "signals"))
        {
            if (rc == ERR_OK)
                rc = note_stored(m, signal, e);
        }
    }
    return rc;
}

enum err_code watch_load_history(struct store *s, struct model_watch *m, struct err *e)
{
    cJSON *windows = NULL;
    enum err_code rc = mon_history_new(KEEP_VALUES, MAX_SERIES, &m->history, e);
    if (rc == ERR_OK)
        rc = window_store_list(s, m->name, NULL, 0, WATCH_KEEP_WINDOWS, &windows, e);
    if (rc == ERR_OK)
        rc = note_windows(m, windows, e);
    cJSON_Delete(windows);
    return rc;
}
