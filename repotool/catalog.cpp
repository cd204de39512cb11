// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/catalog.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/worker.hpp"
#include "core/formats/deb/package_reader.hpp"
#include "core/formats/rpm/package_reader.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {
namespace {

constexpr int kRecordVersion = 2;  // shape and rendering of formats::Package; raise it when either changes
constexpr std::size_t kRowsAtOnce = 256;

const std::vector<base::DigestAlgorithm> kAllDigests{base::DigestAlgorithm::md5, base::DigestAlgorithm::sha1,
                                                     base::DigestAlgorithm::sha256,
                                                     base::DigestAlgorithm::sha512};

}  // namespace

void parse_packages(
    const std::vector<ParseJob>& jobs,
    const std::function<void(std::size_t, std::optional<std::string>, const std::string&)>& collect) {
    for (const auto& job : jobs) {
        if (job.format != formats::Format::rpm) continue;
        formats::rpm::prepare_reader();
        break;
    }
    const auto parse = [&](std::size_t i) {
        const ParseJob& job = jobs[i];
        const auto read =
            job.format == formats::Format::deb ? formats::deb::read_package : formats::rpm::read_package;
        return formats::to_json(read(job.path, job.digests, job.shown_as));
    };
    base::run_in_workers(jobs.size(), fs::processor_count(), parse,
                         [&](std::size_t i, base::WorkerAnswer answer) {
                             collect(i, std::move(answer.bytes), answer.failure);
                         });
}

Catalog::Catalog(fs::Filesystem& filesystem, std::string spool_path)
    : filesystem_(filesystem), spool_path_(std::move(spool_path)) {}
Catalog::~Catalog() = default;

void Catalog::add(const std::string& sha256, const std::string& body) {
    if (!spool_) spool_ = filesystem_.create(spool_path_, 0600);
    spool_->write(body);
    spooled_[sha256] = {spool_size_, body.size()};
    spool_size_ += body.size();
}

formats::Package Catalog::find(const std::string& sha256, formats::Format format) {
    if (const auto place = spooled_.find(sha256); place != spooled_.end()) {
        std::string body(place->second.length, '\0');
        spool_->read_at(body, place->second.offset);
        return formats::package_from_json(body);
    }
    if (const auto body = cache().find(sha256)) return formats::package_from_json(*body);
    const std::string body = read_object(sha256, format);
    add(sha256, body);
    return formats::package_from_json(body);
}

std::string Catalog::read_object(const std::string& sha256, formats::Format format) {
    const auto file = filesystem_.open_read(store::layout::object(sha256));
    const base::FileDigests digests = fs::digest_file(*file, kAllDigests);
    if (digests.sha256 != sha256) {
        throw base::Error(base::ErrorKind::integrity, "read object", sha256,
                          fmt::format("its bytes have digest {}", digests.sha256),
                          "repotool verify --full shows what else is damaged");
    }
    std::string body;
    parse_packages(
        {{format, fs::join_path(filesystem_.root(), store::layout::object(sha256)), digests, sha256}},
        [&](std::size_t, std::optional<std::string> answer, const std::string& failure) {
            if (!answer) throw base::Error(base::ErrorKind::integrity, "read object", sha256, failure);
            body = std::move(*answer);
        });
    return body;
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
