/*
 * store_fixture.h - a store in a folder of its own for one test, and the way to die in the middle:
 * a child process that is killed with SIGKILL while it holds a transaction open.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "store/db.h"

#define T0 INT64_C(1767225600000)
#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

struct fixture {
    char folder[64];
    char path[128];
    struct store *s;
};

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
        struct err *e = &err_;                                                                     \
        if ((call) != ERR_OK) {                                                                    \
            print_error("%s\n", err_.message);                                                     \
        }                                                                                          \
        assert_int_equal(err_.code, ERR_OK);                                                       \
    } while (0)

static inline void fixture_reopen(struct fixture *f)
{
    store_close(f->s);
    f->s = NULL;
    assert_ok(db_open(f->path, &f->s, e));
}

static inline int fixture_open(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    strcpy(f->folder, "/tmp/leeway-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/state.db", f->folder);
    fixture_reopen(f);
    *state = f;
    return 0;
}

static inline int fixture_close(void **state)
{
    struct fixture *f = *state;

    store_close(f->s);
    file_remove_tree(f->folder, NULL);
    free(f);
    return 0;
}

/* Runs work in a child that has the store to itself and is killed as soon as work returns. */
static inline void fixture_killed_in(struct fixture *f, void (*work)(struct store *s))
{
    int status;

    store_close(f->s);
    f->s = NULL;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store *s = NULL;
        if (db_open(f->path, &s, NULL) == ERR_OK) {
            work(s);
        }
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    fixture_reopen(f);
}

#define store_test(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

#endif
