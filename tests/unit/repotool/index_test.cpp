// SPDX-License-Identifier: GPL-3.0-or-later
// I11 and I10: an index that grew step by step is the same, byte for byte, as one that was built at once.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/transaction.hpp"
#include "repotool/generation_builder.hpp"
#include "repotool/index_builder.hpp"
#include "repotool/staged_check.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::publisher {
namespace {

formats::Package package_of(const store::Record& record) {
    formats::Package package;
    package.name = record.name;
    package.index["Packages"] = {fmt::format("Package: {}\nVersion: {}\nArchitecture: {}\nFilename: ",
                                             record.name, record.version, record.architecture),
                                 fmt::format("\nSize: {}\nSHA256: {}\nDescription: {}\n\n", record.size,
                                             record.sha256, std::string(record.size % 300, 'd'))};
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

class Repository {
public:
    explicit Repository(formats::Format format)
        : format_(format),
          filesystem_(fs::open_posix_filesystem(directory_.path())),
          site_(*filesystem_, base::system_clock()) {
        site_.prepare_for_writing();
    }

    store::Record record(unsigned number) const {
        const bool deb = format_ == formats::Format::deb;
        const std::string name = fmt::format("package-{}", number);
        const std::string bytes = "bytes of " + name;
        return {name,
                "1.0-1",
                deb ? "amd64" : "x86_64",
                (deb ? "bookworm/main/p/" : "rpm/el9/Packages/p/") + name,
                base::sha256_hex(bytes),
                bytes.size(),
                "",
                base::sha256_hex(bytes),
                name,
                "1.0-1"};
    }

    // Publishes packages first … last-1, and takes away `removed`.
    void publish(unsigned first, unsigned last, std::vector<unsigned> removed = {},
                 std::vector<formats::Compression> compressions = {formats::Compression::gz,
                                                                   formats::Compression::zst}) {
        const auto lock = site_.lock_repository("stable", 5, "");
        const auto transaction = store::Transaction::begin(site_, "stable", "publish");
        const auto current = store::make_symlink_head(*filesystem_, "public", "stable")->current();
        std::unique_ptr<store::GenerationReader> parent;
        if (current)
            parent = std::make_unique<store::GenerationReader>(*filesystem_, "public", "stable", *current);
        SetPlan plan = make_plan(*transaction, parent.get(), first, last, removed);
        const BuildContext context{*filesystem_,
                                   *transaction,
                                   parent.get(),
                                   "stable",
                                   static_cast<base::UnixSeconds>(1000 + current.value_or(0)),
                                   compressions,
                                   package_of};
        const std::vector<BuiltSet> built{build_set(plan, context)};
        const std::uint64_t number = current.value_or(0) + 1;
        const auto generation = stage_generation(
            *transaction, {"stable", number, context.date, parent.get(), merge_sets(parent.get(), built)},
            Config{}, nullptr);
        check_staged(*filesystem_, *transaction, {plan}, built, generation, nullptr);
        new_chunks = built[0].new_chunks.size();
        store::HistoryRecord history;
        history.generation = number;
        history.manifest_sha256 = generation.manifest_sha256;
        transaction->commit({current, number, history});
    }

    store::SetEntry current_set() {
        const auto reader = store::open_generation(*filesystem_, "public", "stable");
        return reader.sub_manifests().at(0).sets.at(0);
    }
    std::string index_digests() {
        std::string text;
        for (const auto& index : current_set().indexes)
            text += index.name + index.compression + index.sha256 + "\n";
        const store::SetEntry set = current_set();
        return text + set.chunks.sha256 + set.frames.sha256;
    }
    void forget_texts() {
        fs::remove_tree(*filesystem_, "private/text"), filesystem_->make_directory("private/text", 0700);
    }
    fs::Filesystem& filesystem() { return *filesystem_; }
    std::size_t new_chunks = 0;

private:
    SetPlan make_plan(store::Transaction& transaction, const store::GenerationReader* parent, unsigned first,
                      unsigned last, const std::vector<unsigned>& removed) {
        const bool deb = format_ == formats::Format::deb;
        store::ChunkEdits edits;
        std::vector<store::StagedObject> objects;
        for (unsigned i = first; i < last; ++i) {
            const store::Record r = record(i);
            edits[record_key(r)] = r;
            const std::string staged = transaction.fresh_path();
            fs::write_new_file(*filesystem_, staged, "bytes of " + r.name, 0444, 0, fs::Durable::no);
            objects.push_back({staged, r.sha256, r.size});
        }
        transaction.keep_objects(objects);
        for (const unsigned i : removed) edits[record_key(record(i))] = std::nullopt;
        SetPlan plan{format_, deb ? "bookworm" : "el9", deb ? "main" : "", deb ? "amd64" : "x86_64", {},
                     nullptr};
        store::ChunkList list;
        if (parent != nullptr) {
            plan.parent = &parent->sub_manifests().at(0).sets.at(0);
            list = parent->chunk_list(*plan.parent);
        }
        plan.pieces = store::edit_chunks(
            list, edits, [&](const store::ChunkReference& chunk) { return parent->records(chunk); });
        return plan;
    }

    testing::TemporaryDirectory directory_;
    formats::Format format_;
    std::unique_ptr<fs::Filesystem> filesystem_;
    store::Site site_;
};

}  // namespace

TEST_CASE("an index that grew step by step equals one built at once", "[index]") {
    const auto format = GENERATE(formats::Format::deb, formats::Format::rpm);
    Repository grown(format);
    grown.publish(0, 400);
    grown.publish(900, 1000);
    grown.publish(400, 401, {7, 950});
    CHECK(grown.new_chunks <= 8);
    grown.forget_texts();  // a cache: the next publish unpacks the published index
    grown.publish(401, 900);
    grown.publish(7, 8, {});
    grown.publish(950, 951, {});
    Repository built(format);
    built.publish(0, 1000);
    CHECK(grown.index_digests() == built.index_digests());
}

TEST_CASE("a set that lost all its packages has valid empty indexes", "[index]") {
    const auto format = GENERATE(formats::Format::deb, formats::Format::rpm);
    Repository repository(format);
    repository.publish(0, 3);
    repository.publish(3, 3, {0, 1, 2});
    CHECK(repository.current_set().packages == 0);
    const store::SetEntry set = repository.current_set();
    const auto* stored = set.find_index(format == formats::Format::deb ? "Packages" : "primary", "gz");
    REQUIRE(stored != nullptr);
    const std::string bytes =
        fs::read_file(repository.filesystem(), "public/meta/stable/" + store::index_path(set, *stored));
    const std::string text = formats::unpack_frame(formats::Compression::gz, bytes, 10000);
    CHECK(text.empty() == (format == formats::Format::deb));
    if (format == formats::Format::rpm) CHECK(text.find("packages=\"0\"") != std::string::npos);
    repository.publish(5, 6);
    CHECK(repository.current_set().packages == 1);
}

TEST_CASE("a compression that is switched on later is made from the text", "[index]") {
    Repository later(formats::Format::deb);
    later.publish(0, 500, {}, {formats::Compression::gz});
    later.publish(500, 600);
    Repository from_the_start(formats::Format::deb);
    from_the_start.publish(0, 600);
    CHECK(later.index_digests() == from_the_start.index_digests());
}

TEST_CASE("a cached text that does not belong to the published index is noticed", "[index]") {
    Repository repository(formats::Format::deb);
    repository.publish(0, 300);
    const store::SetEntry set = repository.current_set();
    const std::string path = store::layout::open_text(set.find_index("Packages", "none")->sha256);
    std::string bytes = fs::read_file(repository.filesystem(), path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    fs::replace_file(repository.filesystem(), path, bytes, 0600);
    CHECK_THROWS_AS(repository.publish(300, 301), base::Error);
    CHECK(store::make_symlink_head(repository.filesystem(), "public", "stable")->current() == 1U);
}

}  // namespace repotool::publisher
