// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/console/progress.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"

namespace repotool::console {
namespace {

using base::Level;
using base::Message;

std::string event_line(const Message& message) {
    nlohmann::ordered_json event{{"time", base::iso8601(base::system_clock().real_now())},
                                 {"level", base::level_name(message.level)},
                                 {"text", message.text}};
    if (message.level == Level::step) event["ms"] = message.ms;
    return event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string step_line(const Message& message) {
    return fmt::format("  {:<8} {:>6} ms", message.text, message.ms);
}

// Steps have their line, everything else is as it would be without this.
void show_lines(const Message& message, bool with_steps) {
    if (message.level == Level::step) {
        if (with_steps) base::say(step_line(message));
    } else if (base::is_shown(message.level)) {
        base::say(fmt::format("{}{}", message.level == Level::warning ? "warning: " : "", message.text));
    }
}

// The file of open_log_file().
class LogFile {
public:
    explicit LogFile(const std::string& path) : path_(path), file_(fs::open_external_append(path)) {}

    void write(const Message& message) {
        if (!file_) return;
        try {
            file_->write(
                fmt::format("{}\n", line_of(message)));  // one write, so that parallel runs may share it
        } catch (const base::Error& error) {
            file_.reset();
            base::say(fmt::format("warning: {}; the log ends here", error.what()));
        }
    }

private:
    static std::string line_of(const Message& message) {
        nlohmann::ordered_json line = nlohmann::ordered_json::parse(event_line(message));
        line["pid"] = fs::process_id();
        return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }

    std::string path_;
    std::unique_ptr<fs::File> file_;
};

}  // namespace

Progress parse_progress(std::string_view word) {
    for (const auto& [name, progress] : {std::pair("auto", Progress::automatic),
                                         {"tty", Progress::tty},
                                         {"plain", Progress::plain},
                                         {"json", Progress::json},
                                         {"none", Progress::none}}) {
        if (name == word) return progress;
    }
    throw base::Error(base::ErrorKind::usage, "use --progress", std::string(word),
                      "expected auto, tty, plain, json or none");
}

void show_progress(Progress progress) {
    if (progress == Progress::json) {
        base::set_console([](const Message& message) {
            if (message.level == Level::step || base::is_shown(message.level)) base::say(event_line(message));
        });
        return;
    }
    const bool verbose = base::verbosity() == base::Verbosity::verbose;
    const bool terminal = base::verbosity() != base::Verbosity::quiet && base::is_terminal_on_stderr();
    const bool with_steps = progress == Progress::tty || progress == Progress::plain ||
                            (progress == Progress::automatic && (verbose || terminal));
    base::set_console([with_steps](const Message& message) { show_lines(message, with_steps); });
}

void open_log_file(const std::string& path) {
    auto file = std::make_shared<LogFile>(path);
    base::add_sink([file](const Message& message) { file->write(message); });
}

}  // namespace repotool::console
