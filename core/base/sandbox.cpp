// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/sandbox.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

namespace repotool::base {
namespace {

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr unsigned kArchitecture = 0;
#endif

// What a parser that reads one file and computes may ask of the kernel.
constexpr std::array kAllowed {
    SYS_read, SYS_pread64, SYS_readv, SYS_write, SYS_writev, SYS_lseek, SYS_close, SYS_fstat, SYS_newfstatat,
        SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_exit, SYS_exit_group,
        SYS_futex, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_clock_gettime,
        SYS_clock_getres, SYS_gettimeofday, SYS_getrandom, SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid,
        SYS_getgid, SYS_getegid, SYS_getppid, SYS_uname, SYS_sched_yield, SYS_fcntl, SYS_getrlimit,
        SYS_sched_getaffinity, SYS_getcwd, SYS_sysinfo, SYS_dup, SYS_set_robust_list, SYS_rseq,
        SYS_membarrier, SYS_restart_syscall, SYS_nanosleep, SYS_clock_nanosleep, SYS_fadvise64, SYS_getrusage,
        SYS_times, SYS_statx, SYS_faccessat,
#if defined(__SANITIZE_ADDRESS__)
        SYS_pipe2,  // UBSan probes memory with it
#endif
#if defined(__x86_64__)
        SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_time, SYS_arch_prctl, SYS_poll,
#endif
};

sock_filter statement(unsigned code, unsigned value) {
    return sock_filter{static_cast<__u16>(code), 0, 0, value};
}
sock_filter jump(unsigned code, unsigned value, unsigned char if_true, unsigned char if_false) {
    return sock_filter{static_cast<__u16>(code), if_true, if_false, value};
}

// Opening is allowed for reading only: `flags` is at the argument `index` of the call.
void allow_reading_open(std::vector<sock_filter>& program, long call, unsigned index) {
    constexpr unsigned kWriting =
        O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
    const auto argument = static_cast<unsigned>(offsetof(seccomp_data, args) + index * sizeof(__u64));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 4));
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, argument));
    program.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, kWriting, 1, 0));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES));
}

// prlimit64 for the process itself: pid, its first argument, is 0.
void allow_own_limits(std::vector<sock_filter>& program) {
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 4));
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
}

std::vector<sock_filter> filter_program() {
    std::vector<sock_filter> program;
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    for (const long call : kAllowed) {
        program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1));
        program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    allow_own_limits(program);
    allow_reading_open(program, SYS_openat, 2);
#if defined(__x86_64__)
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    allow_reading_open(program, SYS_open, 1);
#endif
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    return program;
}

std::size_t mapped_bytes() noexcept {
    std::FILE* file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    unsigned long pages = 0;
    const int fields = std::fscanf(file, "%lu", &pages);
    std::fclose(file);
    return fields == 1 ? pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void limit(int resource, std::size_t value) noexcept {
    const rlimit bound{value, value};
    setrlimit(static_cast<__rlimit_resource>(resource), &bound);
}

}  // namespace

bool confine_process(std::size_t extra_memory, int cpu_seconds) noexcept {
#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // their shadow memory needs terabytes of address space
    const std::size_t mapped = mapped_bytes();
    if (mapped != 0) limit(RLIMIT_AS, mapped + extra_memory);
#else
    static_cast<void>(extra_memory);
    static_cast<void>(&mapped_bytes);
#endif
    const rlimit cpu{static_cast<rlim_t>(cpu_seconds), RLIM_INFINITY};  // soft: allow_cpu_time moves it
    setrlimit(RLIMIT_CPU, &cpu);
    signal(SIGXFSZ, SIG_IGN);  // a message to a standard error that is a file fails, and ends nobody
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    if (kArchitecture == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    auto program = filter_program();
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

void allow_cpu_time(int seconds) noexcept {
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) != 0) return;
    const auto used = static_cast<rlim_t>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + 1);
    const rlimit cpu{used + static_cast<rlim_t>(seconds), RLIM_INFINITY};
    setrlimit(RLIMIT_CPU, &cpu);
}

}  // namespace repotool::base
