// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/packages/catalog.hpp"

#include <fmt/format.h>

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"
#include "core/base/worker.hpp"
#include "core/formats/deb/upload_control.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {
namespace {

constexpr int kRecordVersion = 4;  // shape and rendering of formats::Package; raise it when either changes
constexpr std::size_t kRowsAtOnce = 256;

const std::vector<base::DigestAlgorithm> kAllDigests{base::DigestAlgorithm::md5, base::DigestAlgorithm::sha1,
                                                     base::DigestAlgorithm::sha256,
                                                     base::DigestAlgorithm::sha512};

// A .dsc is text, and every other object of Debian an ar archive.
bool is_source_control(fs::File& object) {
    constexpr std::string_view kArchive = "!<arch>\n";
    std::string head(kArchive.size(), '\0');
    head.resize(object.read_at(head, 0));
    return head != kArchive;
}

bool has_contents(const formats::Package& package) {
    return package.format == formats::Format::rpm || package.kind == formats::PackageKind::source ||
           package.index.contains("Contents");
}

[[noreturn]] void damaged(const std::string& sha256, const std::string& reason) {
    throw base::Error(base::ErrorKind::integrity, "read object", sha256, reason);
}

}  // namespace

Catalog::Catalog(fs::Filesystem& filesystem, std::string spool_path)
    : filesystem_(filesystem), spool_path_(std::move(spool_path)) {}
Catalog::~Catalog() = default;

void Catalog::add(const std::string& sha256, const std::string& body) {
    if (!spool_) spool_ = filesystem_.create(spool_path_, 0600);
    spool_->write(body);
    spooled_[sha256] = {spool_size_, body.size(), base::checksum64(body)};
    spool_size_ += body.size();
}

bool Catalog::add_from(const std::string& spool_path, const std::map<std::string, Place>& places) {
    if (places.empty()) return true;
    if (!filesystem_.status(spool_path)) return false;
    const auto spool = filesystem_.open_read(spool_path);
    for (const auto& [sha256, place] : places) {
        std::string body(place.length, '\0');
        const bool is_whole = spool->read_at(body, place.offset) == place.length;
        if (!is_whole || base::checksum64(body) != place.checksum) return false;
        add(sha256, body);
    }
    return true;
}

void Catalog::sync() {
    if (spool_) spool_->sync();
}

formats::Package Catalog::find(const std::string& sha256, formats::Format format, Needs needs) {
    if (const auto body = find_record(sha256)) {
        formats::Package package = formats::package_from_bytes(*body);
        if (needs == Needs::index || has_contents(package)) return package;
    }
    const std::string body = read_object(sha256, format, needs);
    add(sha256, body);
    return formats::package_from_bytes(body);
}

std::optional<std::string> Catalog::find_record(const std::string& sha256) {
    const auto place = spooled_.find(sha256);
    if (place == spooled_.end()) return cache().find(sha256);
    std::string body(place->second.length, '\0');
    spool_->read_at(body, place->second.offset);
    return body;
}

void Catalog::prepare(const std::vector<store::Record>& records, formats::Format format) {
    std::vector<std::string> missing;
    for (const auto& record : records) {
        if (!spooled_.contains(record.sha256) && !cache().contains(record.sha256))
            missing.push_back(record.sha256);
    }
    if (missing.empty()) return;
    PackageParser parser({missing.size(), format == formats::Format::rpm, 0},
                         [&](std::size_t i, std::optional<std::string> body, const std::string& failure) {
                             if (!body) damaged(missing[i], failure);
                             add(missing[i], *body);
                         });
    for (const auto& sha256 : missing) parser.add(parse_job(sha256, format, Needs::index));
    parser.finish();
}

std::string Catalog::read_object(const std::string& sha256, formats::Format format, Needs needs) {
    std::string body;
    parse_packages({parse_job(sha256, format, needs)},
                   [&](std::size_t, std::optional<std::string> answer, const std::string& failure) {
                       if (!answer) damaged(sha256, failure);
                       body = std::move(*answer);
                   });
    return body;
}

ParseJob Catalog::parse_job(const std::string& sha256, formats::Format format, Needs needs) {
    const std::string object = store::layout::object(sha256);
    const auto file = filesystem_.open_read(object);
    ParseJob job{format, fs::join_path(filesystem_.root(), object), digests_of(sha256, *file), sha256};
    if (format == formats::Format::deb && is_source_control(*file))
        job.source_files = source_files(sha256, *file);
    if (needs == Needs::contents) job.contents = Contents::list;
    return job;
}

base::FileDigests Catalog::digests_of(const std::string& sha256, fs::File& object) {
    base::FileDigests digests = fs::digest_file(object, kAllDigests);
    if (digests.sha256 == sha256) return digests;
    throw base::Error(base::ErrorKind::integrity, "read object", sha256,
                      fmt::format("its bytes have digest {}", digests.sha256),
                      "repotool verify --full shows what else is damaged");
}

// The files of a source package are objects, too; its stanza has digests that its .dsc may not give.
std::map<std::string, base::FileDigests> Catalog::source_files(const std::string& sha256, fs::File& control) {
    const std::string text = fs::read_all(control, sha256, formats::deb::kUploadControlMax);
    formats::deb::UploadControl listed;
    base::run_in_workers(
        1, 1,
        [&](std::size_t) {
            return formats::deb::to_json(
                formats::deb::read_upload_control(text, formats::deb::UploadKind::source, sha256));
        },
        [&](std::size_t, base::WorkerAnswer answer) {
            if (!answer.bytes) damaged(sha256, answer.failure);
            listed = formats::deb::upload_control_from_json(*answer.bytes);
        });
    std::map<std::string, base::FileDigests> files;
    for (const auto& file : listed.files) {
        const std::string& digest = file.digests.sha256;
        files[file.name] = digests_of(digest, *filesystem_.open_read(store::layout::object(digest)));
    }
    return files;
}

void Catalog::save() {
    std::vector<store::RecordCache::Row> rows;
    for (const auto& [sha256, place] : spooled_) {
        rows.push_back({sha256, std::string(place.length, '\0')});
        spool_->read_at(rows.back().body, place.offset);
        if (rows.size() < kRowsAtOnce) continue;
        cache().put(rows);
        rows.clear();
    }
    cache().put(rows);
}

store::RecordCache& Catalog::cache() {
    if (!cache_)
        cache_ = std::make_unique<store::RecordCache>(
            fs::join_path(filesystem_.root(), store::layout::kRecordCache), kRecordVersion);
    return *cache_;
}

}  // namespace repotool::publisher
