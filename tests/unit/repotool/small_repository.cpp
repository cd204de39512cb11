// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/repotool/small_repository.hpp"

#include <fmt/format.h>

#include "core/base/digest.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/transaction.hpp"
#include "repotool/index/generation_builder.hpp"
#include "repotool/index/staged_check.hpp"

namespace repotool::publisher {
namespace {

std::string bytes_of(const std::string& name) {
    return "bytes of " + name;
}

formats::Package deb_package(const store::Record& record) {
    formats::Package package;
    package.name = record.name;
    package.index["Packages"] = {fmt::format("Package: {}\nVersion: {}\nArchitecture: {}\nFilename: ",
                                             record.name, record.version, record.architecture),
                                 fmt::format("\nSize: {}\nSHA256: {}\nDescription: {}\n\n", record.size,
                                             record.sha256, std::string(record.size % 300, 'd'))};
    return package;
}

formats::Package source_package(const store::Record& record) {
    formats::Package package;
    package.name = record.name;
    std::string files = fmt::format("\n {} {} {}", record.sha256, record.size, fs::base_name(record.path));
    for (const auto& file : record.files)
        files += fmt::format("\n {} {} {}", file.sha256, file.size, file.name);
    package.index["Sources"] = {fmt::format("Package: {}\nBinary: {}\nVersion: {}\nDirectory: ", record.name,
                                            record.name, record.version),
                                fmt::format("\nChecksums-Sha256:{}\n\n", files)};
    return package;
}

formats::Package rpm_package(const store::Record& record) {
    formats::Package package;
    package.name = record.name;
    const std::string version = "<version epoch=\"0\" ver=\"1.0\" rel=\"1\"/>";
    for (const char* kind : {"filelists", "other"}) {
        package.index[kind] = {fmt::format("<package pkgid=\"{}\" name=\"{}\" arch=\"{}\">\n  {}\n</package>",
                                           record.sha256, record.name, record.architecture, version),
                               ""};
    }
    package.index["primary"] = {
        fmt::format("<package type=\"rpm\">\n  <name>{}</name>\n  <arch>{}</arch>\n  {}\n  <checksum "
                    "type=\"sha256\" pkgid=\"YES\">{}</checksum>\n"
                    "  <size package=\"{}\" installed=\"1\" archive=\"1\"/>\n  <location href=\"",
                    record.name, record.architecture, version, record.sha256, record.size),
        "\"/>\n</package>"};
    return package;
}

}  // namespace

SmallRepository::SmallRepository()
    : filesystem_(fs::open_posix_filesystem(directory_.path())), site_(*filesystem_, base::system_clock()) {
    site_.prepare_for_writing();
}

store::Record SmallRepository::record(const SetName& set, unsigned number) {
    const bool is_source = store::set_kind(set.architecture) == store::SetKind::source;
    const std::string name = fmt::format("package-{}", number);
    const std::string file = fmt::format("{}-{}", name, set.architecture);
    const std::string directory = set.format == formats::Format::deb
                                      ? fmt::format("{}/{}/p/{}/", set.dist, set.component, name)
                                      : fmt::format("rpm/{}/Packages/p/", set.dist);
    const std::string sha256 = base::sha256_hex(bytes_of(file));
    store::Record record{name,
                         "1.0-1",
                         is_source ? "source" : store::machine_architecture(set.architecture),
                         directory + file,
                         sha256,
                         bytes_of(file).size(),
                         "",
                         sha256,
                         name,
                         "1.0-1",
                         {}};
    if (is_source) {
        const std::string tarball = file + ".tar";
        record.files.push_back({tarball, base::sha256_hex(bytes_of(tarball)), bytes_of(tarball).size()});
    }
    if (!packages.contains(sha256)) {
        const auto make = is_source                            ? source_package
                          : set.format == formats::Format::deb ? deb_package
                                                               : rpm_package;
        packages[sha256] = make(record);
    }
    return record;
}

store::ChunkEdits SmallRepository::edits(const SetName& set, unsigned first, unsigned last,
                                         const std::vector<unsigned>& removed) {
    store::ChunkEdits edits;
    for (unsigned i = first; i < last; ++i) {
        const store::Record r = record(set, i);
        edits[record_key(r)] = r;
    }
    for (const unsigned i : removed) edits[record_key(record(set, i))] = std::nullopt;
    return edits;
}

void SmallRepository::publish(const std::map<SetName, store::ChunkEdits>& edits) {
    publish_plans([&](const store::GenerationReader* parent) {
        std::vector<SetPlan> plans;
        for (const auto& [set, set_edits] : edits) plans.push_back(plan_of(set, set_edits, parent));
        return plans;
    });
}

void SmallRepository::publish_plans(
    const std::function<std::vector<SetPlan>(const store::GenerationReader*)>& plans) {
    const auto lock = site_.lock_repository("stable", 5, "");
    const auto transaction = store::Transaction::begin(site_, "stable", "publish");
    const auto current = store::make_symlink_head(*filesystem_, "public", "stable")->current();
    std::unique_ptr<store::GenerationReader> parent;
    if (current)
        parent = std::make_unique<store::GenerationReader>(*filesystem_, "public", "stable", *current);
    const BuildContext context{
        *filesystem_,
        *transaction,
        parent.get(),
        "stable",
        static_cast<base::UnixSeconds>(1000 + current.value_or(0)),
        config.metadata,
        [](formats::Format, const std::vector<store::Record>&) {},
        [this](formats::Format, const store::Record& record, Needs) { return packages.at(record.sha256); }};
    auto wanted = plans(parent.get());
    stage_objects(*transaction, wanted);
    built = build_sets(std::move(wanted), context);
    const std::uint64_t number = current.value_or(0) + 1;
    const auto generation = stage_generation(
        *transaction, {"stable", number, context.date, parent.get(), merge_sets(parent.get(), built)}, config,
        nullptr);
    check_staged(*filesystem_, *transaction, built, generation, nullptr);
    store::HistoryRecord history;
    history.generation = number;
    history.manifest_sha256 = generation.manifest_sha256;
    transaction->commit({current, number, history});
}

SetPlan SmallRepository::plan_of(const SetName& set, const store::ChunkEdits& edits,
                                 const store::GenerationReader* parent) {
    SetPlan plan{set.format, set.dist, set.component, set.architecture, {}, nullptr, {}};
    store::ChunkList list;
    const auto* sub = parent == nullptr ? nullptr : parent->find_format(formats::format_name(set.format));
    if (sub != nullptr) plan.parent = sub->find_set(set.dist, set.component, set.architecture);
    if (plan.parent != nullptr) list = parent->chunk_list(*plan.parent);
    plan.pieces = store::edit_chunks(
        list, edits, [&](const store::ChunkReference& chunk) { return parent->records(chunk); });
    return plan;
}

void SmallRepository::stage_objects(store::Transaction& transaction, const std::vector<SetPlan>& plans) {
    std::vector<store::StagedObject> objects;
    const auto stage = [&](const std::string& name, const std::string& sha256, std::uint64_t size) {
        const std::string staged = transaction.fresh_path();
        fs::write_new_file(*filesystem_, staged, bytes_of(name), 0444, 0, fs::Durable::no);
        objects.push_back({staged, sha256, size});
    };
    for (const auto& plan : plans) {
        for (const auto& piece : plan.pieces) {
            for (const auto& record : piece.records) {
                stage(fs::base_name(record.path), record.sha256, record.size);
                for (const auto& file : record.files) stage(file.name, file.sha256, file.size);
            }
        }
    }
    transaction.keep_objects(objects);
    for (const auto& plan : plans) {
        for (const auto& piece : plan.pieces) {
            for (const auto& record : piece.records) {
                for (const auto& file : store::pool_files("stable", record))
                    transaction.add_pool_name(file.path, file.sha256);
            }
        }
    }
}

store::GenerationReader SmallRepository::current() {
    return store::open_generation(*filesystem_, "public", "stable");
}

store::SetEntry SmallRepository::current_set(const SetName& set) {
    const auto reader = current();
    return *reader.find_format(formats::format_name(set.format))
                ->find_set(set.dist, set.component, set.architecture);
}

std::string SmallRepository::stored(const SetName& name, const std::string& index,
                                    const std::string& compression) {
    const store::SetEntry set = current_set(name);
    return fs::read_file(*filesystem_,
                         "public/meta/stable/" + store::index_path(set, *set.find_index(index, compression)));
}

std::string SmallRepository::pointer(const std::string& path) {
    return current().pointer_file(path).value_or("");
}

std::string SmallRepository::digests(const SetName& name) {
    std::string text;
    const store::SetEntry set = current_set(name);
    for (const auto& index : set.indexes)
        text += index.name + index.compression + index.sha256 + index.sha512 + "\n";
    return text + set.chunks.sha256 + set.frames.sha256;
}

void SmallRepository::damage_texts() {
    fs::walk(*filesystem_, "private/text", [&](const std::string& path, const fs::Status&) {
        if (!path.ends_with(".pack")) return;
        std::string bytes = fs::read_file(*filesystem_, path);
        for (std::size_t i = 4; i < bytes.size(); i += 50) bytes[i] = static_cast<char>(bytes[i] ^ 1);
        fs::replace_file(*filesystem_, path, bytes, 0600);
    });
}

void SmallRepository::forget_texts() {
    fs::remove_tree(*filesystem_, "private/text");
    filesystem_->make_directory("private/text", 0700);
}

}  // namespace repotool::publisher
