// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/index_text.hpp"

#include <fmt/format.h>

#include "core/formats/deb/description.hpp"
#include "core/formats/rpm/repomd_writer.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"

namespace repotool::publisher {
namespace {

bool is_xml(const std::string& index) {
    return index == "primary" || index == "filelists" || index == "other";
}

}  // namespace

std::vector<std::string> index_names(formats::Format format, const std::string& set_architecture) {
    if (format == formats::Format::rpm) return {"primary", "filelists", "other"};
    if (set_architecture == store::layout::kTranslations) return {"Translation-en"};
    if (store::set_kind(set_architecture) == store::SetKind::source) return {"Sources"};
    return {"Packages"};
}

std::string location_in_index(const std::string& index, const std::string& dist,
                              const store::Record& record) {
    if (index == "Packages") return "pool/" + record.path;
    if (index == "Sources") return "pool/" + fs::parent_path(record.path);
    if (index != "primary") return {};
    // Relative to rpm/<dist>/<architecture>/, where Packages is a link.
    return record.path.substr(fmt::format("rpm/{}/", dist).size());
}

std::string record_text(const std::string& index, const std::string& dist, const store::Record& record,
                        const formats::Package& package, Descriptions descriptions) {
    if (index == "Translation-en")
        return formats::deb::split_description(package.index.at("Packages"), record.name).translation;
    formats::IndexText text = package.index.at(index);
    if (index == "Packages" && descriptions == Descriptions::split)
        text = formats::deb::split_description(text, record.name).packages;
    const std::string location = location_in_index(index, dist, record);
    if (!is_xml(index)) return text.before + location + text.after;
    return text.before + formats::rpm::xml_escape(location) + text.after + "\n";
}

std::string index_header(const std::string& index, std::uint64_t packages) {
    return is_xml(index) ? formats::rpm::index_header(index, packages) : std::string();
}

std::string index_footer(const std::string& index) {
    return is_xml(index) ? formats::rpm::index_footer(index) : std::string();
}

}  // namespace repotool::publisher
