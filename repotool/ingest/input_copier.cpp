// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/input_copier.hpp"

#include <fmt/format.h>

#include <memory>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {
namespace {

using base::DigestAlgorithm;
using base::Error;
using base::ErrorKind;

constexpr std::size_t kBufferSize = std::size_t{256} << 10U;
constexpr std::string_view kDebMagic = "!<arch>\n";
constexpr std::string_view kRpmMagic = "\xed\xab\xee\xdb";

const std::vector<DigestAlgorithm> kRpmDigests{DigestAlgorithm::sha256};
const std::vector<DigestAlgorithm> kDebDigests{DigestAlgorithm::md5, DigestAlgorithm::sha1,
                                               DigestAlgorithm::sha256, DigestAlgorithm::sha512};

std::unique_ptr<fs::File> open_input(const InputFile& input) {
    if (!input.listed_by.empty() && !fs::external_status(input.path, fs::FinalSymlink::keep)) {
        throw Error(ErrorKind::input, "read", input.path,
                    fmt::format("it is not there, and '{}' lists it", input.listed_by),
                    "all files of an upload must lie beside each other, or be published already");
    }
    return fs::open_external(input.path);
}

formats::Format detect_format(fs::File& file, const std::string& name) {
    std::string head(kDebMagic.size(), '\0');
    head.resize(file.read_at(head, 0));
    if (head.starts_with(kDebMagic)) return formats::Format::deb;
    if (head.starts_with(kRpmMagic)) return formats::Format::rpm;
    throw Error(ErrorKind::input, "read package", name,
                head.empty() ? "the file is empty" : "it is neither a .deb nor an .rpm file");
}

constexpr int kMostReadings = 20;  // of a file to which others add links meanwhile

bool has_same_bytes(const fs::Status& a, const fs::Status& b) {
    return a.size == b.size && a.mtime_ns == b.mtime_ns && a.inode == b.inode;
}

base::FileDigests collect(base::Hasher& hasher, const std::vector<DigestAlgorithm>& algorithms) {
    base::FileDigests digests;
    digests.size = hasher.size();
    for (const auto algorithm : algorithms) {
        std::string hex = hasher.hex(algorithm);
        switch (algorithm) {
            case DigestAlgorithm::md5:
                digests.md5 = std::move(hex);
                break;
            case DigestAlgorithm::sha1:
                digests.sha1 = std::move(hex);
                break;
            case DigestAlgorithm::sha256:
                digests.sha256 = std::move(hex);
                break;
            case DigestAlgorithm::sha512:
                digests.sha512 = std::move(hex);
                break;
        }
    }
    return digests;
}

// Reads the whole file in one pass, which `target` gets a copy of where it is not null. False where something
// but its bytes seems to have changed meanwhile.
bool read_once(fs::File& source, const std::string& name, fs::File* target, base::Hasher& hasher) {
    const fs::Status before = source.status();
    // Not a string: that would write as many zeros for each small package.
    const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferSize);
    while (const std::size_t count = source.read_at({buffer.get(), kBufferSize}, hasher.size())) {
        hasher.update(std::string_view(buffer.get(), count));
        if (target != nullptr) target->write({buffer.get(), count});
    }
    const fs::Status after = source.status();
    if (!has_same_bytes(before, after) || hasher.size() != before.size) {
        throw Error(ErrorKind::input, "read package", name, "it changed while it was read",
                    "publish it again when its writer is done");
    }
    return before.ctime_ns == after.ctime_ns;
}

base::FileDigests read_through(fs::File& source, const std::string& name, fs::File* target,
                               const std::vector<DigestAlgorithm>& algorithms) {
    base::FileDigests last;
    for (int reading = 0; reading < kMostReadings; ++reading) {
        base::Hasher hasher(algorithms);
        const bool is_untouched = read_once(source, name, target, hasher);
        base::FileDigests digests = collect(hasher, algorithms);
        if (reading > 0 && digests.sha256 != last.sha256) break;
        if (is_untouched) return digests;
        last = std::move(digests);
        target = nullptr;  // it has a copy; whether that is right, the next reading tells
    }
    throw Error(ErrorKind::input, "read package", name, "it changed while it was read",
                "publish it again when its writer is done");
}

// What was hashed is what will be published, so nobody can change it after this.
void check_expected(const InputFile& input, const base::FileDigests& digests) {
    if (input.sha256.empty() || (digests.sha256 == input.sha256 && digests.size == input.size)) return;
    if (input.listed_by.empty())
        throw Error(ErrorKind::input, "read", input.path, "it changed while it was read",
                    "publish it again when its writer is done");
    if (digests.size != input.size) {
        throw Error(ErrorKind::input, "read", input.path,
                    fmt::format("it has {} bytes, '{}' says {}", digests.size, input.listed_by, input.size));
    }
    throw Error(
        ErrorKind::input, "read", input.path,
        fmt::format("its SHA-256 is {}, '{}' says {}", digests.sha256, input.listed_by, input.sha256));
}

void refuse_writers(fs::File& source, const InputFile& input) {
    if (!fs::has_writers(source)) return;
    throw Error(ErrorKind::input, "adopt", input.path, "somebody has it open for writing",
                "wait for its writer, or publish it without --adopt");
}

}  // namespace

InputCopier::InputCopier(fs::Filesystem& filesystem, store::Transaction& transaction, Adopt adopt)
    : filesystem_(filesystem),
      transaction_(transaction),
      adopt_(adopt),
      site_(filesystem.status(".").value()) {}

StagedInput InputCopier::take_package(const InputFile& input) {
    const auto source = open_input(input);
    const formats::Format format = detect_format(*source, input.path);
    StagedInput staged = take(*source, input, format == formats::Format::deb ? kDebDigests : kRpmDigests);
    staged.format = format;
    return staged;
}

StagedInput InputCopier::take_file(const InputFile& input) {
    if (auto known = take_published(input)) return std::move(*known);
    return take(*open_input(input), input, kDebDigests);
}

// A later revision of a Debian package does not bring its upstream tarball again: it is there.
std::optional<StagedInput> InputCopier::take_published(const InputFile& input) {
    if (input.listed_by.empty() || input.sha256.empty()) return std::nullopt;
    if (fs::external_status(input.path, fs::FinalSymlink::keep)) return std::nullopt;
    const std::string object = store::layout::object(input.sha256);
    if (!filesystem_.status(object)) return std::nullopt;
    StagedInput staged;
    staged.path = transaction_.fresh_path();
    filesystem_.link(object, staged.path);
    staged.digests = read_through(*filesystem_.open_read(staged.path), input.path, nullptr, kDebDigests);
    check_expected(input, staged.digests);
    return staged;
}

void InputCopier::give_back() noexcept {
    // Of several links to one file the first knows its mode.
    for (auto adopted = adopted_.rbegin(); adopted != adopted_.rend(); ++adopted) {
        try {
            filesystem_.open_read(adopted->first)->set_mode(adopted->second);
        } catch (const std::exception& error) {
            base::warn(fmt::format("the mode of an input stays read-only: {}", error.what()));
        }
    }
    adopted_.clear();
}

void InputCopier::check(const InputFile& input) {
    check_expected(input, read_through(*open_input(input), input.path, nullptr, {DigestAlgorithm::sha256}));
}

bool InputCopier::needs_space(const fs::Status& input) const {
    return adopt_ == Adopt::no || input.device != site_.device;
}

StagedInput InputCopier::take(fs::File& source, const InputFile& input,
                              const std::vector<DigestAlgorithm>& algorithms) {
    StagedInput staged;
    staged.path = transaction_.fresh_path();
    const bool may_adopt = adopt_ == Adopt::yes && !input.is_candidate;  // it changes the mode of the file
    if (may_adopt && adopt(source, input, staged.path)) {
        staged.digests = read_through(source, input.path, nullptr, algorithms);
    } else {
        const auto target = filesystem_.create(staged.path, 0444);
        staged.digests = read_through(source, input.path, target.get(), algorithms);
        target->close();
    }
    check_expected(input, staged.digests);
    return staged;
}

bool InputCopier::adopt(fs::File& source, const InputFile& input, const std::string& staged_path) {
    if (const unsigned owner = source.status().owner; owner != site_.owner) {
        throw Error(ErrorKind::input, "adopt", input.path,
                    fmt::format("it belongs to user {}, the site to user {}", owner, site_.owner),
                    "publish it without --adopt");
    }
    if (!fs::link_external(source, filesystem_, staged_path)) {
        const std::lock_guard lock(mutex_);
        if (!has_warned_)
            base::warn(fmt::format("'{}' cannot be linked into the site, so it is copied",
                                   base::printable(input.path)));
        has_warned_ = true;
        return false;
    }
    refuse_writers(source, input);
    // The one exception from I1: this inode is about to become an object. From here on nobody opens it for
    // writing by accident; who did so since the look above would change what is published.
    {
        const std::lock_guard lock(mutex_);
        adopted_.emplace_back(staged_path, source.status().mode & 07777U);
        source.set_mode(0444);
    }
    refuse_writers(source, input);
    return true;
}

}  // namespace repotool::publisher
