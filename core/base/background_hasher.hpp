// SPDX-License-Identifier: GPL-3.0-or-later
// A Hasher whose work is done by a thread of its own, so that several long streams are hashed on several
// cores while they are written. A short stream starts no thread. While one is alive, do not fork.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/digest.hpp"

namespace repotool::base {

class BackgroundHasher {
public:
    explicit BackgroundHasher(std::vector<DigestAlgorithm> algorithms = {DigestAlgorithm::sha256});
    // Ends the thread, whatever still waits.
    ~BackgroundHasher();
    BackgroundHasher(const BackgroundHasher&) = delete;
    BackgroundHasher& operator=(const BackgroundHasher&) = delete;

    // Copies the bytes; waits where the thread is too far behind.
    void update(std::string_view bytes);
    // As Hasher::hex(); waits for the thread.
    std::string hex(DigestAlgorithm algorithm = DigestAlgorithm::sha256);
    std::uint64_t size() const noexcept { return size_; }

private:
    struct Queue;
    void hand_over();
    void finish();

    Hasher hasher_;  // the thread's, while there is one
    std::string block_;
    std::uint64_t size_ = 0;
    std::unique_ptr<Queue> queue_;  // from the first full block on
};

}  // namespace repotool::base
