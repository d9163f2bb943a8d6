/*
 * make_artifact.c - hand-made artifacts for the tests that drive the program: make_artifact DIR N
 * writes N versions of the model "loan" (biases 0, 1, ...) and one more that does not reproduce its
 * golden rows. Prints their hashes, a line each, the bad one last.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tiny_artifact.h"

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: make_artifact DIR N\n");
        return 2;
    }
    char sha256[SHA256_HEX_BYTES];
    for (int i = 0; i <= atoi(argv[2]); i++) {
        const struct tiny_options o = {.bias = i, .wrong_golden = i == atoi(argv[2])};
        tiny_artifact_save(&o, argv[1], sha256);
        printf("%s\n", sha256);
    }
    return 0;
}
