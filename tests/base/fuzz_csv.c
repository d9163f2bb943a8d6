/* fuzz_csv.c - any bytes as a file, plain or gzip: every row has the header's width. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_rows(struct csv *c)
{
    struct err e;
    const char *const *fields;
    bool more = true;
    double number;
    while (more && !csv_next(c, &fields, &more, &e)) {
        for (size_t i = 0; more && i < csv_n_columns(c); i++) {
            csv_number(fields[i], &number);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    struct csv *c;
    char path[64];
    int fd = memfd_create("csv", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!csv_open(path, &c, &e)) {
        read_rows(c);
        csv_close(c);
    }
    close(fd);
    return 0;
}
