// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/cli/checks.hpp"

#include <fmt/format.h>

#include <memory>

#include "core/base/junit.hpp"
#include "core/base/text.hpp"
#include "repotool/inspect/closure.hpp"
#include "repotool/inspect/verify.hpp"
#include "repotool/policy/subject.hpp"

namespace repotool::cli {

using publisher::OpenSite;
using store::GenerationReader;

std::string reference_of(const GenerationReader& tested) {
    return fmt::format("{}@{}", tested.manifest().repository, tested.manifest().generation);
}

Check lint(OpenSite& site, const GenerationReader& tested) {
    Check check{"lint", {}, {}, 0, {}};
    const auto report = publisher::verify_generation(*site.filesystem, "public", reference_of(tested),
                                                     publisher::Depth::full);
    for (const auto& finding : report.findings) check.findings.push_back({finding.path, finding.problem});
    check.remark = fmt::format("{} read", base::counted(report.files, "file"));
    return check;
}

Check closure(OpenSite& site, const GenerationReader& tested) {
    Check check{"closure", {}, {}, 0, {}};
    const auto base = publisher::base_of(tested);
    std::unique_ptr<GenerationReader> below;
    if (base)
        below = std::make_unique<GenerationReader>(*site.filesystem, "public", base->repository,
                                                   base->generation);
    const auto report = publisher::check_closure(tested, below.get());
    for (const auto& each : report.unfulfilled)
        check.findings.push_back({fmt::format("{} ({})", each.package, each.place),
                                  fmt::format("needs {}, here is {}", each.need, each.here)});
    check.remark = fmt::format("{}, {} of them left to the distribution", base::counted(report.needs, "need"),
                               report.outside);
    return check;
}

std::string junit_of(const GenerationReader& tested, const std::vector<Check>& checks) {
    std::vector<base::JunitCase> cases;
    std::int64_t elapsed = 0;
    for (const auto& check : checks) {
        const std::string class_name = tested.manifest().repository + "." + check.name;
        elapsed += check.ms;
        for (const auto& finding : check.findings)
            cases.push_back({class_name, finding.object, 0, finding.problem, finding.problem, false});
        if (check.findings.empty()) cases.push_back({class_name, check.name, check.ms, {}, {}, false});
    }
    return base::render_junit("repotool.check", cases, elapsed);
}

}  // namespace repotool::cli
