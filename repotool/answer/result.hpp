// SPDX-License-Identifier: GPL-3.0-or-later
// A publish's answer in its three forms: JSON (schemas/publish-result.schema.json), env file, and lines for
// people.
#pragma once

#include <string>

#include "repotool/config/config.hpp"
#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

std::string render_json(const PublishResult& result, const Config& config);
std::string render_env(const PublishResult& result, const Config& config);
// The first line is the answer.
std::string render_text(const PublishResult& result, const Config& config, DryRun dry_run);

}  // namespace repotool::publisher
