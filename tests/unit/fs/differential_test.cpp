// SPDX-License-Identifier: GPL-3.0-or-later
// The same random operations on a real disk and in memory: the kernel is the oracle of the Memory filesystem.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "subject.hpp"

namespace repotool::fs {
namespace {

using testing::error_of;

// What an operation answered, as text.
template <typename Action>
std::string answer(Action&& action) {
    std::string text;
    const int error = error_of([&] { text = action(); });
    return error == 0 ? text : fmt::format("error {}", error);
}

std::string to_text(const std::optional<Status>& status) {
    if (!status) return "nothing";
    const bool is_directory = status->kind == Kind::directory;
    return fmt::format("kind {} mode {:o} size {} links {}", static_cast<int>(status->kind),
                       is_directory ? 0 : status->mode, is_directory ? 0 : status->size,
                       is_directory ? 0 : status->links);
}

// Everything on the disk, with its bytes.
void describe(Filesystem& fs, const std::string& path, std::string& text) {
    for (const auto& name : fs.list(path)) {
        const std::string child = join_path(path, name);
        const auto status = fs.status(child);
        text += fmt::format("{}: {}", child, to_text(status));
        if (status->kind == Kind::file) text += " " + read_file(fs, child);
        text += fs.read_link(child).value_or("") + "\n";
        if (status->kind == Kind::directory) describe(fs, child, text);
    }
}

struct Step {
    unsigned operation = 0;
    std::string path, other;
    std::size_t file = 0;
    std::string to_text() const {
        return fmt::format("operation {} {} {} file {}", operation, path, other, file);
    }
};

Step random_step(std::mt19937& random) {
    const auto path = [&] {
        static const std::vector<std::string> kNames{"a", "b", "c", "d", "..", ".", ""};
        std::string text;
        const unsigned depth = random() % 4 == 0 ? 2 : random() % 2;
        for (unsigned i = 0; i <= depth; ++i) {
            // Mostly ordinary names.
            const auto& name = kNames[random() % 12 == 0 ? random() % kNames.size() : random() % 3];
            text += (i == 0 ? "" : "/") + name;
        }
        return text;
    };
    return {static_cast<unsigned>(random() % 19), path(), path(), random() % 4};
}

// One filesystem with a few files that stay open.
class Side {
public:
    explicit Side(testing::Implementation implementation) : subject_(implementation), files_(4) {}
    Filesystem& fs() { return subject_.get(); }

    std::string run(const Step& step) {
        return answer([&] { return step.operation < 10 ? by_path(step) : on_file(step); });
    }

private:
    std::string by_path(const Step& step) {
        const Replace replace = step.file % 2 == 0 ? Replace::yes : Replace::no;
        switch (step.operation) {
            case 0:
                return files_[step.file] = fs().create(step.path, 0640), "made";
            case 1:
                return files_[step.file] = fs().open_append(step.path), "opened";
            case 2:
                return files_[step.file] = fs().open_read(step.path), "opened";
            case 3:
                return fs().rename(step.path, step.other, replace), "renamed";
            case 4:
                return fs().link(step.path, step.other), "linked";
            case 5:
                return fs().symlink(step.other, step.path), "linked";
            case 6:
                return fs().read_link(step.path).value_or("no link");
            case 7:
                return to_text(fs().status(step.path));
            case 8:
                return fmt::format("{}", fmt::join(fs().list(step.path), " "));
            default:
                return fs().remove(step.path), "removed";
        }
    }
    std::string on_file(const Step& step) {
        if (step.operation < 12) return fs().make_directory(step.path, 0751) ? "made" : "there";
        if (step.operation == 12) return fs().sync_directory(step.path), "synced";
        auto& file = files_[step.file];
        if (step.operation == 13) return locks_[step.file % 2] = nullptr, "released";
        if (step.operation == 14) {
            auto lock =
                fs().try_lock(step.path, step.other.size() % 2 == 0 ? LockMode::shared : LockMode::exclusive);
            if (!lock) return "held";
            lock->describe_holder(step.other);
            locks_[step.file % 2] = std::move(lock);
            return "locked";
        }
        if (!file) return "no file";
        std::string buffer(7, '-');
        switch (step.operation) {
            case 15:
                return file->write(step.path), "written";
            case 16:
                return file->set_mode(0604), "set";
            case 17:
                return file->close(), "closed";
            default:
                return fmt::format("{} {} {}", file->read_at(buffer, step.path.size()), buffer,
                                   to_text(file->status()));
        }
    }

    testing::Subject subject_;
    std::vector<std::unique_ptr<File>> files_;
    std::unique_ptr<Lock> locks_[2];
};

}  // namespace

TEST_CASE("the memory filesystem answers as the kernel does", "[memory][differential]") {
    std::mt19937 random(20'240'601);
    for (int run = 0; run < 150; ++run) {
        Side posix(testing::Implementation::posix);
        Side memory(testing::Implementation::memory);
        std::string story;
        for (int i = 0; i < 120; ++i) {
            const Step step = random_step(random);
            const std::string expected = posix.run(step);
            story += fmt::format("{} -> {}\n", step.to_text(), expected);
            if (const std::string found = memory.run(step); found != expected) {
                INFO(story);
                FAIL("in memory: " << found);
            }
        }
        std::string expected, found;
        describe(posix.fs(), "", expected);
        describe(memory.fs(), "", found);
        INFO(story);
        REQUIRE(found == expected);
    }
}

}  // namespace repotool::fs
