// SPDX-License-Identifier: GPL-3.0-or-later
// The mirror's side of an ssh:// target: `mirrorsync serve --stdio --root DIR`, made for an SSH forced
// command. It takes no files: it is told of a signed manifest, and fetches what that names (docs/TRUST.md).
// It never leaves its root, starts no program and reads no path that a coordinator made up.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/base/byte_stream.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

struct AgentOptions {
    std::string root;                       // an existing directory
    SignatureCheck check_signature;         // the mirror's own; empty: it believes its coordinator
    std::vector<std::string> repositories;  // that it takes; empty: all
    std::vector<std::string> formats;       // that it carries, whatever the coordinator says; empty: that
    std::chrono::milliseconds heartbeat{5000};
};

// Until the coordinator closes the stream. Throws base::Error: network where the stream fails, usage for a
// root that is none.
void serve(std::unique_ptr<base::ByteStream> stream, const AgentOptions& options);

}  // namespace repotool::sync
