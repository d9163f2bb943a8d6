/*
 * test_process.c - what process_start does, seen from outside: the test runs itself as a child that
 * calls it and prints what it finds.
 */
#include "testing.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"

static const char *self;

static int child(char **argv, int needs_blas)
{
    process_start(argv, needs_blas);
    char name[64] = "";
    FILE *comm = fopen("/proc/self/comm", "r");
    if (comm && fgets(name, sizeof name, comm)) {
        name[strcspn(name, "\n")] = '\0';
        fclose(comm);
    }
    struct sigaction action;
    sigaction(SIGPIPE, NULL, &action);
    const char *threads = getenv("OPENBLAS_NUM_THREADS"), *core = getenv("OPENBLAS_CORETYPE");
    printf("pipe=%s umask=%03o threads=%s core=%s name=%s args=%s\n",
           action.sa_handler == SIG_IGN ? "ignored" : "not", umask(0), threads ? threads : "-",
           core ? core : "-", name, argv[2]);
    return 0;
}

/* Runs this program as `<env> self MODE marker` and gives back its one line. */
static void run_child(const char *env, const char *mode, char out[512])
{
    char line[2048];
    snprintf(line, sizeof line, "env -u OPENBLAS_NUM_THREADS -u OPENBLAS_CORETYPE %s %s %s marker",
             env, self, mode);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    out[fread(out, 1, 511, pipe)] = '\0';
    assert_int_equal(pclose(pipe), 0);
}

static int cpu_has_avx512(void)
{
    return system("grep -q 'avx512f.*avx512vl' /proc/cpuinfo") == 0;
}

static void process_start_without_blas_changes_no_environment(void **state)
{
    (void)state;
    char out[512];
    run_child("", "plain", out);
    assert_string_equal(out,
                        "pipe=ignored umask=077 threads=- core=- name=test_process args=marker\n");
}

static void process_start_decides_for_openblas_before_it_is_loaded(void **state)
{
    (void)state;
    char out[512], want[512];
    run_child("", "blas", out);
    snprintf(want, sizeof want,
             "pipe=ignored umask=077 threads=1 core=%s name=test_process args=marker\n",
             cpu_has_avx512() ? "SkylakeX" : "-");
    assert_string_equal(out, want);
}

static void process_start_respects_what_the_user_has_set(void **state)
{
    (void)state;
    char out[512];
    run_child("OPENBLAS_NUM_THREADS=3 OPENBLAS_CORETYPE=Haswell", "blas", out);
    assert_string_equal(
        out, "pipe=ignored umask=077 threads=3 core=Haswell name=test_process args=marker\n");
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        return child(argv, strcmp(argv[1], "blas") == 0);
    }
    self = argv[0];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_start_without_blas_changes_no_environment),
        cmocka_unit_test(process_start_decides_for_openblas_before_it_is_loaded),
        cmocka_unit_test(process_start_respects_what_the_user_has_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
