// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/steps.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/store/line_log.hpp"
#include "core/store/queue.hpp"
#include "core/store/transaction_journal.hpp"

namespace repotool::store {
namespace {

using nlohmann::json;

constexpr std::size_t kRunDigits = 16;

std::string log_path(const std::string& transaction) {
    return transaction + "/steps";
}

std::string body_path(const std::string& transaction, const std::string& name) {
    return transaction + "/step." + name;
}

struct Step {
    std::string name;
    std::string sha256;
};

// As far as it can be read: the rest is done again.
std::vector<Step> read_log(fs::Filesystem& filesystem, const std::string& transaction) {
    const std::string path = log_path(transaction);
    std::vector<Step> steps;
    if (!filesystem.status(path)) return steps;
    try {
        for (const auto& line : parse_line_log(fs::read_file(filesystem, path), path).lines) {
            const json document = json::parse(line);
            Step step{document.at("step").get<std::string>(), document.at("sha256").get<std::string>()};
            std::erase_if(steps, [&](const Step& earlier) { return earlier.name == step.name; });
            steps.push_back(std::move(step));
        }
    } catch (const json::exception&) {
        return {};
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::integrity) throw;
        return {};
    }
    return steps;
}

}  // namespace

void note_step(fs::Filesystem& filesystem, const std::string& transaction, const std::string& name,
               std::string_view body, fs::Durable durable) {
    const std::string path = body_path(transaction, name);
    filesystem.remove(path);
    fs::write_new_file(filesystem, path, body, 0600, 0, durable);
    const auto log = filesystem.open_append(log_path(transaction));
    log->write(checked_line(json{{"step", name}, {"sha256", base::sha256_hex(body)}}.dump()));
    if (durable == fs::Durable::yes) log->sync();
    log->close();
    if (durable == fs::Durable::yes) filesystem.sync_directory(transaction);
}

std::vector<std::string> list_steps(fs::Filesystem& filesystem, const std::string& transaction) {
    std::vector<std::string> names;
    for (auto& step : read_log(filesystem, transaction)) names.push_back(std::move(step.name));
    return names;
}

std::optional<std::string> read_step(fs::Filesystem& filesystem, const std::string& transaction,
                                     const std::string& name) {
    for (const auto& step : read_log(filesystem, transaction)) {
        if (step.name != name) continue;
        const std::string path = body_path(transaction, name);
        if (!filesystem.status(path)) return std::nullopt;
        std::string body = fs::read_file(filesystem, path);
        if (base::sha256_hex(body) != step.sha256) return std::nullopt;
        return body;
    }
    return std::nullopt;
}

std::string run_of(const std::string& transaction) {
    const auto parts = base::split(fs::base_name(transaction), '-');
    const bool has_run = parts.size() == 4 && parts[3].size() == kRunDigits;
    return has_run ? std::string(parts[3]) : std::string();
}

base::UnixSeconds beginning_of(const std::string& transaction) {
    const std::string name = fs::base_name(transaction);
    base::UnixSeconds time = 0;
    std::from_chars(name.data(), name.data() + name.size(), time);
    return time;
}

bool is_resumable(fs::Filesystem& filesystem, const std::string& transaction, base::UnixSeconds now) {
    if (run_of(transaction).empty()) return false;
    if (now - beginning_of(transaction) >= kResumableFor || list_steps(filesystem, transaction).empty())
        return false;
    try {
        return read_journal(filesystem, transaction).has_value();
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::integrity) throw;
        return false;
    }
}

bool is_settled(fs::Filesystem& filesystem, const std::string& transaction) {
    const auto journal = read_journal(filesystem, transaction);
    return journal && !journal->has_content && !journal->claim && !journal->is_torn &&
           !has_request(filesystem, transaction);
}

StagedStep split_staged_step(std::string_view body) {
    const std::size_t end = body.find('\n');
    if (end == std::string_view::npos) return {body, {}};
    return {body.substr(0, end), body.substr(end + 1)};
}

StagedPlaces staged_places(fs::Filesystem& filesystem, const std::string& transaction) {
    const auto body = read_step(filesystem, transaction, kStagedStep);
    if (!body) return {};
    StagedPlaces places;
    const json document = json::parse(split_staged_step(*body).document);
    for (const auto& content : document.at("content"))
        places[content.at(1).get<std::string>()] = content.at(0).get<std::string>();
    return places;
}

}  // namespace repotool::store
