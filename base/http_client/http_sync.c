/*
 * http_sync.c - one call on a loop of its own, for command-line programs.
 */
#include "http_client_internal.h"

struct sync_call {
    struct http_client *client;
    http_call_done *done;
    void *user;
};

static void on_done(const struct http_result *result, void *user)
{
    struct sync_call *s = user;
    s->done(result, s->user);
    http_client_close(s->client, NULL, NULL);
}

enum err_code http_call_sync(const struct http_call_options *o, http_call_done *done, void *user,
                             struct err *e)
{
    uv_loop_t loop;
    struct sync_call s = {.done = done, .user = user};
    int rc = uv_loop_init(&loop);
    if (rc != 0)
        return err_set(e, ERR_INTERNAL, "event loop: %s", uv_strerror(rc));
    enum err_code code = http_client_new(&loop, &s.client, e);
    if (code == ERR_OK) {
        code = http_call_start(s.client, o, on_done, &s, NULL, e);
        if (code != ERR_OK)
            http_client_close(s.client, NULL, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    uv_loop_close(&loop);
    return code;
}
