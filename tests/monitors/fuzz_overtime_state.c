/*
 * fuzz_overtime_state.c - a saved monitor from untrusted bytes: refused and as if new, or one that
 * keeps working.
 *
 * An input that begins with 'S' holds the tensors' bytes only: they replace those of a saved
 * monitor, so that the checks behind the file's own are reached too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "monitors/overtime.h"

#define N_SCALES 4
#define N_ROWS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema_text[] = "{\"model\": \"m\", \"features\": [{\"name\": \"a\", \"type\": "
                                  "\"numeric\"}], \"label\": {\"name\": \"y\", \"type\": "
                                  "\"binary\", \"classes\": [\"no\", \"yes\"]}}";

/* Made once: what a monitor is made from, and the bytes of one that has seen three windows. */
static struct world {
    struct ruler *ruler;
    struct profile *reference;
    void *saved;
    size_t saved_size;
} world;

static void check(enum err_code rc)
{
    if (rc != ERR_OK)
        abort();
}

static struct mon_overtime *new_monitor(void)
{
    struct mon_overtime_options o;
    struct mon_overtime *m = NULL;
    mon_overtime_options_init(&o);
    o.n_scales = N_SCALES;
    check(mon_overtime_new(&o, world.reference, NULL, 0, &m, NULL));
    return m;
}

static void add_windows(struct mon_overtime *m, size_t n)
{
    struct mon_signal signals[4];
    size_t n_signals;
    for (size_t i = 0; i < n; i++)
        mon_overtime_add(m, world.reference, NULL, signals, &n_signals);
}

static void save(const struct mon_overtime *m, void **bytes, size_t *size)
{
    struct st_writer *w = st_writer_new();
    check(mon_overtime_to_st(m, "m/", w, NULL));
    check(st_writer_memory(w, bytes, size, NULL));
    st_writer_free(w);
}

static void make_world(void)
{
    cJSON *json = NULL;
    struct schema *schema = NULL;
    struct vocabulary *vocabulary = NULL;
    struct ruler_options options;
    const char *const *lists[1] = {NULL};
    size_t counts[1] = {0};
    double codes[N_ROWS];
    float scores[N_ROWS];
    for (size_t i = 0; i < N_ROWS; i++) {
        codes[i] = (double)(i * i % 31);
        scores[i] = (float)i / N_ROWS;
    }
    ruler_options_init(&options);
    check(json_parse("schema", schema_text, sizeof schema_text - 1, &json, NULL));
    check(schema_from_json(json, &schema, NULL));
    check(vocabulary_new(schema, lists, counts, &vocabulary, NULL));
    check(ruler_fit(schema, vocabulary, codes, scores, N_ROWS, &options, &world.ruler, NULL));
    check(profile_new(world.ruler, &world.reference, NULL));
    profile_count(world.reference, codes, scores, N_ROWS);
    cJSON_Delete(json);
    vocabulary_free(vocabulary);
    schema_free(schema);
    struct mon_overtime *m = new_monitor();
    add_windows(m, 3);
    save(m, &world.saved, &world.saved_size);
    mon_overtime_free(m);
}

static void restore(const void *bytes, size_t size)
{
    struct st_file *f = NULL;
    void *again = NULL;
    if (st_open_memory(bytes, size, &f, NULL) != ERR_OK)
        return;
    struct mon_overtime *m = new_monitor();
    if (mon_overtime_from_st(m, f, "m/", NULL) != ERR_OK && mon_overtime_raised(m))
        abort();
    add_windows(m, 9);
    save(m, &again, &size);
    free(again);
    mon_overtime_free(m);
    st_close(f);
}

/* The header as it is, the tensors from the input, as many bytes as it has. */
static void restore_tensors(const uint8_t *data, size_t size)
{
    uint64_t header;
    memcpy(&header, world.saved, sizeof header);
    size_t begin = sizeof header + (size_t)header, room = world.saved_size - begin;
    uint8_t *bytes = malloc(world.saved_size);
    if (bytes == NULL)
        return;
    memcpy(bytes, world.saved, world.saved_size);
    memcpy(bytes + begin, data, size < room ? size : room);
    restore(bytes, world.saved_size);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (world.ruler == NULL)
        make_world();
    if (size > 0 && data[0] == 'S')
        restore_tensors(data + 1, size - 1);
    else
        restore(data, size);
    return 0;
}
