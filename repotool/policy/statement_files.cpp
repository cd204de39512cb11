// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/worker.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "repotool/policy/statement.hpp"
#include "signing/envelope.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr std::uint64_t kLargestFile = std::uint64_t{64} << 20U;

std::string read_text(const std::string& path) {
    const auto file = fs::open_external(path);
    if (file->status().size > kLargestFile)
        throw Error(ErrorKind::input, "read", path,
                    fmt::format("it is larger than {}", base::human_size(kLargestFile)));
    return fs::read_all(*file, path, kLargestFile);
}

json look_at(std::string_view text, const std::string& name) {
    const signing::Envelope envelope = signing::parse_envelope(text, name);
    json found{{"origin", name}, {"line", envelope.line}, {"subjects", json::array()}, {"fault", ""}};
    if (envelope.payload_type != kStatementPayload) {
        found["fault"] = fmt::format("its payloadType is '{}', expected {}",
                                     base::printable(envelope.payload_type), kStatementPayload);
        return found;
    }
    const Statement statement = parse_statement(envelope.payload, name);
    found["subjects"] = statement.subjects;
    if (statement.type != kStatementType)
        found["fault"] =
            fmt::format("its _type is '{}', expected {}", base::printable(statement.type), kStatementType);
    return found;
}

// Pretty-printed, one document has several lines: the first does not hold all of it.
bool is_one_document(std::string_view text) {
    const auto end = text.find('\n');
    return end == std::string_view::npos || !base::trim(text.substr(0, end)).ends_with('}');
}

// Runs in a worker, whose answer to an error is the reason alone.
std::string look_at_all(std::string_view text, const std::string& path) {
    if (is_one_document(base::trim(text))) return json::array({look_at(text, path)}).dump();
    json list = json::array();
    std::size_t number = 0;
    for (const auto& line : base::split(text, '\n')) {
        const std::string name = fmt::format("{}:{}", path, ++number);
        if (base::trim(line).empty()) continue;
        try {
            list.push_back(look_at(line, name));
        } catch (const Error& error) {
            throw Error(error.kind(), "read", name, fmt::format("line {}: {}", number, error.reason()));
        }
    }
    return list.dump();
}

std::vector<OfferedStatement> offered_from(const std::string& answer, const std::string& path) {
    std::vector<OfferedStatement> offered;
    for (const auto& item : json::parse(answer)) {
        offered.push_back({item.at("origin").get<std::string>(), path, item.at("line").get<std::string>(),
                           item.at("subjects").get<std::vector<std::string>>(),
                           item.at("fault").get<std::string>()});
    }
    return offered;
}

}  // namespace

std::vector<OfferedStatement> read_statement_files(const std::vector<std::string>& paths) {
    std::vector<OfferedStatement> offered;
    std::vector<Error> failures;
    base::run_in_workers(
        paths.size(), fs::processor_count(),
        [&](std::size_t i) { return look_at_all(read_text(paths[i]), paths[i]); },
        [&](std::size_t i, base::WorkerAnswer answer) {
            if (!answer.bytes)
                return void(failures.emplace_back(ErrorKind::input, "take statement", paths[i],
                                                  answer.failure, "expected DSSE envelopes, one a line"));
            for (auto& statement : offered_from(*answer.bytes, paths[i]))
                offered.push_back(std::move(statement));
        });
    if (failures.empty()) return offered;
    std::vector<std::string> others;
    for (std::size_t i = 1; i < failures.size(); ++i) others.emplace_back(failures[i].what());
    failures.front().set_also(std::move(others));
    throw failures.front();
}

}  // namespace repotool::publisher
