// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/gpg_events.hpp"

#include <utility>

namespace repotool::signing {

void GpgEvents::attach(gpgme_ctx_t context) {
    gpgme_io_cbs callbacks{&GpgEvents::add, this, &GpgEvents::remove, &GpgEvents::notice, this};
    gpgme_set_io_cbs(context, &callbacks);
}

gpgme_error_t GpgEvents::run(gpgme_ctx_t context, const std::function<gpgme_error_t(gpgme_ctx_t)>& start,
                             std::chrono::seconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    is_done_ = false;
    result_ = GPG_ERR_NO_ERROR;
    keys_.clear();
    if (const auto error = start(context); error != GPG_ERR_NO_ERROR) return error;
    while (!is_done_) {
        if (serve(end)) continue;
        gpgme_cancel(context);
        return gpgme_error(GPG_ERR_TIMEOUT);
    }
    return result_;
}

std::vector<KeyHandle> GpgEvents::take_keys() {
    return std::exchange(keys_, {});
}

gpgme_error_t GpgEvents::add(void* self, int descriptor, int is_for_reading, gpgme_io_cb_t call,
                             void* argument, void** tag) {
    auto& events = *static_cast<GpgEvents*>(self);
    const int number = events.next_number_++;
    const auto direction = is_for_reading != 0 ? base::Direction::reading : base::Direction::writing;
    events.watches_[number] = {descriptor, direction, call, argument};
    events.tags_[number] = std::make_unique<Tag>(Tag{&events, number});
    *tag = events.tags_[number].get();
    return GPG_ERR_NO_ERROR;
}

void GpgEvents::remove(void* tag) {
    const Tag found = *static_cast<Tag*>(tag);
    found.owner->watches_.erase(found.number);
    found.owner->tags_.erase(found.number);
}

void GpgEvents::notice(void* self, gpgme_event_io_t type, void* data) {
    auto& events = *static_cast<GpgEvents*>(self);
    switch (type) {
        case GPGME_EVENT_DONE: {
            const auto& status = *static_cast<gpgme_io_event_done_data_t>(data);
            events.is_done_ = true;
            events.result_ = status.err != GPG_ERR_NO_ERROR ? status.err : status.op_err;
            break;
        }
        case GPGME_EVENT_NEXT_KEY:
            events.keys_.emplace_back(static_cast<gpgme_key_t>(data));
            break;
        default:
            break;
    }
}

bool GpgEvents::serve(std::chrono::steady_clock::time_point end) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    std::vector<base::Awaited> awaited;
    std::vector<int> numbers;
    for (const auto& [number, watch] : watches_) {
        awaited.push_back({watch.descriptor, watch.direction});
        numbers.push_back(number);
    }
    base::wait_until_ready(awaited, left, "gpg");
    for (std::size_t at = 0; at < awaited.size(); ++at) {
        if (!awaited[at].is_ready) continue;
        // A call may remove watches that are further down the list.
        const auto found = watches_.find(numbers[at]);
        if (found == watches_.end()) continue;
        const Watch watch = found->second;
        watch.call(watch.argument, watch.descriptor);
    }
    return true;
}

}  // namespace repotool::signing
