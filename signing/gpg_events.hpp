// SPDX-License-Identifier: GPL-3.0-or-later
// The event loop of one GPGME context. GPGME's own loop sees a cancellation only when gpg says something, and
// a gpg whose agent hangs says nothing; this one has a deadline, needs no thread and shares nothing between
// contexts.
#pragma once

#include <gpgme.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/base/readiness.hpp"

namespace repotool::signing {

struct KeyRelease {
    void operator()(gpgme_key_t key) const noexcept { gpgme_key_unref(key); }
};
using KeyHandle = std::unique_ptr<_gpgme_key, KeyRelease>;

class GpgEvents {
public:
    GpgEvents() = default;
    GpgEvents(const GpgEvents&) = delete;
    GpgEvents& operator=(const GpgEvents&) = delete;

    // Makes `context` use this loop; once, before its first operation.
    void attach(gpgme_ctx_t context);
    // Starts an operation (a gpgme_op_…_start call) and runs it to its end. After `deadline` the operation is
    // cancelled and the result is GPG_ERR_TIMEOUT.
    gpgme_error_t run(gpgme_ctx_t context, const std::function<gpgme_error_t(gpgme_ctx_t)>& start,
                      std::chrono::seconds deadline);
    // The keys that the last operation listed.
    std::vector<KeyHandle> take_keys();

private:
    // A file descriptor that GPGME waits for, and whom to call when it is ready.
    struct Watch {
        int descriptor;
        base::Direction direction;
        gpgme_io_cb_t call;
        void* argument;
    };
    static gpgme_error_t add(void* self, int descriptor, int is_for_reading, gpgme_io_cb_t call,
                             void* argument, void** tag);
    static void remove(void* tag);
    static void notice(void* self, gpgme_event_io_t type, void* data);

    // Waits for the descriptors and serves those that are ready. False when the time is over.
    bool serve(std::chrono::steady_clock::time_point end);

    struct Tag {
        GpgEvents* owner;
        int number;
    };
    std::map<int, Watch> watches_;
    std::map<int, std::unique_ptr<Tag>> tags_;
    int next_number_ = 0;
    bool is_done_ = false;
    gpgme_error_t result_ = GPG_ERR_NO_ERROR;
    std::vector<KeyHandle> keys_;
};

}  // namespace repotool::signing
