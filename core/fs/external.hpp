// SPDX-License-Identifier: GPL-3.0-or-later
// Paths that people give on the command line: inputs, configuration, result files. Outside the site, and
// hostile.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fs/filesystem.hpp"

namespace repotool::fs {

// Opens a regular file for reading without following a symlink at the end of the path and without blocking on
// a fifo. Throws base::Error (input) for anything that is not a regular file, SystemError otherwise.
std::unique_ptr<File> open_external(const std::string& path);

// Gives an open file a second name, `path` below the root of `filesystem`, which must not exist. False, and
// nothing done, where the system cannot (another filesystem, no hard links, too many, not allowed). Throws
// SystemError for anything else.
bool link_external(File& file, Filesystem& filesystem, const std::string& path);

// True where somebody has the file open for writing. The file must belong to this user; false where the
// filesystem cannot tell.
bool has_writers(File& file);

// Kind of what is there, a symlink in the last place followed or not; empty where there is nothing.
enum class FinalSymlink { follow, keep };
std::optional<Status> external_status(const std::string& path, FinalSymlink final_symlink);
// Names in a directory, sorted. Throws SystemError.
std::vector<std::string> list_external(const std::string& path);
// Whole file, at most `limit` bytes; symlinks are followed (configuration).
std::string read_external(const std::string& path, std::uint64_t limit);
// First line of a file, a device or a pipe, which is waited for, without its newline (a passphrase); symlinks
// are followed. Empty where nothing can be read.
std::optional<std::string> read_first_line(const std::string& path);
// Writes a result file so that readers see the old or the whole new one (temporary name and rename). Where
// the path is an existing device or pipe (such as /dev/stdout), it is written to directly.
void write_external(const std::string& path, std::string_view bytes, unsigned mode);
// The same for a file that must not be there yet: false, and nothing changed, where it is.
bool write_new_external(const std::string& path, std::string_view bytes, unsigned mode);
// For logs: writes go to the end; made (0644, less the umask) where it does not exist; symlinks are followed.
// Throws base::Error (usage) for a directory, SystemError otherwise.
std::unique_ptr<File> open_external_append(const std::string& path);
// Makes a directory, and its parents with mode 0755, whatever the umask. False where it is there already.
bool make_external_directory(const std::string& path, unsigned mode);

// A new directory (0700) of a name that nobody can guess, in $TMPDIR or /tmp.
std::string make_temporary_directory(const std::string& prefix);
// The same beside `path`, whose name its name begins with: to be filled, and then renamed to `path`. What is
// missing above is made with the mode that the umask gives.
std::string make_directory_beside(const std::string& path);
// Puts `from` in the place of `to`; of directories, only an empty one is replaced.
void rename_external(const std::string& from, const std::string& to);
// Removes what is there, a directory with all that is in it, symlinks themselves. False where some of it
// stays.
bool remove_external(const std::string& path);

// Absolute, without . and .. and with symlinks resolved as far as the path exists.
std::string absolute_path(const std::string& path);
std::string current_directory();

}  // namespace repotool::fs
