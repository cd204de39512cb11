// SPDX-License-Identifier: GPL-3.0-or-later
// Publishes one package file into the repository test/example of a site, and says where clients find it:
//   publish_package SITE PACKAGE
// A site that is not there yet is made, with the defaults of `repotool init`.
#include <csignal>
#include <exception>
#include <iostream>
#include <string>

#include "core/base/error.hpp"
#include "repotool/answer/client_snippet.hpp"
#include "repotool/config/open_site.hpp"
#include "repotool/ingest/inputs.hpp"
#include "repotool/publish/publish.hpp"

namespace publisher = repotool::publisher;

static void print_addresses(const publisher::PublishResult& result, const publisher::Config& config) {
    const std::string options = result.is_signed ? "" : "trusted=yes";
    for (const auto& apt :
         publisher::apt_addresses(result.repository, result.sub_manifests, config.base_url, options))
        std::cout << apt.sources << '\n';
    for (const auto& rpm : publisher::rpm_addresses(result.repository, result.sub_manifests, config.base_url))
        std::cout << "baseurl=" << rpm.baseurl << '\n';
}

static void publish(const std::string& site_directory, const std::string& file) {
    publisher::OpenSite site = publisher::open_or_make_site(site_directory, publisher::SiteDefaults{});
    const publisher::PublishContext context{.site = *site.site, .config = site.config, .job = "the example"};
    publisher::PublishRequest request;
    request.operation = "publish";
    request.repository = "test/example";
    request.inputs = publisher::expand_inputs({{file}, site.config.inputs, {}});
    const auto result = publisher::publish(context, request);
    std::cout << result.repository << '@' << result.generation << (result.changed ? "" : " (unchanged)")
              << '\n';
    print_addresses(result, site.config);
}

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: publish_package SITE PACKAGE\n";
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of one write, not the end of a publish
    try {
        publish(argv[1], argv[2]);
        return 0;
    } catch (const repotool::base::Error& error) {  // nothing that clients see has changed
        std::cerr << "publish_package: " << error.what() << '\n';
        if (!error.hint().empty()) std::cerr << "  " << error.hint() << '\n';
        return repotool::base::exit_code(error.kind());
    } catch (const std::exception& error) {
        std::cerr << "publish_package: a bug: " << error.what() << '\n';
        return 1;
    }
}
