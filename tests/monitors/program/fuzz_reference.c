/*
 * fuzz_reference.c - damaged reference files: refused with a reason, or a reference that rows can
 * be counted on and compared with.
 *
 * An input is a list of patches to a valid file, 5 bytes each: offset (32 bits), new value. Offsets
 * with the top bit set count from the start of the header's text. An input that starts with "RAW"
 * is a file of its own.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "compare_options.h"
#include "tiny_reference.h"
#include "window_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *valid;
static size_t valid_len;

static void make_valid(void)
{
    char path[] = "/tmp/fuzz_reference.XXXXXX";
    struct err e = {0};
    struct mon_reference_options o;
    mon_reference_options_init(&o);
    o.chunk_rows = 15; /* the fewest chunks that thresholds are calibrated on, and fast */
    struct mon_reference *r = tiny_reference(8 * o.chunk_rows, &o);
    int fd = mkstemp(path);
    if (fd < 0 || mon_reference_save(r, path, &e) ||
        file_read(path, 1 << 24, &valid, &valid_len, &e)) {
        fprintf(stderr, "%s\n", e.message);
        abort();
    }
    close(fd);
    unlink(path);
    mon_reference_free(r);
}

/* One window of one value over and over, and one of none: what compare does with it. */
static void use(const struct mon_reference *r)
{
    struct compare_options o;
    struct window_judge *judge = NULL;
    struct window w = {0};
    const struct mon_signal *signals;
    size_t n;
    double *codes = calloc(r->schema->n_features, sizeof *codes);
    float *scores = calloc(schema_n_outputs(r->schema), sizeof *scores);
    struct mon_value *values = calloc(r->schema->n_features, sizeof *values);
    compare_options_init(&o);
    bool ready = codes && scores && values && !compare_options_read(&o, NULL) &&
                 !window_judge_new(r, &o, &judge, NULL) && !window_init(&w, r, true, true, NULL);
    for (int window = 0; ready && window < 2; window++) {
        window_begin(&w, 1);
        mon_reference_encode(r, values, codes);
        for (int i = 0; ready && window == 0 && i < 300; i++)
            ready = !window_count(&w, codes, scores, 1, NULL);
        ready = ready && !window_judge_check(judge, &w, &signals, &n, NULL);
    }
    window_deinit(&w);
    window_judge_free(judge);
    free(codes);
    free(scores);
    free(values);
}

static size_t patch(char *bytes, const uint8_t *data, size_t size)
{
    size_t header_len = 0;
    memcpy(&header_len, valid, sizeof header_len);
    memcpy(bytes, valid, valid_len);
    for (; size >= 5; data += 5, size -= 5) {
        uint32_t at;
        memcpy(&at, data, sizeof at);
        bytes[at >> 31 ? 8 + at % header_len : at % valid_len] = (char)data[4];
    }
    return valid_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mon_reference *r = NULL;
    struct err e = {0};
    if (!valid)
        make_valid();
    size_t room = size > valid_len ? size : valid_len, len;
    char *bytes = malloc(room);
    if (!bytes)
        return 0;
    if (size >= 3 && memcmp(data, "RAW", 3) == 0)
        memcpy(bytes, data + 3, len = size - 3);
    else
        len = patch(bytes, data, size);
    if (mon_reference_load_memory(bytes, len, &r, &e) == ERR_OK)
        use(r);
    else if (!e.message[0])
        abort(); /* a refusal says why */
    mon_reference_free(r);
    free(bytes);
    return 0;
}
