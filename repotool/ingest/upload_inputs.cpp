// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/upload_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/worker.hpp"
#include "core/formats/deb/upload_control.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "repotool/ingest/upload_claim.hpp"

namespace repotool::publisher {
namespace {

using formats::deb::UploadControl;
using formats::deb::UploadKind;

// A .changes or .dsc as it was read.
struct Document {
    InputFile file;  // with its digest: what is copied or verified later must be the same
    std::string text;
    UploadControl control;
};

std::optional<Document> read_document(const InputFile& input, Refusals& refusals) {
    try {
        const auto file = fs::open_external(input.path);
        if (file->status().size > formats::deb::kUploadControlMax) {
            refusals.add(input.path,
                         fmt::format("it is larger than {} MiB", formats::deb::kUploadControlMax >> 20U));
            return std::nullopt;
        }
        Document document{input, fs::read_all(*file, input.path, formats::deb::kUploadControlMax), {}};
        const std::string sha256 = base::sha256_hex(document.text);
        if (!input.sha256.empty() && input.sha256 != sha256) {
            refusals.add(input.path, fmt::format("its SHA-256 is {}, '{}' says {}", sha256, input.listed_by,
                                                 input.sha256));
            return std::nullopt;
        }
        document.file.sha256 = sha256;
        document.file.size = document.text.size();
        return document;
    } catch (const base::SystemError&) {
        throw;  // nothing is wrong with the upload
    } catch (const base::Error& error) {
        refusals.add(error);
        return std::nullopt;
    }
}

// Those that can be read, in their order; their text is only needed to parse it.
std::vector<Document> read_documents(const std::vector<InputFile>& files, UploadKind kind,
                                     Refusals& refusals) {
    std::vector<Document> documents;
    for (const InputFile& file : files) {
        if (auto document = read_document(file, refusals)) documents.push_back(std::move(*document));
    }
    std::vector<Document> parsed;
    const auto parse = [&](std::size_t i) {
        return to_json(read_upload_control(documents[i].text, kind, documents[i].file.path));
    };
    base::run_in_workers(
        documents.size(), fs::processor_count(), parse, [&](std::size_t i, base::WorkerAnswer answer) {
            if (!answer.bytes) return refusals.add(documents[i].file.path, answer.failure);
            parsed.push_back(
                {std::move(documents[i].file), {}, formats::deb::upload_control_from_json(*answer.bytes)});
        });
    return parsed;
}

std::vector<InputFile> listed_files(const Document& document, const std::string& dist) {
    std::vector<InputFile> files;
    const std::string& path = document.file.path;
    const std::string directory = path.substr(0, path.rfind('/') + 1);  // "" or with its slash
    for (const auto& listed : document.control.files) {
        files.push_back(
            {directory + listed.name, dist, document.file.path, listed.digests.sha256, listed.digests.size});
    }
    return files;
}

// A list of files in which each has its place by identity.
class FileList {
public:
    FileList(Identities& identities, Refusals& refusals) : identities_(identities), refusals_(refusals) {}

    void add(const InputFile& file) {
        const auto [place, is_new] = places_.try_emplace(identities_.of(file.path), files_.size());
        if (is_new)
            files_.push_back(file);
        else
            merge(files_[place->second], file);
    }
    bool contains(const std::string& path) { return places_.contains(identities_.of(path)); }
    const std::vector<InputFile>& files() const { return files_; }

private:
    void merge(InputFile& known, const InputFile& file) {
        if (file.listed_by.empty()) return;
        if (known.listed_by.empty()) {
            const bool is_candidate = known.is_candidate && file.is_candidate;
            known = file;
            known.is_candidate = is_candidate;
        } else if (known.sha256 != file.sha256 || known.size != file.size) {
            refusals_.add(file.path, fmt::format("'{}' and '{}' give it different digests or sizes",
                                                 known.listed_by, file.listed_by));
        } else if (known.dist != file.dist) {
            refusals_.add(file.path,
                          fmt::format("'{}' sends it to {}, and '{}' to {}", known.listed_by, known.dist,
                                      file.listed_by, file.dist),
                          "publish them one after the other");
        }
    }

    Identities& identities_;
    Refusals& refusals_;
    std::map<std::string, std::size_t> places_;
    std::vector<InputFile> files_;
};

class Resolution {
public:
    Resolution(const NamedPaths& named, Identities& identities)
        : packages_(identities, refusals_),
          controls_(identities, refusals_),
          others_(identities, refusals_),
          parts_(identities, refusals_),
          dist_(named.dist) {
        inputs_.extras = named.extras;
        inputs_.updates = named.updates;
        const auto file = [&](const std::string& path) {
            InputFile input{path};
            input.is_candidate = named.candidates.contains(path);
            return input;
        };
        for (const auto& path : named.packages) packages_.add(file(path));
        for (const auto& path : named.sources) controls_.add(file(path));
        for (const auto& path : named.uploads) uploads_.push_back(file(path));
    }

    Inputs run() {
        for (Document& upload : read_documents(uploads_, UploadKind::changes, refusals_)) {
            const std::string& dist = dist_.empty() ? upload.control.distribution : dist_;
            const auto claim = std::make_shared<const UploadClaim>(claim_of(upload.control));
            for (InputFile& file : listed_files(upload, dist)) {
                file.claim = claim;
                file.is_candidate = upload.file.is_candidate;
                sort_in(file);
            }
            inputs_.uploads.push_back(std::move(upload.file));
        }
        for (const Document& source : read_documents(controls_.files(), UploadKind::source, refusals_))
            add_source(source);
        inputs_.packages = packages_.files();
        for (const InputFile& file : others_.files()) add_unpublished(file);
        refusals_.throw_if_any();
        return std::move(inputs_);
    }

private:
    void sort_in(const InputFile& file) {
        if (is_package_file(file.path))
            packages_.add(file);
        else if (file.path.ends_with(".dsc"))
            controls_.add(file);
        else
            others_.add(file);
    }

    void add_source(const Document& source) {
        SourceInput input{source.file, listed_files(source, source.file.dist)};
        for (InputFile& file : input.files) file.is_candidate = source.file.is_candidate;
        for (const InputFile& file : input.files)
            parts_.add({file.path, {}, file.listed_by, file.sha256, file.size});
        inputs_.sources.push_back(std::move(input));
    }

    // Parts of source packages are published with them, when the .changes and the .dsc say the same of them.
    void add_unpublished(const InputFile& file) {
        if (parts_.contains(file.path))
            return parts_.add({file.path, {}, file.listed_by, file.sha256, file.size});
        const std::string message =
            fmt::format("'{}' is checked and not published", base::printable(file.path));
        if (file.path.ends_with(".buildinfo"))
            base::detail(message);
        else
            base::warn(message);
        inputs_.unpublished.push_back(file);
    }

    Refusals refusals_;
    FileList packages_;
    FileList controls_;  // .dsc
    FileList others_;    // what .changes list besides these
    FileList parts_;     // what .dsc list
    std::string dist_;
    std::vector<InputFile> uploads_;
    Inputs inputs_;
};

}  // namespace

bool is_package_file(const std::string& name) {
    const auto suffixes = {".deb", ".udeb", ".ddeb", ".rpm"};
    return std::any_of(suffixes.begin(), suffixes.end(),
                       [&](const char* suffix) { return name.ends_with(suffix); });
}

Inputs resolve_uploads(const NamedPaths& named, Identities& identities) {
    return Resolution(named, identities).run();
}

}  // namespace repotool::publisher
