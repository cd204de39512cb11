// SPDX-License-Identifier: GPL-3.0-or-later
// The one error type, its kinds, and the one table from kind to exit code (README.md, "Exit codes").
// A broken world is an Error that is thrown; an expected answer is a value.
// Text: "cannot <verb> '<object>': <reason>", lower case, no full stop, then what to do next as a hint.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace repotool::base {

// What went wrong, seen from the caller of a command. The order is that of the exit codes.
enum class ErrorKind {
    internal,   // 1: a bug in this program
    usage,      // 2: arguments, names or configuration
    input,      // 3: a package or update that is broken, hostile or ambiguous
    policy,     // 4: well-formed, but a rule says no
    signing,    // 5: a key that is missing, expired or unusable
    conflict,   // 6: somebody else was faster, or a lock timed out; try again
    storage,    // 7: no space, I/O error, permission
    network,    // 8: a mirror or server did not answer as it should; try again
    integrity,  // 9: something is not what was signed or recorded
};

// Process exit status for a kind, as fixed by the contract.
int exit_code(ErrorKind kind) noexcept;
// The word that --json prints as error.kind.
const char* kind_name(ErrorKind kind) noexcept;
// True where running the same command again may succeed without any change.
bool is_retryable(ErrorKind kind) noexcept;

class Error : public std::runtime_error {
public:
    // `verb` and `object` make "cannot <verb> '<object>'"; `reason` says why; `hint` (may be empty) is the
    // next step.
    Error(ErrorKind kind, std::string verb, std::string object, std::string reason, std::string hint = {});

    ErrorKind kind() const noexcept { return kind_; }
    const std::string& verb() const noexcept { return verb_; }
    const std::string& object() const noexcept { return object_; }
    const std::string& reason() const noexcept { return reason_; }
    const std::string& hint() const noexcept { return hint_; }
    // What else is wrong, where one look found several things: a message each, as what() is.
    const std::vector<std::string>& also() const noexcept { return also_; }
    void set_also(std::vector<std::string> messages) { also_ = std::move(messages); }

private:
    ErrorKind kind_;
    std::string verb_;
    std::string object_;
    std::string reason_;
    std::string hint_;
    std::vector<std::string> also_;
};

// An operating system call that failed. ENOSPC, EIO and their like are storage errors.
class SystemError : public Error {
public:
    SystemError(int error_number, std::string verb, std::string object);
    int error_number() const noexcept { return error_number_; }

private:
    int error_number_;
};

// Throws SystemError with the current errno. Call it directly after the call that failed.
[[noreturn]] void throw_errno(std::string verb, std::string object);

}  // namespace repotool::base
