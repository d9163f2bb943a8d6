/*
 * fuzz_log_recovery.c - any bytes as the segment that a killed process left: the log opens, and
 * what it gives are whole, numbered lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "observation_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[64] = "/tmp/leeway-fuzz-XXXXXX";
    static const char line[] = "\"id\":\"x\"}\n";
    char path[128];
    struct observation_log *log;
    struct observation_log_info info;
    struct buf page = BUF_INIT;
    uint64_t next;
    if (strchr(folder, 'X') && !mkdtemp(folder)) {
        return 0;
    }
    file_remove_tree(folder, NULL);
    file_mkdirs(folder, NULL);
    snprintf(path, sizeof path, "%s/00000000000000000000.ndjson", folder);
    file_write_atomic(path, data, size, NULL);
    require(!observation_log_open(folder, 1 << 20, &log, NULL), "does not open");
    require(!observation_log_append(log, line, sizeof line - 1, 1, NULL, NULL), "does not append");
    observation_log_info(log, &info);
    require(!observation_log_read(log, 0, 10000, &page, &next, NULL), "does not read");
    require(next == info.next_seq || info.next_seq > 10000, "a line was lost");
    buf_free(&page);
    observation_log_close(log);
    return 0;
}
