# SPDX-License-Identifier: GPL-3.0-or-later
# What our static libraries are linked with. Found by cmake/Dependencies.cmake when they are built and by the installed
# repotoolConfig.cmake when they are used: one list, so that the two cannot part ways.
set(REPOTOOL_PACKAGES Threads fmt nlohmann_json OpenSSL ZLIB)
# prefix=module: pkg_check_modules(prefix … module) makes the target PkgConfig::prefix.
set(REPOTOOL_PKG_CONFIG RPM=rpm APT_PKG=apt-pkg GPGME=gpgme DEFLATE=libdeflate ZSTD=libzstd LZMA=liblzma SQLITE=sqlite3 YAML=yaml-cpp
    EXPAT=expat ARCHIVE=libarchive CURL=libcurl)
