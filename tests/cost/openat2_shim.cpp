// SPDX-License-Identifier: GPL-3.0-or-later
// For tests/cost alone: valgrind 3.19 knows no openat2 and answers ENOSYS. Preloaded into the program that is
// counted, this asks for openat instead, which opens the same files in a tree that nobody attacks.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cstdarg>

extern "C" long syscall(long number, ...) {  // NOLINT: the name and the form are libc's
    using Syscall = long (*)(long, ...);
    static const auto next = reinterpret_cast<Syscall>(dlsym(RTLD_NEXT, "syscall"));
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (long& argument : arguments) argument = va_arg(list, long);
    va_end(list);
    if (number != SYS_openat2)
        return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                    arguments[5]);
    const auto* how = reinterpret_cast<const open_how*>(arguments[2]);
    return openat(static_cast<int>(arguments[0]), reinterpret_cast<const char*>(arguments[1]),
                  static_cast<int>(how->flags), static_cast<mode_t>(how->mode));
}
