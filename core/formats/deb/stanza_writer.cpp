// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/stanza_writer.hpp"

#include <apt-pkg/tagfile.h>

#include "core/formats/deb/field_writer.hpp"

namespace repotool::formats::deb {
namespace {

class Writer {
public:
    Writer(const ControlStanza& control, const base::FileDigests& digests)
        : control_(control), digests_(digests) {}

    IndexText run() {
        text_.after.reserve(control_.size() + 1024);
        for (const char** name = TFRewritePackageOrder; *name != nullptr; ++name) write_known(*name);
        for (const ControlField& field : control_.fields()) {
            if (!is_in_order(TFRewritePackageOrder, field.name))
                append_field(*target_, field.name, field.raw);
        }
        text_.after += '\n';
        return std::move(text_);
    }

private:
    void write_known(std::string_view name) {
        if (name == "Filename") {
            text_.before += "Filename: ";
            text_.after = "\n";
            target_ = &text_.after;
        } else if (const std::string own = own_value(name); !own.empty()) {
            append_field(*target_, name, own);
        } else if (name == "Priority" || name == "Section") {
            // apt-ftparchive passes these two through its overrides: trimmed, and gone when empty.
            const std::string_view value = control_.value(name);
            if (!value.empty()) append_field(*target_, name, value);
        } else if (const ControlField* field = control_.find(name); field != nullptr && name != "Status") {
            append_field(*target_, name, field->raw);
        }
    }

    // Fields that the repository gives, whatever the package says.
    std::string own_value(std::string_view name) const {
        if (name == "Size") return std::to_string(digests_.size);
        if (name == "MD5sum") return digests_.md5;
        if (name == "SHA1") return digests_.sha1;
        if (name == "SHA256") return digests_.sha256;
        if (name == "SHA512") return digests_.sha512;
        return {};
    }

    const ControlStanza& control_;
    const base::FileDigests& digests_;
    IndexText text_;
    std::string* target_ = &text_.before;
};

}  // namespace

IndexText render_stanza(const ControlStanza& control, const base::FileDigests& digests) {
    return Writer(control, digests).run();
}

}  // namespace repotool::formats::deb
