// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/readiness.hpp"

#include <poll.h>

#include <cerrno>

#include "core/base/error.hpp"

namespace repotool::base {

void wait_until_ready(std::vector<Awaited>& awaited, std::chrono::milliseconds patience,
                      const std::string& whom) {
    std::vector<pollfd> waiting;
    for (const Awaited& one : awaited) {
        const int events = one.direction == Direction::reading ? POLLIN : POLLOUT;
        waiting.push_back({one.descriptor, static_cast<short>(events), 0});
    }
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(patience.count()));
    if (ready < 0 && errno != EINTR) throw_errno("wait for", whom);
    for (std::size_t at = 0; at < awaited.size(); ++at)
        awaited[at].is_ready = ready > 0 && waiting[at].revents != 0;
}

}  // namespace repotool::base
