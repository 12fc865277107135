// Linux interfaces that Swift cannot import by itself: variadic system calls, function-like macros,
// and structures glibc does not declare. Wrappers only; no logic lives here.
#ifndef FUSION_CLINUX_SHIM_H
#define FUSION_CLINUX_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// Waits until `*word != expected`, a wake, or the absolute CLOCK_MONOTONIC `deadline` (NULL: no limit).
static inline long fusion_futex_wait(uint32_t *word, uint32_t expected, const struct timespec *deadline) {
  return syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline, (void *)0,
                 FUTEX_BITSET_MATCH_ANY);
}

static inline long fusion_futex_wake(uint32_t *word, int waiters) {
  return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, waiters, (void *)0, (void *)0, 0);
}

static inline int fusion_gettid(void) { return (int)syscall(SYS_gettid); }

#endif
