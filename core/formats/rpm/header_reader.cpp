// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/header_reader.hpp"

#include <rpm/rpmio.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmtd.h>
#include <rpm/rpmts.h>

#include <utility>

#include "core/base/text.hpp"
#include "core/formats/rpm/refusal.hpp"

namespace repotool::formats::rpm {
namespace {

struct FileClose {
    void operator()(FD_t file) const { Fclose(file); }
};
struct TransactionFree {
    void operator()(rpmts transaction) const { rpmtsFree(transaction); }
};
using RpmFile = std::unique_ptr<std::remove_pointer_t<FD_t>, FileClose>;
using Transaction = std::unique_ptr<std::remove_pointer_t<rpmts>, TransactionFree>;

// Keeps librpm from writing to standard error while it lives, and remembers what it would have said.
class LogCapture {
public:
    LogCapture() : before_(rpmlogSetCallback(&LogCapture::take, this)) {}
    ~LogCapture() { rpmlogSetCallback(before_, nullptr); }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    const std::string& text() const { return text_; }

private:
    static int take(rpmlogRec record, rpmlogCallbackData self) {
        auto& text = static_cast<LogCapture*>(self)->text_;
        if (text.empty() && rpmlogRecPriority(record) <= RPMLOG_ERR) {
            text = base::trim(rpmlogRecMessage(record));
        }
        return 0;
    }
    rpmlogCallback before_;
    std::string text_;
};

// One tag's data; freed with it.
class TagData {
public:
    TagData(Header header, rpmTagVal tag) : data_(rpmtdNew()) {
        // Stored tags first and raw: librpm's extensions of Summary, Description and Group look at the
        // environment.
        found_ = headerGet(header, tag, data_, HEADERGET_MINMEM | HEADERGET_RAW) == 1 ||
                 headerGet(header, tag, data_, HEADERGET_MINMEM | HEADERGET_EXT) == 1;
    }
    ~TagData() {
        rpmtdFreeData(data_);
        rpmtdFree(data_);
    }
    TagData(const TagData&) = delete;
    TagData& operator=(const TagData&) = delete;

    bool next() { return found_ && rpmtdNext(data_) >= 0; }
    rpmTagClass type_class() const { return rpmtdClass(data_); }
    std::uint64_t number() const { return rpmtdGetNumber(data_); }
    const char* text() const { return rpmtdGetString(data_); }

private:
    rpmtd data_;
    bool found_ = false;
};

// librpm begins with the name of the file that it reads, which is a private copy that means nothing to
// anybody, and may end where it would list what it found.
std::string reason_of(const std::string& message, const std::string& path) {
    std::string_view text(message);
    if (text.starts_with(path)) text = text.substr(path.size());
    while (!text.empty() && (text.front() == ':' || text.front() == ' ' || text.front() == '\n'))
        text.remove_prefix(1);
    text = base::trim(text);
    if (text.empty()) return "librpm refuses its header";
    return base::printable(text) + (text.ends_with(':') ? " it does not match" : "");
}

}  // namespace

HeaderReader::HeaderReader(const std::string& path, const std::string& shown_as) {
    const LogCapture log;
    const Transaction transaction(rpmtsCreate());
    // Signatures: librpm would load its keyring, which means opening the rpmdb. Digests: check_content()
    // compares them all, and librpm would read the payload once more for them.
    rpmtsSetVSFlags(transaction.get(), _RPMVSF_NOSIGNATURES | _RPMVSF_NODIGESTS);
    const RpmFile file(Fopen(path.c_str(), "r.ufdio"));
    if (!file || Ferror(file.get()) != 0) refuse(shown_as, "the file cannot be opened");
    Header header = nullptr;
    const rpmRC code = rpmReadPackageFile(transaction.get(), file.get(), nullptr, &header);
    header_.reset(header);
    if (header_ == nullptr || (code != RPMRC_OK && code != RPMRC_NOKEY && code != RPMRC_NOTTRUSTED)) {
        refuse(shown_as, reason_of(log.text(), path));
    }
}

bool HeaderReader::has(rpmTagVal tag) const {
    return headerIsEntry(header_.get(), tag) == 1;
}

std::string HeaderReader::text(rpmTagVal tag) const {
    TagData data(header_.get(), tag);
    const char* value = data.next() && data.type_class() == RPM_STRING_CLASS ? data.text() : nullptr;
    return value != nullptr ? value : "";
}

std::uint64_t HeaderReader::number(rpmTagVal tag) const {
    TagData data(header_.get(), tag);
    return data.next() && data.type_class() == RPM_NUMERIC_CLASS ? data.number() : 0;
}

std::vector<std::string> HeaderReader::texts(rpmTagVal tag) const {
    TagData data(header_.get(), tag);
    std::vector<std::string> values;
    while (data.next() && data.type_class() == RPM_STRING_CLASS) {
        const char* value = data.text();
        values.emplace_back(value != nullptr ? value : "");
    }
    return values;
}

std::vector<std::uint64_t> HeaderReader::numbers(rpmTagVal tag) const {
    TagData data(header_.get(), tag);
    std::vector<std::uint64_t> values;
    while (data.next() && data.type_class() == RPM_NUMERIC_CLASS) values.push_back(data.number());
    return values;
}

}  // namespace repotool::formats::rpm
