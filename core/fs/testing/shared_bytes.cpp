// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/testing/shared_bytes.hpp"

#include <mutex>
#include <utility>

#include "core/base/digest.hpp"

namespace repotool::fs::testing {

SharedBytes::SharedBytes(std::string text) {
    if (!text.empty()) content_ = std::make_shared<Content>(Content{std::move(text), {}});
}

const std::string& SharedBytes::text() const {
    static const std::string kNothing;
    return content_ ? content_->text : kNothing;
}

std::string& SharedBytes::edit() {
    if (!content_ || content_.use_count() > 1) content_ = std::make_shared<Content>(Content{text(), {}});
    content_->digest.clear();
    return content_->text;
}

std::string SharedBytes::digest() const {
    static std::mutex mutex;  // threads may ask for the same content
    if (!content_) return base::sha256_hex({});
    const std::lock_guard guard(mutex);
    if (content_->digest.empty()) content_->digest = base::sha256_hex(content_->text);
    return content_->digest;
}

}  // namespace repotool::fs::testing
