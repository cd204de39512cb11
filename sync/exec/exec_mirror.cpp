// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/exec/exec_mirror.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/waste.hpp"
#include "sync/directory/mirror_tree.hpp"
#include "sync/exec/hook.hpp"
#include "sync/mirror/content.hpp"
#include "sync/mirror/version_json.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr std::string_view kScheme = "exec:";

// A directory of this host that is gone with the object.
class Scratch {
public:
    Scratch()
        : path_(fs::make_temporary_directory("mirrorsync-")), filesystem_(fs::open_posix_filesystem(path_)) {}
    ~Scratch() { fs::remove_external(path_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    fs::Filesystem& filesystem() noexcept { return *filesystem_; }
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
    std::unique_ptr<fs::Filesystem> filesystem_;
};

json files_of(const std::vector<store::ContentFile>& files) {
    json list = json::array();
    for (const auto& file : files)
        list.push_back({{"path", file.path}, {"sha256", file.sha256}, {"size", file.size}});
    return list;
}

// What the hook called `name` said: turns the JSON library's complaints into ours.
template <typename Read>
auto reading(const std::string& name, const json& answer, const Read& read) {
    try {
        return read();
    } catch (const json::exception& error) {
        throw Error(ErrorKind::network, "understand", name,
                    fmt::format("{} in {}", error.what(), answer.dump()), "docs/FORMAT.md, 12.4");
    }
}

class ExecMirror : public Mirror {
public:
    ExecMirror(std::string name, std::vector<std::string> command, ExecOptions options,
               const std::string& locks)
        : name_(std::move(name)),
          options_(std::move(options)),
          hook_(name_, std::move(command), options_.timeout_seconds),
          locks_(fs::open_posix_filesystem(locks)) {}

    const std::string& name() const override { return name_; }

    bool try_lock(const std::string& repository) override {
        const std::string path = store::flat_name(repository) + ".lock";
        if (lock_ && locked_ == path) return true;
        lock_ = locks_->try_lock(path, fs::LockMode::exclusive);
        locked_ = path;
        return lock_ != nullptr;
    }
    std::string lock_holder(const std::string& /*repository*/) override {
        return "held by another process of this user on this host";
    }
    void unlock() noexcept override {
        work_.reset();
        lock_.reset();
    }

    MirrorState state(const std::string& repository) override { return look(repository).state; }
    std::vector<UnfinishedTransaction> unfinished(const std::string& repository) override {
        std::vector<UnfinishedTransaction> found;
        for (const auto& [identity, is_prepared] : look(repository).unfinished)
            found.push_back({identity.id(), is_prepared});
        return found;
    }

    PlanSummary plan(const StageRequest& request) override {
        const Seen seen = look(request.identity.repository);
        refuse_rollback(name_, seen.state.highest, request.identity);
        work_ = std::make_unique<Work>(request.source);
        if (!options_.mirror.formats.empty()) work_->source.keep_formats(options_.mirror.formats);
        const auto present = generation_at_source(request.source, seen.state.current);
        work_->plan = make_plan(work_->source, present ? &*present : nullptr);
        // What the one has and the other has not, in the other direction.
        if (present) work_->dropped = make_plan(*present, &work_->source);
        return summarize(work_->plan);
    }

    Transferred stage(const StageRequest& request) override {
        for (const auto& [identity, is_prepared] : look(request.identity.repository).unfinished)
            undo(identity, Undo::everything);
        if (!work_) plan(request);
        Scratch scratch;
        Transferred sent = write_tree(scratch.filesystem(), "tree", work_->source, options_.mirror.base_url);
        json question = step(request);
        question["tree"] = scratch.path() + "/tree";
        question["dropped"] = json::array();
        for (const auto* list : {&work_->dropped.packages, &work_->dropped.metadata}) {
            for (const auto& file : *list) question["dropped"].push_back(file.path);
        }
        hook_.ask("stage", question, request.stop);
        count(work_->plan, request.identity.repository, sent);
        return sent;
    }

    void verify(const StageRequest& request) override {
        if (!work_) {
            throw Error(ErrorKind::conflict, fmt::format("verify {} on", request.identity.shown()), name_,
                        "nothing of it is staged", "run the same command again");
        }
        require_sound_source(request);
        hook_.ask("verify", step(request), request.stop);
        if (!request.check_signature) return;
        request.check_signature(request.source.manifest_text(),
                                request.source.pointer_file("MANIFEST.asc").value_or(""));
    }
    // What is verified is prepared: `state` says so from then on.
    void prepare(const TransactionIdentity& /*identity*/) override { work_.reset(); }

    void flip(const TransactionIdentity& identity, Flip kind) override {
        const Seen seen = look(identity.repository);
        refuse_rollback(name_, seen.state.highest, identity);
        if (seen.state.highest == identity.version && seen.state.current == identity.version) return;
        json question = of(identity);
        question["canary"] = kind == Flip::canary;
        question["link"] = {
            {"path", store::layout::head(identity.repository)},
            {"target", store::layout::head_target(identity.repository, identity.version.generation)}};
        hook_.ask("flip", question);
    }
    void probe(const TransactionIdentity& identity) override {
        if (state(identity.repository).current == identity.version) return;
        throw Error(ErrorKind::network, fmt::format("see {} on", identity.shown()), name_,
                    "clients would read something else");
    }
    void finish(const TransactionIdentity& /*identity*/, base::UnixSeconds /*settled*/) override {}
    void abort(const TransactionIdentity& identity, Undo kind) override {
        work_.reset();
        for (const auto& [known, is_prepared] : look(identity.repository).unfinished) {
            if (known.id() == identity.id()) return undo(identity, kind);
        }
    }

    // Load balancers before such a mirror ask `mirrorsync status`.
    void set_lagging(const std::string& /*repository*/, const std::string& /*reason*/) override {}
    void clear_lagging(const std::string& /*repository*/) override {}

    Retired retire(const RetireRequest& request) override {
        json purged = json::array();
        for (const auto& entry : request.purged) purged.push_back(entry.sha256);
        const json answer = hook_.ask(
            "retire",
            {{"grace",
              {{"metadata", request.rules.grace_metadata}, {"packages", request.rules.grace_packages}}},
             {"keep_generations", request.rules.keep_generations},
             {"purged", purged}});
        return reading(name_, answer, [&] {
            Retired retired;
            retired.generations = answer.value("generations", std::uint64_t{0});
            retired.package_files = answer.value("package_files", std::uint64_t{0});
            retired.metadata_files = answer.value("metadata_files", std::uint64_t{0});
            retired.purged_files = answer.value("purged_files", std::uint64_t{0});
            retired.waiting_files = answer.value("waiting_files", std::uint64_t{0});
            retired.bytes = answer.value("bytes", std::uint64_t{0});
            return retired;
        });
    }

private:
    // From plan() to prepare().
    struct Work {
        explicit Work(const store::GenerationReader& given) : source(given) {}
        store::GenerationReader source;  // with the formats that this mirror carries
        Plan plan;
        Plan dropped;
    };
    struct Seen {
        MirrorState state;
        std::vector<std::pair<TransactionIdentity, bool>> unfinished;  // prepared?
    };

    Seen look(const std::string& repository) const {
        const json answer = hook_.ask("state", {{"repository", repository}});
        return reading(name_, answer, [&] {
            const auto version = [&](const char* key) -> std::optional<Version> {
                if (answer.at(key).is_null()) return std::nullopt;
                return version_from(answer.at(key));
            };
            Seen seen{{version("current"), version("highest")}, {}};
            for (const auto& item : answer.at("unfinished")) {
                seen.unfinished.emplace_back(TransactionIdentity{repository, version_from(item)},
                                             item.at("prepared").get<bool>());
            }
            return seen;
        });
    }

    static json of(const TransactionIdentity& identity) {
        return {{"repository", identity.repository}, {"transaction", version_json(identity.version)}};
    }

    // What stage and verify are told.
    json step(const StageRequest& request) const {
        json question = of(request.identity);
        const auto& source = request.source;
        question["source"] = fs::join_path(source.filesystem().root(), source.path_of(""));
        question["generation"] =
            store::layout::generation(request.identity.repository, request.identity.version.generation);
        std::vector<store::ContentFile> files = work_->plan.packages;
        files.insert(files.end(), work_->plan.metadata.begin(), work_->plan.metadata.end());
        question["files"] = files_of(files);
        question["expected"] = files_of(work_->plan.expected);
        question["links"] = json::array();
        for (const auto& link : work_->plan.shared_links)
            question["links"].push_back({{"path", link.path}, {"target", link.target}});
        question["keys"] = json::array();
        for (const auto& name : key_names(source)) question["keys"].push_back("keys/" + name);
        return question;
    }

    static std::optional<store::GenerationReader> generation_at_source(
        const store::GenerationReader& source, const std::optional<Version>& version) {
        if (!version) return std::nullopt;
        try {
            store::GenerationReader found(source.filesystem(), source.path_of(""),
                                          source.manifest().repository, version->generation);
            if (found.manifest_sha256() == version->manifest_sha256) return found;
        } catch (const Error& error) {  // the source has retired it
            base::detail(error.what());
        }
        return std::nullopt;
    }

    // What the hook copies is what it is told to compare: a damaged source is found here.
    void require_sound_source(const StageRequest& request) const {
        const auto& source = request.source;
        for (const auto* list : {&work_->plan.packages, &work_->plan.metadata}) {
            for (const auto& file : *list) {
                if (request.stop.stop_requested()) throw Cancelled();
                const std::string path = source.path_of(file.path);
                const auto found = fs::digest_file(*source.filesystem().open_read(path));
                if (is_same(found, file)) continue;
                throw Error(ErrorKind::integrity, "read", fs::join_path(source.filesystem().root(), path),
                            fmt::format("expected digest {}, found {}", file.sha256, found.sha256),
                            "the source is damaged: repotool fsck looks for more");
            }
        }
    }

    static void count(const Plan& plan, const std::string& repository, Transferred& sent) {
        const std::size_t prefix = store::layout::pool(repository).size() + 1;
        for (const auto& file : plan.packages) sent.packages.push_back(file.path.substr(prefix));
        const PlanSummary summary = summarize(plan);
        sent.files += summary.files;
        sent.bytes += summary.bytes;
    }

    void undo(const TransactionIdentity& identity, Undo kind) const {
        json question = of(identity);
        question["keep_content"] = kind == Undo::keep_content;
        hook_.ask("abort", question);
    }

    std::string name_;
    ExecOptions options_;
    Hook hook_;
    std::unique_ptr<fs::Filesystem> locks_;
    std::unique_ptr<fs::Lock> lock_;
    std::string locked_;
    std::unique_ptr<Work> work_;
};

}  // namespace

bool is_exec_target(const std::string& target) {
    return target.starts_with(kScheme);
}

std::vector<std::string> exec_words(const std::string& target) {
    std::vector<std::string> words;
    for (const auto& word : base::split(target.substr(kScheme.size()), ' ')) {
        if (!word.empty()) words.push_back(word);
    }
    if (words.empty())
        throw Error(ErrorKind::usage, "use target", target, "expected exec:COMMAND [ARGUMENT…]");
    return words;
}

std::unique_ptr<Mirror> make_exec_mirror(const std::string& name, std::vector<std::string> command,
                                         ExecOptions options, const std::string& locks) {
    return std::make_unique<ExecMirror>(name, std::move(command), std::move(options), locks);
}

}  // namespace repotool::sync
