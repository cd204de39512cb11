// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/ingest.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/worker.hpp"
#include "core/formats/rpm/extra_metadata.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/sync_batch.hpp"
#include "repotool/ingest/refusals.hpp"
#include "repotool/ingest/upload_claim.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

// A package that is staged and waits to be parsed.
struct Staged {
    ParseJob job;
    Ingested ingested;
    std::map<std::string, std::string> paths;  // of the other files of a source package, by name
    const InputFile* input = nullptr;          // a source package's is its .dsc
};

struct StagedExtra {
    ExtraInput input;
    std::string path;
};

class Ingestion {
public:
    Ingestion(fs::Filesystem& filesystem, store::Transaction& transaction, Catalog& catalog,
              const Inputs& inputs, const IngestOptions& options)
        : filesystem_(filesystem),
          catalog_(catalog),
          inputs_(inputs),
          options_(options),
          copier_(filesystem, transaction, options.adopt) {}

    IngestedInputs run() {
        check_space();
        try {
            stage_all();
            if (!refusals_.any()) check_uploaders();  // what is refused already need not be signed, too
            parse_staged();
            parse_extras();
            refusals_.throw_if_any();
            sync();
        } catch (...) {
            copier_.give_back();
            throw;
        }
        return std::move(result_);
    }

private:
    void check_space() const;
    void stage_all();
    void stage_package(const InputFile& input);
    void stage_source(const SourceInput& input);
    void stage_extra(const ExtraInput& input);
    void check_uploaders() const;
    void parse_staged();
    void add_parsed(Staged& staged, const std::string& body);
    void parse_extras();
    void sync() const;
    // False where the action threw what is wrong with the file.
    template <typename Action>
    bool collect_refusals(const std::string& name, const Action& action);

    fs::Filesystem& filesystem_;
    Catalog& catalog_;
    const Inputs& inputs_;
    const IngestOptions& options_;
    InputCopier copier_;
    Refusals refusals_;
    std::vector<Staged> staged_;
    std::vector<StagedExtra> extras_;
    IngestedInputs result_;
};

void Ingestion::check_space() const {
    std::uint64_t needed = 0;
    const auto add = [&](const std::string& path) {
        const auto status = fs::external_status(path, fs::FinalSymlink::keep);
        if (status && copier_.needs_space(*status)) needed += status->size;
    };
    for (const auto& input : inputs_.packages) add(input.path);
    for (const auto& input : inputs_.extras) add(input.path);
    for (const auto& source : inputs_.sources) {
        add(source.control.path);
        for (const auto& file : source.files) add(file.path);
    }
    const std::uint64_t free = filesystem_.free_bytes();
    if (needed > free) {
        throw Error(ErrorKind::storage, "publish into", filesystem_.root(),
                    fmt::format("the packages need {}, {} are free", base::human_size(needed),
                                base::human_size(free)),
                    "free some space; nothing was changed");
    }
}

template <typename Action>
bool Ingestion::collect_refusals(const std::string& name, const Action& action) {
    try {
        action();
        return true;
    } catch (const base::SystemError&) {
        throw;  // no space, I/O error: nothing is wrong with the package
    } catch (const Error& error) {
        refusals_.add(name, error.reason(), error.hint());
        return false;
    }
}

void Ingestion::stage_all() {
    for (const auto& input : inputs_.packages) collect_refusals(input.path, [&] { stage_package(input); });
    for (const auto& input : inputs_.sources) stage_source(input);
    for (const auto& input : inputs_.extras) collect_refusals(input.path, [&] { stage_extra(input); });
    for (const auto& input : inputs_.unpublished) collect_refusals(input.path, [&] { copier_.check(input); });
}

void Ingestion::stage_package(const InputFile& input) {
    const StagedInput file = copier_.take_package(input);
    Staged staged;
    staged.job = {file.format, fs::join_path(filesystem_.root(), file.path), file.digests, input.path};
    staged.job.contents = options_.contents;
    staged.ingested.staged_path = file.path;
    staged.ingested.origin = input.path;
    staged.ingested.dist = input.dist;
    staged.input = &input;
    staged_.push_back(std::move(staged));
}

void Ingestion::stage_source(const SourceInput& input) {
    Staged staged;
    staged.ingested.origin = input.control.path;
    staged.ingested.dist = input.control.dist;
    staged.input = &input.control;
    bool is_whole = collect_refusals(input.control.path, [&] {
        const StagedInput control = copier_.take_file(input.control);
        const std::string path = fs::join_path(filesystem_.root(), control.path);
        staged.job = {formats::Format::deb, path, control.digests, input.control.path};
        staged.ingested.staged_path = control.path;
    });
    staged.job.source_files.emplace();
    for (const auto& part : input.files) {
        is_whole &= collect_refusals(part.path, [&] {
            const StagedInput file = copier_.take_file(part);
            const std::string name = fs::base_name(part.path);
            (*staged.job.source_files)[name] = file.digests;
            staged.paths[name] = file.path;
        });
    }
    if (is_whole) staged_.push_back(std::move(staged));
}

void Ingestion::stage_extra(const ExtraInput& input) {
    extras_.push_back({input, copier_.take_file({input.path}).path});
}

// By content: a name in an upload is only where its file was found.
void Ingestion::check_uploaders() const {
    if (options_.uploaders.public_keys.empty()) return;
    const auto vouched = vouched_digests(inputs_, options_.uploaders);
    Refusals refusals(ErrorKind::policy);
    const auto demand = [&](const std::string& path, const base::FileDigests& digests) {
        if (!vouched.contains(digests.sha256))
            refusals.add(
                path, "no .changes or .dsc that an uploader signed lists it",
                fmt::format("this repository takes what keys of {} signed", options_.uploaders.name));
    };
    for (const auto& staged : staged_) {
        demand(staged.job.shown_as, staged.job.digests);
        if (!staged.job.source_files) continue;
        for (const auto& [name, digests] : *staged.job.source_files) demand(name, digests);
    }
    for (const auto& extra : extras_) demand(extra.input.path, {});
    refusals.throw_if_any();
}

void Ingestion::parse_staged() {
    std::vector<ParseJob> jobs;
    for (auto& staged : staged_) jobs.push_back(std::move(staged.job));
    parse_packages(jobs, [&](std::size_t i, std::optional<std::string> body, const std::string& failure) {
        if (!body) return refusals_.add(jobs[i].shown_as, failure);
        add_parsed(staged_[i], *body);
    });
}

void Ingestion::add_parsed(Staged& staged, const std::string& body) {
    formats::Package package = formats::package_from_bytes(body);
    package.index.clear();
    const InputFile& input = *staged.input;
    if (input.claim != nullptr) {
        const std::string reason = contradiction(*input.claim, package, input.listed_by);
        if (!reason.empty()) return refusals_.add(input.path, reason);
    }
    catalog_.add(package.sha256, body);
    for (const auto& file : package.files) staged.ingested.staged_files.push_back(staged.paths.at(file.name));
    staged.ingested.package = std::move(package);
    result_.packages.push_back(std::move(staged.ingested));
}

void Ingestion::parse_extras() {
    base::WorkerLimits limits;
    limits.extra_memory = 4 * formats::rpm::kMaximumExtra;  // checking takes about three times the text
    const auto read = [&](std::size_t i) {
        const StagedExtra& extra = extras_[i];
        return formats::rpm::read_extra(extra.input.type, fs::join_path(filesystem_.root(), extra.path),
                                        extra.input.path);
    };
    base::run_in_workers(
        extras_.size(), fs::processor_count(), read,
        [&](std::size_t i, base::WorkerAnswer answer) {
            const ExtraInput& input = extras_[i].input;
            if (!answer.bytes) return refusals_.add(input.path, answer.failure);
            result_.extras.push_back({input.type, std::move(*answer.bytes), input.path, {}});
        },
        limits);
}

// Before the lock: others need not wait for our disk.
void Ingestion::sync() const {
    store::SyncBatch batch(filesystem_);
    for (const auto& item : result_.packages) {
        batch.add_file(item.staged_path);
        for (const auto& path : item.staged_files) batch.add_file(path);
    }
    batch.flush();
}

}  // namespace

IngestedInputs ingest(fs::Filesystem& filesystem, store::Transaction& transaction, Catalog& catalog,
                      const Inputs& inputs, const IngestOptions& options) {
    return Ingestion(filesystem, transaction, catalog, inputs, options).run();
}

}  // namespace repotool::publisher
