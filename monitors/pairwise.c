/*
 * pairwise.c - distances between rows, and Hoare's selection (1961).
 */
#include "pairwise.h"

#include <math.h>

double pairwise_square(const double *a, const double *b, size_t n_columns)
{
    double sum = 0.0;
    for (size_t j = 0; j < n_columns; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

static double middle_of_three(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

double pairwise_select_median(double *x, size_t n)
{
    if (n == 0)
        return NAN;
    size_t low = 0, high = n - 1, wanted = n / 2;
    while (low < high) {
        double pivot = middle_of_three(x[low], x[low + (high - low) / 2], x[high]);
        size_t i = low, j = high;
        for (;;) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i >= j)
                break;
            double swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        /* x[low..j] <= pivot <= x[j+1..high]; j stops short of high: its pivot is no lone maximum
         */
        if (wanted <= j)
            high = j;
        else
            low = j + 1;
    }
    return x[wanted];
}

double pairwise_median(const double *x, size_t n, size_t n_columns, double *room)
{
    size_t n_pairs = 0;
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            room[n_pairs++] =
                sqrt(pairwise_square(x + i * n_columns, x + j * n_columns, n_columns));
    return pairwise_select_median(room, n_pairs);
}
