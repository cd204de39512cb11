// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/ingest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/work_queue.hpp"
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

// A package on its way: staged, parsed, or refused.
struct Staged {
    ParseJob job;
    Ingested ingested;
    std::map<std::string, std::string> paths;  // of the other files of a source package, by name
    const InputFile* input = nullptr;          // a source package's is its .dsc
    std::vector<Error> refusals;
    bool is_parsed = false;
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
            take_packages();
            take_extras();
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
    void take_packages();
    void stage_package(const InputFile& input, Staged& staged);
    void stage_source(const SourceInput& source, Staged& staged);
    void parse(std::size_t place);
    void check_uploaders() const;
    void add_parsed(Staged& staged, const std::string& body);
    void tell_packages();
    void take_extras();
    void parse_extras();
    void sync() const;
    ParserNeeds parser_needs() const;

    fs::Filesystem& filesystem_;
    Catalog& catalog_;
    const Inputs& inputs_;
    const IngestOptions& options_;
    InputCopier copier_;
    Refusals refusals_;
    std::vector<Staged> staged_;
    std::vector<std::size_t> parsing_;  // places in staged_, in the order of the parser's jobs
    PackageParser* parser_ = nullptr;
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

// Adds what is wrong with a file to `refusals`.
template <typename Action>
void collect_refusals(const std::string& name, std::vector<Error>& refusals, const Action& action) {
    try {
        action();
    } catch (const base::SystemError&) {
        throw;  // no space, I/O error: nothing is wrong with the package
    } catch (const Error& error) {
        refusals.emplace_back(error.kind(), "publish", name, error.reason(), error.hint());
    }
}

ParserNeeds Ingestion::parser_needs() const {
    ParserNeeds needs{inputs_.packages.size() + inputs_.sources.size(), false, 0};
    for (const auto& input : inputs_.packages) {
        needs.has_rpm = needs.has_rpm || !input.path.ends_with("deb");
        if (options_.contents != Contents::list) continue;
        const auto status = fs::external_status(input.path, fs::FinalSymlink::keep);
        if (status) needs.largest = std::max(needs.largest, status->size);
    }
    return needs;
}

// Threads read, hash and copy or link; worker processes parse what is staged meanwhile.
void Ingestion::take_packages() {
    const std::size_t count = inputs_.packages.size();
    staged_.resize(count + inputs_.sources.size());
    if (staged_.empty()) return;
    PackageParser parser(
        parser_needs(), [&](std::size_t job, std::optional<std::string> body, const std::string& failure) {
            Staged& staged = staged_[parsing_[job]];
            if (!body)
                return void(
                    staged.refusals.emplace_back(ErrorKind::input, "publish", staged.input->path, failure));
            add_parsed(staged, *body);
        });
    parser_ = &parser;
    base::WorkQueue queue(fs::processor_count());
    parser.pool().set_fork_guard([&](const std::function<void()>& fork) { queue.while_idle(fork); });
    const bool must_be_vouched = !options_.uploaders.public_keys.empty();
    for (std::size_t i = 0; i < staged_.size(); ++i) {
        queue.add(
            [&, i] {
                if (i < count)
                    stage_package(inputs_.packages[i], staged_[i]);
                else
                    stage_source(inputs_.sources[i - count], staged_[i]);
            },
            [&, i] {
                if (!must_be_vouched) parse(i);
            });
    }
    queue.finish();
    if (must_be_vouched) {
        // What is refused already need not be signed, too.
        const bool any = std::any_of(staged_.begin(), staged_.end(),
                                     [](const Staged& staged) { return !staged.refusals.empty(); });
        if (!any) check_uploaders();
        for (std::size_t i = 0; i < staged_.size(); ++i) parse(i);
    }
    parser.finish();
    parser_ = nullptr;
    tell_packages();
}

void Ingestion::stage_package(const InputFile& input, Staged& staged) {
    staged.input = &input;
    collect_refusals(input.path, staged.refusals, [&] {
        const StagedInput file = copier_.take_package(input);
        staged.job = {file.format, fs::join_path(filesystem_.root(), file.path), file.digests, input.path};
        staged.job.contents = options_.contents;
        staged.ingested.staged_path = file.path;
        staged.ingested.origin = input.path;
        staged.ingested.dist = input.dist;
        staged.ingested.is_candidate = input.is_candidate;
    });
}

void Ingestion::stage_source(const SourceInput& source, Staged& staged) {
    staged.ingested.origin = source.control.path;
    staged.ingested.dist = source.control.dist;
    staged.ingested.is_candidate = source.control.is_candidate;
    staged.input = &source.control;
    collect_refusals(source.control.path, staged.refusals, [&] {
        const StagedInput control = copier_.take_file(source.control);
        const std::string path = fs::join_path(filesystem_.root(), control.path);
        staged.job = {formats::Format::deb, path, control.digests, source.control.path};
        staged.ingested.staged_path = control.path;
    });
    staged.job.source_files.emplace();
    for (const auto& part : source.files) {
        collect_refusals(part.path, staged.refusals, [&] {
            const StagedInput file = copier_.take_file(part);
            const std::string name = fs::base_name(part.path);
            (*staged.job.source_files)[name] = file.digests;
            staged.paths[name] = file.path;
        });
    }
}

void Ingestion::parse(std::size_t place) {
    if (!staged_[place].refusals.empty()) return;
    parsing_.push_back(place);
    parser_->add(staged_[place].job);
}

// In the order of the input, whoever was ready first.
void Ingestion::tell_packages() {
    for (auto& staged : staged_) {
        for (const auto& refusal : staged.refusals) refusals_.add(refusal);
        if (staged.is_parsed) result_.packages.push_back(std::move(staged.ingested));
    }
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
    for (const auto& extra : inputs_.extras) demand(extra.path, {});
    refusals.throw_if_any();
}

void Ingestion::add_parsed(Staged& staged, const std::string& body) {
    formats::Package package = formats::package_from_bytes(body);
    package.index.clear();
    const InputFile& input = *staged.input;
    if (input.claim != nullptr) {
        const std::string reason = contradiction(*input.claim, package, input.listed_by);
        if (!reason.empty())
            return void(staged.refusals.emplace_back(ErrorKind::input, "publish", input.path, reason));
    }
    catalog_.add(package.sha256, body);
    for (const auto& file : package.files) staged.ingested.staged_files.push_back(staged.paths.at(file.name));
    staged.ingested.package = std::move(package);
    staged.is_parsed = true;
}

void Ingestion::take_extras() {
    std::vector<Error> refusals;
    for (const auto& input : inputs_.extras) {
        collect_refusals(input.path, refusals, [&] {
            extras_.push_back({input, copier_.take_file({input.path}).path});
        });
    }
    for (const auto& input : inputs_.unpublished)
        collect_refusals(input.path, refusals, [&] { copier_.check(input); });
    for (const auto& refusal : refusals) refusals_.add(refusal);
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
