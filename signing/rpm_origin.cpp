// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/rpm_origin.hpp"

#include "core/base/digest.hpp"
#include "core/fs/external.hpp"
#include "signing/rpm_check.hpp"
#include "signing/rpm_layout.hpp"

namespace repotool::signing {

std::string front_of(const std::filesystem::path& path) {
    const RpmLayout layout = read_rpm_layout(path);
    std::string front(layout.payload_offset - layout.header.size(), '\0');
    const auto file = fs::open_external(path);
    front.resize(file->read_at(front, 0));  // the layout was read from there: it is that long
    return front;
}

std::string digest_with_front(const std::filesystem::path& path, std::string_view front) {
    const RpmLayout layout = read_rpm_layout(path);
    base::Hasher hasher;
    hasher.update(front);
    package_content(path, layout)([&](std::string_view bytes) { hasher.update(bytes); });
    return hasher.hex();
}

}  // namespace repotool::signing
