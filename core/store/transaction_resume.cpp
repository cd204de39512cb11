// SPDX-License-Identifier: GPL-3.0-or-later
// The part of a transaction that outlives the process that began it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/store/steps.hpp"
#include "core/store/transaction.hpp"

namespace repotool::store {
namespace {

using nlohmann::json;

// By-hash files and manifest parts are named by their digest, RPM indexes begin with it.
std::string digest_in_name(const std::string& path) {
    return fs::base_name(path).substr(0, 64);
}

std::string digest_of(fs::Filesystem& filesystem, const std::string& path) {
    const auto status = filesystem.status(path);
    if (!status || status->kind != fs::Kind::file) return {};
    return fs::digest_file(*filesystem.open_read(path)).sha256;
}

}  // namespace

std::unique_ptr<Transaction> Transaction::take_over(Site& site, const std::string& repository,
                                                    const std::string& directory,
                                                    std::unique_ptr<fs::Lock> lock) {
    std::unique_ptr<Transaction> transaction(new Transaction(site, repository));
    transaction->directory_ = directory;
    transaction->lock_ = std::move(lock);
    transaction->is_resumed_ = true;
    for (const auto& name : site.filesystem().list(directory + "/files")) {
        std::uint64_t number = 0;
        std::from_chars(name.data(), name.data() + name.size(), number);
        transaction->next_fresh_ = std::max<std::uint64_t>(transaction->next_fresh_, number + 1);
    }
    return transaction;
}

void Transaction::note_step(const std::string& name, std::string_view body, fs::Durable durable) {
    if (!run_of(directory_).empty()) store::note_step(filesystem_, directory_, name, body, durable);
}

std::optional<std::string> Transaction::finished_step(const std::string& name) const {
    if (!is_resumed_) return std::nullopt;
    return read_step(filesystem_, directory_, name);
}

void Transaction::note_staged(const std::string& of) {
    if (run_of(directory_).empty()) return;
    json content = json::array(), pool = json::array(), links = json::array(), texts = json::array();
    std::set<std::string> there = planned_;
    for (const auto& item : content_) content.push_back({item.staged_path, item.path});
    for (const auto& item : pool_) pool.push_back({item.path, item.sha256});
    for (const auto& item : links_) links.push_back({item.path, item.target});
    for (const auto& item : texts_) texts.push_back({item.staged_path, item.path});
    for (const auto& item : content_) there.erase(item.path);
    for (const auto& item : pool_) there.erase(item.path);
    for (const auto& item : links_) there.erase(item.path);
    const json document{{"content", content},
                        {"pool", pool},
                        {"links", links},
                        {"texts", texts},
                        {"kept_texts", kept_texts_},
                        {"dropped_texts", dropped_texts_},
                        {"there", there},
                        {"tree_files", tree_files_},
                        {"tree_links", tree_links_}};
    // commit() syncs all of it at once
    note_step(kStagedStep, fmt::format("{}\n{}", document.dump(), of), fs::Durable::no);
}

std::optional<std::string> Transaction::noted_staging() const {
    const auto body = finished_step(kStagedStep);
    if (!body) return std::nullopt;
    return std::string(split_staged_step(*body).of);
}

bool Transaction::is_as_noted(const StagedContent& content) const {
    return !filesystem_.status("public/" + content.path) &&
           digest_of(filesystem_, content.staged_path) == digest_in_name(content.path);
}

bool Transaction::restore_staged() {
    const auto body = finished_step(kStagedStep);
    if (!body) return false;
    const json document = json::parse(split_staged_step(*body).document);
    std::vector<StagedContent> content;
    for (const auto& item : document.at("content"))
        content.push_back(
            {item.at(0).get<std::string>(), item.at(1).get<std::string>(), ContentProof::read_back});
    const auto files = document.at("tree_files").get<std::map<std::string, std::string>>();
    const auto links = document.at("tree_links").get<std::map<std::string, std::string>>();
    const auto there = document.at("there").get<std::set<std::string>>();
    // gc may have taken what was there, and somebody may have made what was not.
    const bool is_whole =
        std::all_of(content.begin(), content.end(), [&](const auto& item) { return is_as_noted(item); }) &&
        std::all_of(there.begin(), there.end(),
                    [&](const auto& path) { return filesystem_.status("public/" + path).has_value(); }) &&
        std::all_of(
            files.begin(), files.end(),
            [&](const auto& file) { return digest_of(filesystem_, tree_path(file.first)) == file.second; }) &&
        std::all_of(links.begin(), links.end(), [&](const auto& link) {
            return filesystem_.read_link(tree_path(link.first)) == link.second;
        });
    if (!is_whole) return false;
    content_ = std::move(content);
    for (const auto& item : document.at("pool")) add_pool_name(item.at(0), item.at(1));
    for (const auto& item : document.at("links")) add_shared_link(item.at(0), item.at(1));
    for (const auto& item : document.at("texts")) {
        if (filesystem_.status(item.at(0).get<std::string>())) add_text(item.at(0), item.at(1));
    }
    document.at("kept_texts").get_to(kept_texts_);
    document.at("dropped_texts").get_to(dropped_texts_);
    tree_files_ = files;
    tree_links_ = links;
    for (const auto* names : {&tree_files_, &tree_links_}) {
        for (const auto& [path, value] : *names) staged_directories_.insert(fs::parent_path(tree_path(path)));
    }
    return true;
}

std::string Transaction::put_tree_aside() {
    const std::string before = directory_ + "/before";
    fs::remove_tree(filesystem_, before);
    if (filesystem_.status(tree_path(""))) filesystem_.rename(tree_path(""), before, fs::Replace::no);
    filesystem_.make_directory(tree_path(""), 0755);
    return before;
}

}  // namespace repotool::store
