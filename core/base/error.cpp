// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "core/base/text.hpp"

namespace repotool::base {
namespace {

std::string compose(const std::string& verb, const std::string& object, const std::string& reason) {
    return fmt::format("cannot {} '{}': {}", verb, printable(object), printable(reason));
}

std::string hint_for(int error_number) {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
            return "free some space, then run the same command again";
        case EACCES:
        case EPERM:
            return "run as the user that owns the site";
        case EROFS:
            return "the filesystem is mounted read-only";
        default:
            return {};
    }
}

}  // namespace

int exit_code(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::internal:
            return 1;
        case ErrorKind::usage:
            return 2;
        case ErrorKind::input:
            return 3;
        case ErrorKind::policy:
            return 4;
        case ErrorKind::signing:
            return 5;
        case ErrorKind::conflict:
            return 6;
        case ErrorKind::storage:
            return 7;
        case ErrorKind::network:
            return 8;
        case ErrorKind::integrity:
            return 9;
    }
    return 1;
}

const char* kind_name(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::internal:
            return "internal";
        case ErrorKind::usage:
            return "usage";
        case ErrorKind::input:
            return "input";
        case ErrorKind::policy:
            return "policy";
        case ErrorKind::signing:
            return "signing";
        case ErrorKind::conflict:
            return "conflict";
        case ErrorKind::storage:
            return "storage";
        case ErrorKind::network:
            return "network";
        case ErrorKind::integrity:
            return "integrity";
    }
    return "internal";
}

bool is_retryable(ErrorKind kind) noexcept {
    return kind == ErrorKind::conflict || kind == ErrorKind::network;
}

Error::Error(ErrorKind kind, std::string verb, std::string object, std::string reason, std::string hint)
    : std::runtime_error(compose(verb, object, reason)),
      kind_(kind),
      verb_(std::move(verb)),
      object_(std::move(object)),
      reason_(std::move(reason)),
      hint_(std::move(hint)) {}

SystemError::SystemError(int error_number, std::string verb, std::string object)
    : Error(ErrorKind::storage, std::move(verb), std::move(object), std::strerror(error_number),
            hint_for(error_number)),
      error_number_(error_number) {}

void throw_errno(std::string verb, std::string object) {
    throw SystemError(errno, std::move(verb), std::move(object));
}

}  // namespace repotool::base
