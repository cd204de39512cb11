// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/xml_parser.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <exception>
#include <memory>

namespace repotool::formats::rpm {
namespace {

constexpr int kMaximumDepth = 16;

struct ParserFree {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserFree>;

std::string local_name(const XML_Char* name) {
    const std::string_view whole = name;
    const auto colon = whole.rfind(':');
    return std::string(colon == std::string_view::npos ? whole : whole.substr(colon + 1));
}

// State of one run. Exceptions must not pass through expat's C code: the first is kept and thrown after it.
class Run {
public:
    Run(const XmlHandlers& handlers, std::string shown_as, const XmlRules& rules)
        : handlers_(handlers),
          shown_as_(std::move(shown_as)),
          rules_(rules),
          parser_(XML_ParserCreate("UTF-8")) {
        XML_SetUserData(parser_.get(), this);
        XML_SetElementHandler(parser_.get(), &Run::on_begin, &Run::on_end);
        XML_SetCharacterDataHandler(parser_.get(), &Run::on_text);
        XML_SetStartDoctypeDeclHandler(parser_.get(), &Run::on_doctype);
        XML_SetSkippedEntityHandler(parser_.get(), &Run::on_skipped_entity);
    }

    void feed(std::string_view part, bool is_final) {
        do {  // expat counts in int
            const auto piece = part.substr(0, std::min<std::size_t>(part.size(), INT_MAX / 2));
            part.remove_prefix(piece.size());
            const int last = is_final && part.empty() ? XML_TRUE : XML_FALSE;
            if (XML_Parse(parser_.get(), piece.data(), static_cast<int>(piece.size()), last) != XML_STATUS_OK)
                fail();
        } while (!part.empty());
    }

private:
    [[noreturn]] void fail() {
        if (thrown_) std::rethrow_exception(thrown_);
        refuse(XML_ErrorString(XML_GetErrorCode(parser_.get())));
    }
    [[noreturn]] void refuse(const std::string& reason) {
        throw base::Error(rules_.broken, "read", shown_as_,
                          fmt::format("{} in line {}", reason, XML_GetCurrentLineNumber(parser_.get())));
    }

    XmlTag tag(const XML_Char* name) const {
        return {local_name(name), depth_, static_cast<std::size_t>(XML_GetCurrentByteIndex(parser_.get())),
                static_cast<std::size_t>(XML_GetCurrentByteCount(parser_.get()))};
    }

    template <typename Action>
    void guarded(const Action& action) {
        if (thrown_) return;
        try {
            action();
        } catch (...) {
            thrown_ = std::current_exception();
            XML_StopParser(parser_.get(), XML_FALSE);
        }
    }

    static void on_begin(void* self, const XML_Char* name, const XML_Char** attributes) {
        auto& run = *static_cast<Run*>(self);
        run.guarded([&] {
            if (run.depth_ >= kMaximumDepth) run.refuse("elements are nested too deep");
            run.text_.clear();
            if (run.handlers_.begin) {
                XmlAttributes named;
                for (; *attributes != nullptr; attributes += 2) named[attributes[0]] = attributes[1];
                run.handlers_.begin(run.tag(name), named);
            }
            ++run.depth_;
        });
    }
    static void on_end(void* self, const XML_Char* name) {
        auto& run = *static_cast<Run*>(self);
        run.guarded([&] {
            --run.depth_;
            if (run.handlers_.end) run.handlers_.end(run.tag(name), run.text_);
            run.text_.clear();
        });
    }
    static void on_text(void* self, const XML_Char* text, int length) {
        auto& run = *static_cast<Run*>(self);
        run.guarded([&] { run.text_.append(text, static_cast<std::size_t>(length)); });
    }
    static void on_doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*,
                           int has_declarations) {
        auto& run = *static_cast<Run*>(self);
        if (run.rules_.doctype == XmlDoctype::only_named && has_declarations == 0) return;
        run.guarded([&] { run.refuse("a document type declaration is not allowed"); });
    }
    // Where a document type is named, expat takes an unknown entity for one of its declarations.
    static void on_skipped_entity(void* self, const XML_Char*, int) {
        auto& run = *static_cast<Run*>(self);
        run.guarded([&] { run.refuse("undefined entity"); });
    }

    const XmlHandlers& handlers_;
    std::string shown_as_;
    XmlRules rules_;
    Parser parser_;
    std::string text_;
    int depth_ = 0;
    std::exception_ptr thrown_;
};

}  // namespace

void parse_xml(std::initializer_list<std::string_view> parts, const XmlHandlers& handlers,
               const std::string& shown_as, const XmlRules& rules) {
    Run run(handlers, shown_as, rules);
    for (const auto part : parts) run.feed(part, false);
    run.feed({}, true);
}

}  // namespace repotool::formats::rpm
