// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/run_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/work_queue.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {
namespace {

using nlohmann::json;

constexpr const char* kIngest = "ingest";
constexpr const char* kSign = "sign";

using Places = std::map<std::string, Catalog::Place>;

json to_document(const Places& places) {
    json document = json::object();
    for (const auto& [sha256, place] : places)
        document[sha256] = {place.offset, place.length, place.checksum};
    return document;
}

Places places_from(const json& document) {
    Places places;
    for (const auto& [sha256, place] : document.items())
        places[sha256] = {place.at(0).get<std::uint64_t>(), place.at(1).get<std::uint64_t>(),
                          place.at(2).get<std::uint64_t>()};
    return places;
}

json to_document(const Ingested& item) {
    return {{"sha256", item.package.sha256}, {"staged", item.staged_path}, {"files", item.staged_files},
            {"origin", item.origin},         {"dist", item.dist},          {"candidate", item.is_candidate}};
}

Ingested ingested_from(const json& document, Catalog& catalog) {
    Ingested item;
    const auto sha256 = document.at("sha256").get<std::string>();
    item.package = catalog.find(sha256, formats::Format::deb);  // the catalog has it: no object is read
    item.package.index.clear();
    document.at("staged").get_to(item.staged_path);
    document.at("files").get_to(item.staged_files);
    document.at("origin").get_to(item.origin);
    document.at("dist").get_to(item.dist);
    document.at("candidate").get_to(item.is_candidate);
    return item;
}

std::vector<store::StagedObject> files_of(const Ingested& item) {
    std::vector<store::StagedObject> files{{item.staged_path, item.package.sha256, item.package.size}};
    for (std::size_t i = 0; i < item.staged_files.size(); ++i) {
        const auto& file = item.package.files.at(i);
        files.push_back({item.staged_files[i], file.sha256, file.size});
    }
    return files;
}

}  // namespace

void RunSteps::note(const char* name, const std::string& body, std::int64_t ms) {
    const auto durable = ms >= kWorthASyncMs ? fs::Durable::yes : fs::Durable::no;
    if (durable == fs::Durable::yes) catalog_.sync();
    transaction_.note_step(name, body, durable);
}

void RunSteps::note_ingested(const IngestedInputs& inputs, std::int64_t ms) {
    try {
        json packages = json::array(), extras = json::array();
        for (const auto& item : inputs.packages) packages.push_back(to_document(item));
        for (const auto& extra : inputs.extras) extras.push_back({extra.type, extra.text, extra.origin});
        const json document{{"packages", packages},
                            {"extras", extras},
                            {"spool", catalog_.spool_path()},
                            {"spooled", to_document(catalog_.spooled())}};
        note(kIngest, document.dump(), ms);
    } catch (const json::exception& error) {
        base::info(error.what());  // a path or a text that is no UTF-8: this step would be done again
    }
}

std::optional<IngestedInputs> RunSteps::ingested() {
    const auto body = transaction_.finished_step(kIngest);
    if (!body) return std::nullopt;
    const json document = json::parse(*body);
    if (!catalog_.add_from(document.at("spool").get<std::string>(), places_from(document.at("spooled"))))
        return std::nullopt;
    IngestedInputs inputs;
    std::vector<store::StagedObject> files;
    for (const auto& package : document.at("packages")) {
        inputs.packages.push_back(ingested_from(package, catalog_));
        for (auto& file : files_of(inputs.packages.back())) files.push_back(std::move(file));
    }
    for (const auto& extra : document.at("extras"))
        inputs.extras.push_back({extra.at(0).get<std::string>(),
                                 extra.at(1).get<std::string>(),
                                 extra.at(2).get<std::string>(),
                                 {}});
    if (!are_whole(files)) return std::nullopt;
    return inputs;
}

void RunSteps::note_signed(const SignedCopies& copies, std::int64_t ms) {
    json document = json::object();
    Places places;
    for (const auto& [name, copy] : copies) {
        document[name] = {copy.path, copy.sha256, copy.size};
        places[copy.sha256] = catalog_.spooled().at(copy.sha256);
    }
    const json step{{"copies", document}, {"spool", catalog_.spool_path()}, {"spooled", to_document(places)}};
    note(kSign, step.dump(-1, ' ', false, json::error_handler_t::replace), ms);
}

SignedCopies RunSteps::signed_copies() {
    const auto body = transaction_.finished_step(kSign);
    if (!body) return {};
    const json document = json::parse(*body);
    SignedCopies copies;
    std::vector<store::StagedObject> files;
    for (const auto& [name, copy] : document.at("copies").items()) {
        copies[name] = {copy.at(0).get<std::string>(), copy.at(1).get<std::string>(),
                        copy.at(2).get<std::uint64_t>()};
        files.push_back({copies[name].path, copies[name].sha256, copies[name].size});
    }
    const bool is_whole = are_whole(files) && catalog_.add_from(document.at("spool").get<std::string>(),
                                                                places_from(document.at("spooled")));
    return is_whole ? copies : SignedCopies();
}

bool RunSteps::are_whole(const std::vector<store::StagedObject>& files) const {
    std::atomic<bool> is_whole = true;
    base::WorkQueue queue(fs::processor_count());
    for (const auto& file : files) {
        queue.add(
            [&] {
                const auto status = filesystem_.status(file.path);
                if (!status || status->size != file.size ||
                    fs::digest_file(*filesystem_.open_read(file.path)).sha256 != file.sha256)
                    is_whole = false;
            },
            [] {});
    }
    queue.finish();
    return is_whole;
}

std::string to_text(const StagedRun& run) {
    const json document{{"selection", run.selection},
                        {"parent", run.parent},
                        {"generation", run.generation},
                        {"date", run.date}};
    return fmt::format("{}\n{}", document.dump(), run.outcome);
}

StagedRun staged_run_from(const std::string& text) {
    const std::size_t end = text.find('\n');
    const json document = json::parse(std::string_view(text).substr(0, end));
    return {document.at("selection").get<std::string>(), document.at("parent").get<std::string>(),
            document.at("generation").get<std::uint64_t>(), document.at("date").get<base::UnixSeconds>(),
            text.substr(end + 1)};
}

std::string selection_digest(const std::vector<SetPlan>& plans) {
    json document = json::array();
    for (const auto& plan : plans) {
        json chunks = json::array(), extras = json::array();
        for (const auto& piece : plan.pieces) chunks.push_back(piece.reference.sha256);
        for (const auto* extra : plan.extras) extras.push_back({extra->type, base::sha256_hex(extra->text)});
        document.push_back({formats::format_name(plan.format), plan.dist, plan.component, plan.architecture,
                            plan.parent_extras == ParentExtras::keep, chunks, extras});
    }
    return base::sha256_hex(document.dump());
}

StagedGeneration read_staged(fs::Filesystem& filesystem, const store::Transaction& transaction,
                             const store::GenerationReader* parent) {
    StagedGeneration staged;
    staged.manifest_text = fs::read_file(filesystem, transaction.tree_path("MANIFEST"));
    staged.manifest_sha256 = base::sha256_hex(staged.manifest_text);
    staged.manifest = store::parse_manifest(staged.manifest_text);
    staged.parent = parent;
    for (const auto& [format, reference] : staged.manifest.formats) {
        const std::string path = store::layout::tree_part(staged.manifest.repository, reference.sha256);
        const auto& content = transaction.staged_content();
        const auto found =
            std::find_if(content.begin(), content.end(), [&](const auto& item) { return item.path == path; });
        staged.sub_manifests.push_back(store::parse_sub_manifest(
            fs::read_file(filesystem, found == content.end() ? "public/" + path : found->staged_path)));
    }
    return staged;
}

}  // namespace repotool::publisher
