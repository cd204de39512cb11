// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/cli/result_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/junit.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"

namespace repotool::sync::cli {
namespace {

using nlohmann::json;

// "repository<TAB>path below pool/<repository>/", each once.
std::string package_list(const std::vector<FleetResult>& results) {
    std::set<std::string> lines;
    for (const auto& result : results) {
        if (result.settled_at == 0) continue;
        for (const auto& mirror : result.mirrors) {
            if (mirror.outcome != MirrorOutcome::flipped) continue;
            for (const auto& path : mirror.packages_sent)
                lines.insert(fmt::format("{}\t{}\n", result.repository, path));
        }
    }
    std::string text;
    for (const auto& line : lines) text += line;
    return text;
}

// Why a mirror's test case fails; empty where it does not.
std::string failure_of(const FleetResult& result, const MirrorResult& mirror) {
    if (mirror.failure) return mirror.failure->message;
    const bool is_aborted = result.failure && mirror.outcome == MirrorOutcome::aborted;
    return is_aborted ? "not tried: " + result.failure->message : "";
}

std::string junit(const std::vector<FleetResult>& results) {
    std::vector<base::JunitCase> cases;
    std::int64_t elapsed_ms = 0;
    for (const auto& result : results) {
        elapsed_ms = std::max(elapsed_ms, result.elapsed_ms);
        if (result.mirrors.empty()) {
            cases.push_back({result.repository, "fleet", result.elapsed_ms,
                             result.failure ? result.failure->message : "", "", false});
        }
        for (const auto& mirror : result.mirrors)
            cases.push_back(
                {result.repository, mirror.name, result.elapsed_ms, failure_of(result, mirror), "", false});
    }
    return base::render_junit("mirrorsync", cases, elapsed_ms);
}

// A label's value, as the text format wants it.
std::string label(const std::string& text) {
    std::string out;
    for (const char c : base::printable(text)) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

class Metrics {
public:
    void describe(const std::string& name, const std::string& type, const std::string& help) {
        text_ += fmt::format("# HELP mirrorsync_{0} {1}\n# TYPE mirrorsync_{0} {2}\n", name, help, type);
    }
    void add(const std::string& name, const std::string& labels, double value) {
        text_ += fmt::format("mirrorsync_{}{{{}}} {}\n", name, labels, value);
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string metrics(const std::vector<FleetResult>& results) {
    Metrics metrics;
    const auto each = [&](const auto& action) {
        for (const auto& result : results)
            action(result, fmt::format("repository=\"{}\"", label(result.repository)));
    };
    const auto each_mirror = [&](const auto& action) {
        each([&](const FleetResult& result, const std::string& labels) {
            for (const auto& mirror : result.mirrors)
                action(result, mirror, fmt::format("{},mirror=\"{}\"", labels, label(mirror.name)));
        });
    };
    metrics.describe("success", "gauge", "1 where the run did what it should, 0 where it failed.");
    each([&](const FleetResult& result, const std::string& labels) {
        metrics.add("success", labels, result.failure ? 0 : 1);
    });
    metrics.describe("generation", "gauge", "Number of the generation that this run was about.");
    each([&](const FleetResult& result, const std::string& labels) {
        metrics.add("generation", labels, static_cast<double>(result.generation));
    });
    metrics.describe("duration_seconds", "gauge", "How long the run took.");
    each([&](const FleetResult& result, const std::string& labels) {
        metrics.add("duration_seconds", labels, static_cast<double>(result.elapsed_ms) / 1000.0);
    });
    metrics.describe("phase_seconds", "gauge", "How long a phase of it took.");
    each([&](const FleetResult& result, const std::string& labels) {
        for (const auto& phase : result.phases)
            metrics.add("phase_seconds", fmt::format("{},phase=\"{}\"", labels, phase.name),
                        static_cast<double>(phase.ms) / 1000.0);
    });
    metrics.describe("flip_skew_seconds", "gauge", "Between the first and the last flip.");
    each([&](const FleetResult& result, const std::string& labels) {
        metrics.add("flip_skew_seconds", labels, static_cast<double>(result.flip_skew_ms) / 1000.0);
    });
    metrics.describe("visible_latency_seconds", "gauge",
                     "From the date of the generation to the last flip of the fleet.");
    each([&](const FleetResult& result, const std::string& labels) {
        if (result.settled_at != 0)
            metrics.add("visible_latency_seconds", labels,
                        static_cast<double>(result.settled_at - result.published_at));
    });
    metrics.describe("sent_bytes", "gauge", "What a mirror was sent.");
    each_mirror([&](const FleetResult& /*result*/, const MirrorResult& mirror, const std::string& labels) {
        metrics.add("sent_bytes", labels, static_cast<double>(mirror.bytes_sent));
    });
    metrics.describe("mirror_current", "gauge", "1 where the mirror serves this generation.");
    each_mirror([&](const FleetResult& /*result*/, const MirrorResult& mirror, const std::string& labels) {
        const bool is_current =
            mirror.outcome == MirrorOutcome::flipped || mirror.outcome == MirrorOutcome::unchanged;
        metrics.add("mirror_current", labels, is_current ? 1 : 0);
    });
    return metrics.text();
}

}  // namespace

json document_of(const std::vector<FleetResult>& results) {
    json document = to_json(results.back());
    document["transactions"] = json::array();
    for (const auto& result : results) document["transactions"].push_back(to_json(result));
    const auto failed = std::find_if(results.begin(), results.end(),
                                     [](const auto& result) { return result.failure.has_value(); });
    document["ok"] = failed == results.end();
    if (failed != results.end()) document["error"] = to_json(*failed->failure);
    return document;
}

void write_result_files(const RunOptions& options, const std::vector<FleetResult>& results,
                        const json& document) {
    const auto write = [](const std::string& path, const std::string& text) {
        if (!path.empty()) fs::write_external(path, text, 0644);
    };
    write(options.report, document.dump(1) + "\n");
    write(options.synced_packages, package_list(results));
    write(options.junit, junit(results));
    write(options.metrics, metrics(results));
}

}  // namespace repotool::sync::cli
